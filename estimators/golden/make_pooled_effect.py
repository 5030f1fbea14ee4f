"""Makes pooled_effect.json: inverse-variance pooling by statsmodels (fixed and DerSimonian-Laird). Run with statsmodels==0.15.0 and
numpy==2.4.6."""
import json
import pathlib

import numpy as np
import statsmodels
from scipy.stats import chi2
from statsmodels.stats.meta_analysis import combine_effects

rng = np.random.default_rng(20261124)


def case(name, estimates, errors):
    estimates, errors = np.round(estimates, 6), np.round(errors, 6)
    result = combine_effects(estimates, errors**2, method_re="dl")
    # Where estimates are closer together than chance, statsmodels goes on with a negative tau2; the papers cut it at 0, which is the fixed effect.
    isCut = result.tau2 < 0
    random = (result.mean_effect_fe, result.sd_eff_w_fe) if isCut else (result.mean_effect_re, result.sd_eff_w_re)
    return {"name": name, "estimates": estimates.tolist(), "standardErrors": errors.tolist(),
            "fixed": {"estimate": float(result.mean_effect_fe), "standardError": float(result.sd_eff_w_fe)},
            "random": {"estimate": float(random[0]), "standardError": float(random[1])},
            "statistic": float(result.q), "degreesOfFreedom": int(result.df), "pValue": float(chi2.sf(result.q, result.df)),
            "inconsistencyRatio": float(max(0, result.i2)), "betweenVariance": float(max(0, result.tau2))}


cases = [case("alike", rng.normal(0.3, 0.1, 8), np.full(8, 0.1)),
         case("different", rng.normal(0.3, 0.5, 12), rng.uniform(0.05, 0.3, 12)),
         case("two", np.array([1.0, -0.4]), np.array([0.3, 0.2])),
         case("closer than chance", np.array([0.1, 0.11, 0.09, 0.1]), np.array([0.3, 0.2, 0.25, 0.4]))]
pathlib.Path(__file__).with_name("pooled_effect.json").write_text(
    json.dumps({"versions": {"statsmodels": statsmodels.__version__, "numpy": np.__version__}, "cases": cases}, indent=2) + "\n")
