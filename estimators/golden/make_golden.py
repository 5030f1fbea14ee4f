"""Makes golden.json: values of trusted peers on fixed inputs. Run with the packages of requirements.txt."""
import json
import math
import pathlib

import numpy as np
import pandas as pd
import scipy
import scipy.stats as st
import tea_tasting
import tea_tasting.aggr

rng = np.random.default_rng(20260301)
CASES = {
    "small": (rng.normal(5, 2, 12), rng.normal(6, 3, 9)),
    "unequal": (rng.normal(100, 5, 400), rng.normal(101, 25, 150)),
    "skewed": (rng.exponential(3, 5000), rng.exponential(3.2, 5200)),
    "rare": (rng.binomial(1, 0.02, 20000).astype(float), rng.binomial(1, 0.026, 19800).astype(float)),
    "far": (rng.normal(0, 1, 1000), rng.normal(3, 1, 1000)),
}


def sums(v):
    return {"count": len(v), "sum": float(v.sum()), "sumOfSquares": float((v * v).sum())}


def welch_case(name, c, t):
    r = st.ttest_ind(t, c, equal_var=False)
    ci = r.confidence_interval(0.95)
    return {"name": name, "control": sums(c), "treatment": sums(t), "t": r.statistic, "pValue": r.pvalue,
            "degreesOfFreedom": r.df, "lower": ci.low, "upper": ci.high}


def cuped_case(name, n_c, n_t, rho):
    x_c, x_t = rng.gamma(2, 2, n_c), rng.gamma(2, 2, n_t)
    y_c = rho * x_c + rng.normal(0, 1, n_c) + 3
    y_t = rho * x_t + rng.normal(0, 1, n_t) + 3.2
    df = pd.DataFrame({"variant": [0] * n_c + [1] * n_t, "y": np.r_[y_c, y_t], "x": np.r_[x_c, x_t]})
    metric = tea_tasting.Mean("y", covariate="x", use_t=True, equal_var=False)
    r = metric.analyze(df, 0, 1, variant="variant")
    def arm(y, x):
        return {"count": len(y), "sumY": float(y.sum()), "sumYY": float((y * y).sum()), "sumX": float(x.sum()),
                "sumXX": float((x * x).sum()), "sumXY": float((x * y).sum())}
    return {"name": name, "control": arm(y_c, x_c), "treatment": arm(y_t, x_t), "controlMean": r.control,
            "treatmentMean": r.treatment, "estimate": r.effect_size, "lower": r.effect_size_ci_lower,
            "upper": r.effect_size_ci_upper, "pValue": r.pvalue}


def chi_case(counts, weights):
    w = np.array(weights) / sum(weights)
    r = st.chisquare(counts, w * sum(counts))
    return {"counts": counts, "weights": weights, "chiSquare": float(r.statistic), "pValue": float(r.pvalue)}


golden = {
    "source": {"scipy": scipy.__version__, "tea-tasting": tea_tasting.__version__, "numpy": np.__version__,
               "script": "estimators/golden/make_golden.py"},
    "welch": [welch_case(n, c, t) for n, (c, t) in CASES.items()],
    "chiSquareTail": [{"value": v, "degreesOfFreedom": k, "pValue": float(st.chi2.sf(v, k))}
                      for k in (1, 2, 3, 7, 40) for v in (0.001, 0.5, 1, 3.84, 12, 60, 300, 1000)],
    "studentTail": [{"t": t, "degreesOfFreedom": d, "pValue": float(2 * st.t.sf(t, d))}
                    for d in (2.5, 9, 60, 1500.5, 3e5) for t in (0.1, 1, 2.5, 6, 15, 30)],
    "sampleRatio": [chi_case(*a) for a in (([5000, 5100], [1, 1]), ([4000, 5000], [50, 50]),
                                           ([10, 22, 29], [20, 40, 40]), ([9000, 1000], [9000, 1000]))],
    "cuped": [cuped_case("strong", 800, 820, 1.0), cuped_case("weak", 150, 90, 0.1), cuped_case("none", 60, 60, 0.0)],
}
pathlib.Path(__file__).with_name("golden.json").write_text(json.dumps(golden, indent=1, default=float) + "\n")
