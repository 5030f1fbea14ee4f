"""Makes nsw_cps.csv from the PyPI package causaldata (0.1.5, with pandas 3.1.1): `python make_nsw_cps.py`."""
import pathlib

import pandas as pd
from causaldata import cps_mixtape, nsw_mixtape

treated = nsw_mixtape.load_pandas().data.query("treat == 1")
data = pd.concat([treated, cps_mixtape.load_pandas().data]).drop(columns="data_id")
# The source stores earnings as 32-bit floats; as 64-bit floats they are written with every digit they have.
data = data.astype({column: "float64" for column in ("re74", "re75", "re78")})
data.to_csv(pathlib.Path(__file__).with_name("nsw_cps.csv"), index=False, lineterminator="\n")
