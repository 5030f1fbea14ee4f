"""Makes nsw_mixtape.csv from the PyPI package causaldata (0.1.5, with pandas 3.1.1): `python make_nsw_mixtape.py`."""
import pathlib

from causaldata import nsw_mixtape

data = nsw_mixtape.load_pandas().data
# The source stores earnings as 32-bit floats; as 64-bit floats they are written with every digit they have.
data = data.astype({column: "float64" for column in ("re74", "re75", "re78")})
data.to_csv(pathlib.Path(__file__).with_name("nsw_mixtape.csv"), index=False, lineterminator="\n")
