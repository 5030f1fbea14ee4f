"""Makes planning.json: power by statsmodels and SciPy's noncentral t. Run with the packages of requirements.txt and statsmodels==0.15.0."""
import json
import pathlib

import numpy as np
import scipy
import scipy.optimize as opt
import scipy.stats as st
import statsmodels
from statsmodels.stats.power import TTestIndPower

T = TTestIndPower()


def power_case(effect, units, control, treatment, alpha):
    """effect in standard deviations, units in all arms."""
    n1, ratio = units * control, treatment / control
    return {"effect": effect, "units": units, "shares": {"control": control, "treatment": treatment}, "alpha": alpha,
            "power": float(T.power(effect_size=effect, nobs1=n1, alpha=alpha, ratio=ratio))}


def needed_case(effect, power, alpha):
    return {"effect": effect, "power": power, "alpha": alpha, "units": 2 * float(T.solve_power(effect_size=effect, power=power, alpha=alpha))}


def rate_case(rate, effect, units):
    n, after = units / 2, rate + effect
    se = np.sqrt((rate * (1 - rate) + after * (1 - after)) / n)
    critical = st.t.ppf(0.975, units - 2)
    return {"rate": rate, "effect": effect, "units": units,
            "power": float(st.nct.sf(critical, units - 2, effect / se) + st.nct.cdf(-critical, units - 2, effect / se))}


def sequential_case(looks, drift):
    """Lan-DeMets O'Brien-Fleming looks and their power by SciPy's multivariate normal distribution."""
    times = np.arange(1, looks + 1) / looks
    spent = 2 * (2 - 2 * st.norm.cdf(st.norm.ppf(1 - 0.05 / 4) / np.sqrt(times)))
    exact = dict(maxpts=4_000_000, abseps=1e-9, releps=1e-9)

    def stays(bounds, shift):
        t = times[: len(bounds)]
        cov, upper = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t)), np.array(bounds)
        return st.multivariate_normal(mean=shift * np.sqrt(t), cov=cov, **exact).cdf(upper, lower_limit=-upper, rng=1)

    bounds = []
    for k in range(looks):
        bounds.append(opt.brentq(lambda c: 1 - stays([*bounds, c], 0.0) - spent[k], 1.5, 9, xtol=1e-9))
    return {"looks": looks, "drift": drift, "power": float(1 - stays(bounds, drift))}


golden = {
    "source": {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__, "script": "estimators/golden/make_planning.py"},
    "power": [power_case(*a) for a in ((0.5, 20, 0.5, 0.5, 0.05), (0.2, 400, 0.5, 0.5, 0.05), (0.1, 2000, 0.9, 0.1, 0.01), (0.02, 90000, 0.3, 0.7, 0.1))],
    "needed": [needed_case(*a) for a in ((1.2, 0.8, 0.05), (0.2, 0.8, 0.05), (0.05, 0.9, 0.05), (0.01, 0.8, 0.01))],
    "sequential": [sequential_case(*a) for a in ((1, 2.8), (2, 2.5), (3, 3.0), (3, 1.0))],
    "rates": [rate_case(*a) for a in ((0.08, 0.004, 100000), (0.5, 0.05, 3000), (0.01, -0.002, 40000))],
}
pathlib.Path(__file__).with_name("planning.json").write_text(json.dumps(golden, indent=2) + "\n")
