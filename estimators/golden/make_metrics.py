"""Makes metrics.json: ratios, clustered quantiles and CUPED with several covariates, by gbstats, statsmodels and NumPy. Run with the
packages of requirements-metrics.txt. The inputs are committed with the results, rounded, so that both sides read the same numbers."""
import json
import pathlib

import gbstats
import numpy as np
import scipy
from gbstats.models.statistics import QuantileClusteredStatistic, RatioStatistic, SampleMeanStatistic

rng = np.random.default_rng(20261123)


def mean_statistic(v):
    return SampleMeanStatistic(n=len(v), sum=float(v.sum()), sum_squares=float((v * v).sum()))


def ratio_case(name, n, views, rate):
    d = rng.poisson(rng.gamma(2, views / 2, n)).astype(float) + 1
    m = rng.binomial(d.astype(int), rate).astype(float)
    statistic = RatioStatistic(n=n, m_statistic=mean_statistic(m), d_statistic=mean_statistic(d),
                               m_d_sum_of_products=float((m * d).sum()))
    return {"name": name, "sums": {"count": n, "sumNumerator": m.sum(), "sumNumeratorSquared": (m * m).sum(),
                                   "sumDenominator": d.sum(), "sumDenominatorSquared": (d * d).sum(),
                                   "sumProduct": (m * d).sum()},
            "mean": statistic.mean, "variance": statistic.variance}


def quantile_case(name, units, per_unit, level):
    counts = rng.poisson(per_unit, units) + 1
    ids = np.repeat(np.arange(units), counts)
    values = np.round(np.exp(rng.normal(0, 0.5, units))[ids] * rng.exponential(100, len(ids)), 2)
    value = np.quantile(values, level)
    below = np.bincount(ids, weights=(values <= value).astype(float), minlength=units)
    events = counts.astype(float)
    statistic = QuantileClusteredStatistic(
        n=len(ids), n_star=len(ids), nu=level, quantile_hat=value, quantile_lower=value, quantile_upper=value,
        main_sum=below.sum(), main_sum_squares=(below**2).sum(), denominator_sum=events.sum(),
        denominator_sum_squares=(events**2).sum(), main_denominator_sum_product=(below * events).sum(), n_clusters=units)
    error = np.sqrt(statistic.get_cluster_variance)
    return {"name": name, "level": level, "values": values.tolist(), "units": ids.tolist(), "value": value,
            "levelStandardError": error}


def matrix_sums(y, x):
    return {"count": len(y), "sumY": y.sum(), "sumYY": (y * y).sum(), "sumX": x.sum(axis=0).tolist(),
            "sumXX": (x.T @ x).tolist(), "sumXY": (x.T @ y).tolist()}


def covariates_case(name, n, noise, columns):
    arms = []
    for arm in range(2):
        x = rng.normal(0, 1, (n + 30 * arm, 3)) * [1, 10, 0.1] + [0, 100, 5]
        y = 2 * x[:, 0] + 0.3 * x[:, 1] + rng.normal(arm * 0.5, noise, len(x))
        arms.append((y, columns(x)))
    y = np.concatenate([a[0] for a in arms])
    x = np.vstack([a[1] for a in arms])
    centred = x - x.mean(axis=0)
    scale = centred.std(axis=0)
    scale[scale < 1e-12] = 1
    theta = np.linalg.lstsq(centred / scale, y - y.mean(), rcond=1e-8)[0] / scale
    adjusted = [a[0] - (a[1] - x.mean(axis=0)) @ theta for a in arms]
    result = scipy.stats.ttest_ind(adjusted[1], adjusted[0], equal_var=False)
    before = sum(a[0].var(ddof=1) / len(a[0]) for a in arms)
    after = sum(a.var(ddof=1) / len(a) for a in adjusted)
    return {"name": name, "control": matrix_sums(*arms[0]), "treatment": matrix_sums(*arms[1]), "theta": theta.tolist(),
            "means": [float(a.mean()) for a in adjusted], "variances": [float(a.var(ddof=1)) for a in adjusted],
            "varianceRemovedRatio": 1 - after / before, "t": result.statistic}


out = {
    "provenance": {"script": "make_metrics.py", "gbstats": "0.8.0", "numpy": np.__version__, "scipy": scipy.__version__,
                   "note": "ratio and levelStandardError: gbstats; quantiles: NumPy; covariates: NumPy's lstsq and SciPy"},
    "ratios": [ratio_case("few views", 400, 5, 0.1), ratio_case("many views", 5000, 80, 0.02)],
    "quantiles": [quantile_case("median", 150, 4, 0.5), quantile_case("p90", 400, 3, 0.9)],
    "covariates": [
        covariates_case("three", 500, 1.0, lambda x: x),
        covariates_case("one constant", 500, 1.0, lambda x: np.column_stack([x[:, :2], np.full(len(x), 7.0)])),
        covariates_case("one repeated", 500, 1.0, lambda x: np.column_stack([x[:, 0], x[:, 0], x[:, 1]])),
    ],
}
path = pathlib.Path(__file__).with_name("metrics.json")
path.write_text(json.dumps(out, default=float) + "\n")
