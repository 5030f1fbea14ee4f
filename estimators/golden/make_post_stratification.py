"""Makes post_stratification.json: the regression with all interactions of treatment and centred strata (Lin 2013) with HC2 standard errors by
statsmodels, on moments of simulated strata. Run with statsmodels==0.15.0 and numpy==2.4.6."""
import json
import pathlib

import numpy as np
import statsmodels
import statsmodels.api as sm

rng = np.random.default_rng(20261124)


def case(name, sizes, level, effect):
    strata = np.repeat(np.arange(len(sizes)), sizes)
    treated = rng.integers(0, 2, len(strata))
    y = np.round(level * strata + (effect + 0.3 * strata) * treated + rng.exponential(1.5, len(strata)), 3)
    dummies = np.stack([(strata == k).astype(float) for k in range(1, len(sizes))], axis=1)
    centred = dummies - dummies.mean(axis=0)
    design = np.column_stack([np.ones(len(y)), treated, centred, centred * treated[:, None]])
    fit = sm.OLS(y, design).fit(cov_type="HC2")
    moments = [{"name": str(k), **{arm: {"count": int(((strata == k) & (treated == t)).sum()),
                                         "mean": float(y[(strata == k) & (treated == t)].mean()),
                                         "variance": float(y[(strata == k) & (treated == t)].var(ddof=1))}
                                   for t, arm in enumerate(["control", "treatment"])}} for k in range(len(sizes))]
    return {"name": name, "strata": moments, "estimate": float(fit.params[1]), "standardError": float(fit.bse[1])}


cases = [case("three", [200, 500, 50], 2.0, 0.4), case("many small", [12] * 15, 1.0, 0.0), case("two", [3000, 40], 5.0, -1.0)]
pathlib.Path(__file__).with_name("post_stratification.json").write_text(
    json.dumps({"versions": {"statsmodels": statsmodels.__version__, "numpy": np.__version__}, "cases": cases}, indent=2) + "\n")
