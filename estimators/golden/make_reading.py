"""Makes reading.json: interaction of two experiments by statsmodels' saturated regression with HC2, trends over days by SciPy's Welch test on slopes
from numpy.polyfit (and the arm x day coefficient of statsmodels' regression clustered by unit), dilution by the delta method of statsmodels. Run
with statsmodels==0.15.0, scipy==1.17.1 and numpy==2.4.6."""
import importlib.metadata
import json
import pathlib

import numpy as np
import statsmodels.api as sm
from scipy.stats import ttest_ind
from statsmodels.stats._delta_method import NonlinearDeltaCov

rng = np.random.default_rng(20261125)


def interaction(name, sizes, effects, skewed):
    cells, y, x = {}, [], []
    for other in (0, 1):
        for arm in (0, 1):
            n = sizes[2 * other + arm]
            noise = rng.lognormal(0, 1, n) if skewed else rng.normal(0, 1 + arm + other, n)
            values = np.round(10 + effects[2 * other + arm] + noise, 6)
            cells[f"{'with' if other else 'without'}Other.{'treatment' if arm else 'control'}"] = values.tolist()
            y.append(values)
            x.append(np.tile([1.0, arm, other, arm * other], (n, 1)))
    fit = sm.OLS(np.concatenate(y), np.vstack(x)).fit(cov_type="HC2")
    return {"name": name, "cells": cells, "estimate": float(fit.params[3]), "standardError": float(fit.bse[3])}


def trend(name, n, days, slope):
    def arm(size, change):
        own = rng.normal(5, 2, (size, 1))
        return np.round(own + rng.normal(0, 1, (size, days)) + change * np.arange(days), 6)
    arms = {"control": arm(n[0], 0.0), "treatment": arm(n[1], slope)}
    half = days // 2

    def read(number):
        c, t = number(arms["control"]), number(arms["treatment"])
        result = ttest_ind(t, c, equal_var=False)
        interval = result.confidence_interval(0.95)
        return {"estimate": float(t.mean() - c.mean()), "lower": float(interval.low), "upper": float(interval.high),
                "degreesOfFreedom": float(result.df), "pValue": float(result.pvalue)}
    y = np.concatenate([a.ravel() for a in (arms["control"], arms["treatment"])])
    day = np.tile(np.arange(days), sum(n))
    treated = np.repeat([0.0, 1.0], [n[0] * days, n[1] * days])
    fit = sm.OLS(y, np.column_stack([np.ones(len(y)), day, treated, day * treated])).fit()
    return {"name": name, "control": arms["control"].tolist(), "treatment": arms["treatment"].tolist(),
            "slope": read(lambda a: np.polyfit(np.arange(days), a.T, 1)[0]),
            "firstHalf": read(lambda a: a[:, :half].mean(axis=1)), "secondHalf": read(lambda a: a[:, days - half:].mean(axis=1)),
            "armByDayCoefficient": float(fit.params[3])}


def triggered(name, sizes, untriggered, effect):
    values = [np.round(rng.normal(4 + effect * arm, 3, sizes[arm]), 6) for arm in (0, 1)]
    x = np.column_stack([np.ones(sum(sizes)), np.repeat([0.0, 1.0], sizes)])
    fit = sm.OLS(np.concatenate(values), x).fit(cov_type="HC2")
    count = sum(sizes) + sum(untriggered)
    share = sum(sizes) / count
    parameters = np.array([share, fit.params[1]])
    covariance = np.diag([share * (1 - share) / count, fit.bse[1] ** 2])
    product = NonlinearDeltaCov(lambda p: np.array([p[0] * p[1]]), parameters, covariance)
    return {"name": name, "control": values[0].tolist(), "treatment": values[1].tolist(), "untriggered": list(untriggered),
            "triggeredRatio": share, "amongTriggered": {"estimate": float(fit.params[1]), "standardError": float(fit.bse[1])},
            "overall": {"estimate": float(product.predicted()[0]), "standardError": float(np.sqrt(np.diag(product.cov())[0]))}}


cases = {
    "interactions": [interaction("uneven, normal", (40, 55, 30, 25), (0, 1, 0.5, 0.2), False),
                     interaction("skewed", (60, 20, 35, 45), (0, 0.4, 0, 3), True)],
    "trends": [trend("seven days", (30, 42), 7, -0.3), trend("four days", (25, 20), 4, 0.2)],
    "triggered": [triggered("a third", (40, 44), (80, 90), 1.5), triggered("all", (30, 35), (0, 0), -2.0)],
}
versions = {name: importlib.metadata.version(name) for name in ("numpy", "scipy", "statsmodels")}
pathlib.Path(__file__).with_name("reading.json").write_text(
    json.dumps({"versions": versions, "script": "estimators/golden/make_reading.py", "rtol": 1e-8, **cases}) + "\n")
