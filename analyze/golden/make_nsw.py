"""Makes nsw.json: what trusted peers say about examples/data/nsw_mixtape.csv. Run with the packages of requirements.txt."""
import json
import pathlib

import numpy as np
import pandas as pd
import scipy
import scipy.stats as st
import statsmodels
import statsmodels.stats.api as sms
import tea_tasting

here = pathlib.Path(__file__).parent
data = pd.read_csv(here.parent.parent / "examples/data/nsw_mixtape.csv")
control, treated = (data[data.treat == arm] for arm in (0, 1))


def welch(c, t):
    r = st.ttest_ind(t, c, equal_var=False)
    ci = r.confidence_interval(0.95)
    peer = sms.CompareMeans(sms.DescrStatsW(t), sms.DescrStatsW(c)).tconfint_diff(usevar="unequal")
    assert np.allclose([ci.low, ci.high], peer, rtol=1e-9), "scipy and statsmodels disagree"
    return {"estimate": float(t.mean() - c.mean()), "lower": float(ci.low), "upper": float(ci.high),
            "pValue": float(r.pvalue), "degreesOfFreedom": float(r.df)}


def cuped():
    metric = tea_tasting.Mean("re78", covariate="re75", use_t=True, equal_var=False)
    r = metric.analyze(data, 0, 1, variant="treat")
    theta = np.cov(data.re78, data.re75)[0, 1] / np.var(data.re75, ddof=1)
    by_hand = welch(control.re78 - theta * control.re75, treated.re78 - theta * treated.re75)
    assert np.allclose([r.effect_size, r.effect_size_ci_lower, r.effect_size_ci_upper],
                       [by_hand["estimate"], by_hand["lower"], by_hand["upper"]], rtol=1e-6), "tea-tasting disagrees"
    return {**by_hand, "theta": float(theta)}


golden = {
    "source": {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__, "tea-tasting": tea_tasting.__version__,
               "script": "analyze/golden/make_nsw.py", "rtol": 1e-9},
    "units": {"control": len(control), "treatment": len(treated)},
    "means": {"control": float(control.re78.mean()), "treatment": float(treated.re78.mean())},
    "difference": welch(control.re78, treated.re78),
    "covariateDifference": welch(control.re75, treated.re75),
    "adjusted": cuped(),
}
(here / "nsw.json").write_text(json.dumps(golden, indent=1) + "\n")
