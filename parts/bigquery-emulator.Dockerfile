# The emulator that the tests use (parts/bigquery-emulator.ts), in the same versions.
FROM python:3.13.9-slim-bookworm
ENV HOME=/emulator
WORKDIR /emulator
RUN pip install --no-cache-dir local-bigquery==0.4.0
# It asks for a later DuckDB, which wants to download its extensions while it runs; it works with this one.
RUN pip install --no-cache-dir duckdb==1.5.5 duckdb-extensions==1.5.5 duckdb-extension-icu==1.5.5 duckdb-extension-json==1.5.5 \
    duckdb-extension-ducklake==1.5.5 duckdb-extension-sqlite==1.5.5 duckdb-extension-avro==1.5.5 duckdb-extension-spatial==1.5.5 && \
    python -c "from duckdb_extensions import import_extension as get; [get(e) for e in ('icu', 'json', 'ducklake', 'sqlite', 'avro', 'spatial')]" && \
    useradd --uid 1000 emulator && mkdir /data && chown -R emulator /emulator /data
VOLUME /data
USER emulator
EXPOSE 9050
CMD ["local-bigquery", "--host", "0.0.0.0", "--port", "9050", "--grpc-port", "9060", "--data-dir", "/data", "serve"]
