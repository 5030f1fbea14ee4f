"""Makes retrospective_aa.json: Kolmogorov-Smirnov tests of uniformity by SciPy and Wilson intervals by statsmodels. Run with
scipy==1.17.1, numpy==2.4.6 and statsmodels==0.15.0. The values are committed with the results, rounded, so that both sides read the same."""
import json
import pathlib

import numpy as np
import scipy
import statsmodels
from scipy.stats import kstest
from statsmodels.stats.proportion import proportion_confint

rng = np.random.default_rng(20261124)


def uniformity(name, values):
    values = np.round(values, 6)
    exact = kstest(values, "uniform", method="exact")
    return {"name": name, "values": values.tolist(), "statistic": float(exact.statistic), "pValue": float(exact.pvalue)}


def wilson(count, total):
    lower, upper = proportion_confint(count, total, alpha=0.01, method="wilson")
    return {"rejections": count, "splits": total, "lower": float(lower), "upper": float(upper)}


result = {
    "versions": {"scipy": scipy.__version__, "numpy": np.__version__, "statsmodels": statsmodels.__version__},
    "uniformity": [uniformity("uniform", rng.uniform(size=200)), uniformity("bent", rng.beta(1.1, 1, size=400)),
                   uniformity("few", rng.uniform(size=20)), uniformity("far", rng.beta(1.5, 1, size=300))],
    "intervals": [wilson(50, 1000), wilson(0, 200), wilson(37, 500), wilson(500, 500)],
}
pathlib.Path(__file__).with_name("retrospective_aa.json").write_text(json.dumps(result, indent=1) + "\n")
