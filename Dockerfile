# syntax=docker/dockerfile:1
# The services, the worker and the command line in one image: `node dist/main/serve-main.js`, `node dist/main/work-main.js`,
# `node dist/cli/main.js …`. Settings come from the environment; docs/operations.md lists them.

FROM node:22.21.1-bookworm-slim AS build
WORKDIR /umpire
COPY package.json package-lock.json .npmrc ./
COPY gen/package.json gen/
COPY sdk/package.json sdk/
RUN npm ci --no-audit --no-fund
COPY . .
RUN npx tsc -b && npm prune --omit=dev --no-audit --no-fund

FROM node:22.21.1-bookworm-slim
# Certificates of the authorities that the system trusts: for Temporal Cloud, BigQuery and brokers with TLS.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /umpire
COPY --from=build /umpire/package.json ./
COPY --from=build /umpire/node_modules node_modules
COPY --from=build /umpire/gen gen
COPY --from=build /umpire/sdk sdk
COPY --from=build /umpire/dist dist
COPY --from=build /umpire/examples/fantasy-league/event-types.yaml examples/fantasy-league/
COPY --from=build /umpire/definitions/umpire.schema.json definitions/
# What a container listens on it listens on for others; what it keeps is in a volume.
ENV NODE_ENV=production \
    UMPIRE_ADDRESS=0.0.0.0:7400 \
    UMPIRE_HTTP_ADDRESS=0.0.0.0:7401 \
    UMPIRE_WAREHOUSE_FILE=/data/warehouse.duckdb
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
EXPOSE 7400 7401
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["node", "dist/main/ready-main.js"]
CMD ["node", "dist/main/serve-main.js"]
