"""Makes nsw-relative.json: gbstats' linear delta method on examples/data/nsw_mixtape.csv. gbstats wants an environment of its own."""
import importlib.metadata
import json
import pathlib

import pandas as pd
from gbstats.frequentist.tests import FrequentistConfig, TwoSidedTTest
from gbstats.models.statistics import SampleMeanStatistic

here = pathlib.Path(__file__).parent
data = pd.read_csv(here.parent.parent / "examples/data/nsw_mixtape.csv")
c, t = (SampleMeanStatistic(n=len(y), sum=float(y.sum()), sum_squares=float((y * y).sum()))
        for y in (data[data.treat == arm].re78 for arm in (0, 1)))
r = TwoSidedTTest(c, t, FrequentistConfig(alpha=0.05, difference_type="relative")).compute_result()
golden = {"source": {"gbstats": importlib.metadata.version("gbstats"), "script": "analyze/golden/make_nsw_relative.py", "rtol": 1e-9},
          "relative": {"estimate": float(r.expected), "lower": float(r.ci[0]), "upper": float(r.ci[1])}}
(here / "nsw-relative.json").write_text(json.dumps(golden, indent=1) + "\n")
