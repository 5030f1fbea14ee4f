"""Propensities, weighting, regression adjustment and AIPW by trusted peers: writes causal.json.

python make_causal.py, with numpy, scipy, statsmodels, scikit-learn and doubleml of requirements.txt beside it."""
import json
import pathlib
import warnings

import doubleml
import numpy as np
import pandas as pd
import scipy
import sklearn
import statsmodels
import statsmodels.api as sm
from scipy.optimize import minimize
from sklearn.linear_model import LinearRegression, LogisticRegression
from statsmodels.treatment.treatment_effects import TreatmentEffect

warnings.filterwarnings("ignore")
random = np.random.default_rng(20261124)
here = pathlib.Path(__file__).parent


def simulated(rows: int) -> dict:
    age = random.normal(40, 12, rows).round(3)
    spend = random.exponential(90, rows).round(2)
    metro = random.integers(0, 2, rows).astype(float)
    logit = -1.2 + 0.02 * age + 0.004 * spend - 0.7 * metro
    treat = (random.uniform(size=rows) < 1 / (1 + np.exp(-logit))).astype(int)
    outcome = (20 + 0.5 * age + 0.1 * spend + 5 * metro + treat * (4 + 0.05 * age) + random.normal(0, 8, rows)).round(4)
    return {"names": ["age", "spend", "metro"], "columns": [age.tolist(), spend.tolist(), metro.tolist()],
            "treatment": treat.tolist(), "outcome": outcome.tolist()}


def frames(data: dict):
    x = np.column_stack(data["columns"])
    return x, np.array(data["treatment"]), np.array(data["outcome"])


def logistic(x, t) -> dict:
    fit = sm.Logit(t, sm.add_constant(x)).fit(disp=0, method="newton", maxiter=200, tol=1e-14)
    return {"coefficients": fit.params.tolist(), "standardErrors": fit.bse.tolist(), "logLikelihood": fit.llf}


def ridge(x, t, penalty: float) -> dict:
    scaled = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    fit = LogisticRegression(C=1 / penalty, solver="newton-cholesky", tol=1e-14, max_iter=1000).fit(scaled, t)
    slopes = fit.coef_[0] / x.std(axis=0, ddof=1)
    return {"ridge": penalty, "intercept": float(fit.intercept_[0] - slopes @ x.mean(axis=0)), "slopes": slopes.tolist()}


def treatment_effects(x, t, y) -> dict:
    design = sm.add_constant(x)
    effect = TreatmentEffect(sm.OLS(y, design), t, results_select=sm.Logit(t, design).fit(disp=0, tol=1e-14))
    found = {}
    for estimand, group in (("ATE", "all"), ("ATT", 1)):
        for method, run in (("ipw", effect.ipw), ("regression", effect.ra)):
            result = run(effect_group=group)
            found[f"{method} {estimand}"] = {"estimate": float(np.ravel(result.effect)[0]),
                                              "standardError": number(result.results_gmm.bse[0])}
    return found


def number(value) -> float | None:
    return float(value) if np.isfinite(value) else None


def weighting(x, t, y) -> dict:
    e = sm.Logit(t, sm.add_constant(x)).fit(disp=0, method="newton", maxiter=200, tol=1e-14).predict()
    mean = lambda group, weights: np.average(y[t == group], weights=weights[t == group])
    return {"ipw ATE": {"estimate": float(mean(1, 1 / e) - mean(0, 1 / (1 - e))), "standardError": None},
            "ipw ATT": {"estimate": float(mean(1, np.ones(len(e))) - mean(0, e / (1 - e))), "standardError": None}}


def overlap(x, t, y) -> float:
    e = sm.Logit(t, sm.add_constant(x)).fit(disp=0, tol=1e-14).predict()
    weights = np.where(t == 1, 1 - e, e)
    return float(np.average(y[t == 1], weights=weights[t == 1]) - np.average(y[t == 0], weights=weights[t == 0]))


def double_robust(data: dict, x, t, y) -> dict:
    folds = random.integers(0, 4, len(y))
    frame = pd.DataFrame(x, columns=data["names"]).assign(treat=t, outcome=y)
    splits = [[(np.flatnonzero(folds != f), np.flatnonzero(folds == f)) for f in range(4)]]
    found = {"folds": folds.tolist()}
    for estimand, score in (("ATE", "ATE"), ("ATT", "ATTE")):
        model = doubleml.DoubleMLIRM(doubleml.DoubleMLData(frame, "outcome", "treat"), LinearRegression(),
                                     LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-14, max_iter=1000),
                                     n_folds=4, score=score, ps_processor_config=doubleml.utils.PSProcessorConfig(clipping_threshold=1e-12)
                                     if hasattr(doubleml.utils, "PSProcessorConfig") else None, draw_sample_splitting=False)
        model.set_sample_splitting(splits)
        model.fit()
        found[estimand] = {"estimate": float(model.coef[0]), "standardError": float(model.se[0])}
    return found


def entropy(x, t, y) -> dict:
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    off = scaled[t == 0] - scaled[t == 1].mean(axis=0)
    dual = lambda tilt: np.log(np.mean(np.exp(off @ tilt)))
    slope = lambda tilt: np.average(off, axis=0, weights=np.exp(off @ tilt))
    fit = minimize(dual, np.zeros(x.shape[1]), jac=slope, method="BFGS", options={"gtol": 1e-12, "maxiter": 5000})
    weights = np.exp(off @ fit.x)
    weights /= weights.sum()
    return {"estimate": float(y[t == 1].mean() - weights @ y[t == 0]), "effectiveControlCount": float(1 / (weights**2).sum())}


cases = []
lalonde = pd.read_csv(here.parents[2] / "examples" / "data" / "nsw_cps.csv")
names = ["age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75"]
x, t, y = lalonde[names].to_numpy(float), lalonde["treat"].to_numpy(), lalonde["re78"].to_numpy()
# statsmodels cuts propensities at 0.01 and 0.99, which most men of the CPS are below: its weighting is no reference here.
effects = {name: effect for name, effect in treatment_effects(x, t, y).items() if name.startswith("regression")} | weighting(x, t, y)
cases.append({"name": "nsw_cps", "file": "nsw_cps.csv", "names": names, "logistic": logistic(x, t), "ridge": ridge(x, t, 10.0),
              "effects": effects, "overlap": overlap(x, t, y), "entropy": entropy(x, t, y)})
data = simulated(600)
x, t, y = frames(data)
cases.append({"name": "simulated", "data": data, "logistic": logistic(x, t), "ridge": ridge(x, t, 2.0),
              "effects": treatment_effects(x, t, y), "overlap": overlap(x, t, y), "entropy": entropy(x, t, y),
              "doublyRobust": double_robust(data, x, t, y)})
versions = {package.__name__: package.__version__ for package in (np, scipy, statsmodels, sklearn, doubleml)}
(here / "causal.json").write_text(json.dumps({"versions": versions, "relativeTolerance": 1e-6, "cases": cases}) + "\n")
print(versions)
print(json.dumps([{k: v for k, v in case.items() if k not in ("data",)} for case in cases])[:3000])
