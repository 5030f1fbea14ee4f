"""Makes sequential_split.json: the Dirichlet-multinomial mixture over the multinomial, by SciPy's own distributions (scipy 1.17.1)."""
import json
import pathlib

import numpy as np
import scipy
from scipy.stats import dirichlet_multinomial, multinomial

CASES = [([50, 50], [1, 1]), ([5000, 5300], [1, 1]), ([100, 220, 280], [1, 2, 3]), ([0, 3], [1, 9]), ([120000, 121500], [5, 5])]
out = []
for counts, weights in CASES:
    share = np.array(weights) / sum(weights)
    n = sum(counts)
    value = dirichlet_multinomial.logpmf(counts, 10_000 * share, n) - multinomial.logpmf(counts, n, share)
    out.append({"counts": counts, "weights": weights, "logEValue": float(value)})
pathlib.Path(__file__).with_name("sequential_split.json").write_text(
    json.dumps({"provenance": {"script": "make_sequential_split.py", "scipy": scipy.__version__}, "cases": out}) + "\n")
