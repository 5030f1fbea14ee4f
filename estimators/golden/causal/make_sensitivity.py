"""Robustness values, Rosenbaum bounds, E-values and trimming by trusted peers and by independent computations: writes sensitivity.json.

python make_sensitivity.py, with numpy, scipy, pandas, statsmodels and PySensemakr of requirements.txt beside it."""
import contextlib
import io
import itertools
import json
import pathlib
import warnings
from importlib.metadata import version

import numpy as np
import pandas as pd
import sensemakr as smkr
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats

warnings.filterwarnings("ignore")
here = pathlib.Path(__file__).parent
random = np.random.default_rng(8)
NAMES = ["age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75"]


def quiet(work):
    with contextlib.redirect_stdout(io.StringIO()):
        return work()


def regression(frame, outcome, treatment, covariates, groups, formula=None):
    fit = smf.ols(formula or f"{outcome} ~ {treatment} + {' + '.join(covariates)}", frame).fit()
    found = quiet(lambda: smkr.Sensemakr(fit, treatment, benchmark_covariates=groups, kd=[1], q=1, alpha=0.05))
    half = quiet(lambda: smkr.robustness_value(fit, covariates=[treatment], q=0.5, alpha=0.01))
    bounds = [{"covariate": name, "withTreatment": row.r2dz_x, "withOutcome": row.r2yz_dx, "adjustedEstimate": row.adjusted_estimate,
               "adjustedLower": row.adjusted_lower_CI, "adjustedUpper": row.adjusted_upper_CI}
              for name, (_, row) in zip(groups, found.bounds.iterrows())]
    statistics = found.sensitivity_stats
    return {"estimate": float(statistics["estimate"]), "standardError": float(statistics["se"]), "degreesOfFreedom": int(statistics["dof"]),
            "partialRSquared": float(np.ravel(statistics["r2yd_x"])[0]), "value": float(np.ravel(statistics["rv_q"])[0]),
            "valueForSignificance": float(np.ravel(statistics["rv_qa"])[0]), "halfAtOnePercent": float(np.ravel(half)[0]), "benchmarks": bounds}


lalonde = pd.read_csv(here.parents[2] / "examples" / "data" / "nsw_cps.csv")
groups = {name: [name] for name in NAMES} | {"earnings": ["re74", "re75"]}
robustness = {"nsw_cps": regression(lalonde, "re78", "treat", NAMES, groups)}
darfur = smkr.load_darfur()
robustness["darfur"] = regression(darfur, "peacefactor", "directlyharmed", None, {"female": ["female"]},
    "peacefactor ~ directlyharmed + age + farmer_dar + herder_dar + pastvoted + hhsize_darfur + female + village")
# Strong enough that the share needed of the treatment alone decides (the second branch of the robustness value).
strong = [{"t": t, "degreesOfFreedom": df, "alpha": alpha, "value": float(quiet(lambda: smkr.robustness_value(t_statistic=float(t), dof=df, alpha=alpha))[0])}
          for t, df, alpha in [(2.0, 10, 0.05), (1.0, 10, 0.05), (40.0, 6, 0.05), (12.0, 4, 0.05), (3.5, 500, 0.01), (0.0, 30, 0.5)]]


def signed_rank_exact(differences, gamma):
    """Of all ways in which the worst confounder could have signed the pairs: each is positive with probability gamma / (1 + gamma)."""
    ranks = stats.rankdata(np.abs(differences))
    observed = ranks[differences > 0].sum()
    share = gamma / (1 + gamma)
    return sum(share ** sum(signs) * (1 - share) ** (len(ranks) - sum(signs))
               for signs in itertools.product((0, 1), repeat=len(ranks)) if np.dot(signs, ranks) >= observed - 1e-9)


small = np.round(random.normal(0.9, 1.2, 12), 1)
small = small[small != 0]
large = np.round(random.normal(0.4, 1, 400), 2)


def signed_rank_normal(differences, gamma):
    differences = differences[differences != 0]
    ranks = stats.rankdata(np.abs(differences))
    share = gamma / (1 + gamma)
    return float(stats.norm.sf((ranks[differences > 0].sum() - share * ranks.sum()) / np.sqrt(share * (1 - share) * (ranks**2).sum())))


gammas = [1, 1.25, 1.5, 2, 3, 6]
signed_rank = {
    "small": {"differences": small.tolist(), "exact": [{"gamma": g, "p": float(signed_rank_exact(small, g))} for g in gammas]},
    "large": {"differences": large.tolist(), "normal": [{"gamma": g, "p": signed_rank_normal(large, g)} for g in gammas]},
    "scipyAtGammaOne": float(stats.wilcoxon(large[large != 0], alternative="greater", correction=False, method="approx").pvalue),
}
mcnemar = [{"discordant": d, "withEvent": a, "gamma": g, "p": float(stats.binom.sf(a - 1, d, g / (1 + g)))}
           for d, a in [(122, 110), (20, 15), (5, 5), (2000, 1100), (1, 1)] for g in [1, 2, 5, 6]]


def crump(e):
    """The largest set of units whose costs are at most twice their own mean, by trying every unit as the last."""
    costs = np.sort(1 / (e * (1 - e)))
    fits = [c for i, c in enumerate(costs) if c <= 2 * costs[: i + 1].mean()]
    kept = 1 / (e * (1 - e)) <= max(fits)
    return (0.0 if kept.all() else float(0.5 - np.sqrt(0.25 - 1 / max(fits)))), kept


design = sm.add_constant(lalonde[NAMES].to_numpy(float))
e = sm.Logit(lalonde["treat"].to_numpy(), design).fit(disp=0, method="newton", maxiter=200, tol=1e-14).predict()
cut, kept = crump(e)
treated = lalonde["treat"].to_numpy() == 1
trimming = {"cut": cut, "keptTreated": int(kept[treated].sum()), "keptControls": int(kept[~treated].sum())}
versions = {name: version(name) for name in ("numpy", "scipy", "pandas", "statsmodels", "PySensemakr")}
(here / "sensitivity.json").write_text(json.dumps({"versions": versions, "relativeTolerance": 1e-6, "robustness": robustness, "strong": strong,
    "signedRank": signed_rank, "mcnemar": mcnemar, "trimming": trimming}, indent=1) + "\n")
print(json.dumps([robustness, strong, trimming, signed_rank["scipyAtGammaOne"], signed_rank["small"], mcnemar[:4]], indent=1)[:6000])
