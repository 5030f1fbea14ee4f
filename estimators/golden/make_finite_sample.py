"""Makes finite-sample.json: confidence sequences that are exact in finite samples, with confseq (the code of Howard and Ramdas) and, for two arms, by searching a fine
grid of rates with SciPy. Versions in the file."""
import importlib.metadata
import json
import pathlib

import numpy as np
from confseq import boundaries
from confseq import quantiles as confseq_quantiles
from scipy.optimize import brentq
from scipy.special import betaln


def concentration(alpha, tuned):
    log = -2 * np.log(alpha)
    return max(0.1, tuned / (log + np.log1p(log)) - 1)


def evidence(s, n, p, kappa):
    return betaln(kappa * p + s, kappa * (1 - p) + n - s) - betaln(kappa * p, kappa * (1 - p)) - s * np.log(p) - (n - s) * np.log1p(-p)


rates = []
for s, n in ((30, 100), (0, 1000), (3, 10_000_000), (1, 2), (999, 1000), (5_000_000, 10_000_000), (70, 70)):
    for alpha, tuned in ((0.05, 100), (0.01, 10_000)):
        lower, upper = boundaries.bernoulli_confidence_interval(s, n, alpha, tuned, alpha)
        rates.append({"successes": s, "trials": n, "alpha": alpha, "tunedForCount": tuned, "lower": lower, "upper": upper})

splits = []
for control, treatment, share in ((40, 60, 0.5), (0, 9, 0.5), (500, 40, 0.1), (7, 7, 0.3), (12_000, 12_400, 0.5), (0, 0, 0.5)):
    for alpha, tuned in ((0.05, 100), (0.01, 1000)):
        n = control + treatment
        g, h = share, 1 - share
        log = boundaries.beta_binomial_log_mixture(
            np.array([treatment - n * share]), np.array([max(n, 1e-12) * g * h]), np.array([tuned * g * h]),
            np.array([g]), np.array([h]), np.array([alpha]), np.array([False]))
        splits.append({"control": control, "treatment": treatment, "treatmentShare": share, "alpha": alpha,
                       "tunedForCount": tuned, "logEvidence": float(log[0]) if n else 0.0})


def span(s, n, kappa, limit):
    """The rates with less evidence than the limit, by brentq around the least of a fine grid."""
    centre = min((s + 0.5) / (n + 1), 1 - 1e-12)
    grid = np.linspace(max(1e-12, centre - 8 * np.sqrt(centre / n)), min(1 - 1e-12, centre + 8 * np.sqrt(centre / n)), 4001)
    values = evidence(s, n, grid, kappa)
    best = grid[values.argmin()] if 0 < s < n else (1e-15 if s == 0 else 1 - 1e-15)
    over = lambda p: evidence(s, n, p, kappa) - limit
    lower = 0.0 if s == 0 else brentq(over, 1e-15, best, xtol=1e-16, rtol=1e-13)
    upper = 1.0 if s == n else brentq(over, best, 1 - 1e-15, xtol=1e-16, rtol=1e-13)
    return lower, upper, min(0.0, values.min())


differences = []
for (s0, n0), (s1, n1) in (((50, 5000), (80, 5100)), ((0, 400), (6, 390)), ((400, 1000), (460, 1010)), ((3, 200), (3, 9000)), ((12, 90_000), (40, 91_000)), ((7, 5000), (40, 5000))):
    alpha, tuned, share = 0.05, 10_000, 0.5
    for_ratio, for_rates = 0.8 * alpha, 0.2 * alpha
    kappa = concentration(for_rates, tuned * share)
    limit = -np.log(for_rates)
    low, high, _ = span(s1, s0 + s1, concentration(for_ratio, 100), -np.log(for_ratio))
    odds = share / (1 - share)
    ratios = (low / (1 - low) / odds, high / (1 - high) / odds if high < 1 else np.inf)

    def largest(a, b, ratio):
        (sa, na), (sb, nb) = a, b
        least = span(sa, na, kappa, limit)[2]
        lower, upper, _ = span(sb, nb, kappa, limit - least)
        best = -np.inf
        for _ in range(4):
            grid = np.maximum(1e-15, np.linspace(lower, upper, 801))
            found = []
            for p in grid:
                left = limit - evidence(sb, nb, p, kappa)
                found.append(min(span(sa, na, kappa, left)[1], ratio * p) - p if left > least + 1e-9 else -np.inf)
            at = int(np.argmax(found))
            best = max(best, found[at])
            lower, upper = grid[max(0, at - 1)], grid[min(len(grid) - 1, at + 1)]
        return float(best)

    differences.append({"control": {"successes": s0, "trials": n0}, "treatment": {"successes": s1, "trials": n1}, "alpha": alpha,
                        "tunedForCount": tuned, "treatmentShare": share, "upper": largest((s1, n1), (s0, n0), ratios[1]),
                        "lower": -largest((s0, n0), (s1, n1), 1 / ratios[0] if ratios[0] > 0 else np.inf)})

quantiles = []
for n, p in ((50, 0.5), (1000, 0.9), (1000, 0.99), (5, 0.5), (200_000, 0.5)):
    for alpha, tuned in ((0.05, 100), (0.01, 5000)):
        s = np.arange(n + 1)
        ones = np.ones(n + 1)
        log = boundaries.beta_binomial_log_mixture(s - n * p, ones * n * p * (1 - p), ones * tuned * p * (1 - p), ones * p, ones * (1 - p),
                                                  ones * alpha, np.zeros(n + 1, dtype=bool))
        inside = s[log < -np.log(alpha)]
        quantiles.append({"count": n, "quantile": p, "alpha": alpha, "tunedForCount": tuned, "lower": int(inside.min()),
                          "upper": int(inside.max()) + 1})

# Both arms are logistic, at evenly spaced shares; the treatment's values are shifted.
pairs = []
for n0, n1, shift, p in ((200, 200, 0.1, 0.5), (2000, 2500, 0.4, 0.5), (2000, 1500, -0.6, 0.5), (20_000, 20_000, 0.11, 0.9), (3000, 3000, 1.2, 0.25)):
    tuned = 1000
    arm = lambda n: np.log((np.arange(n) + 0.5) / (n - np.arange(n) - 0.5))
    value = confseq_quantiles.quantile_ab_p_value(arm(n0), arm(n1) + shift, p, tuned, 0.05)
    pairs.append({"control": n0, "treatment": n1, "shift": shift, "quantile": p, "alpha": 0.05, "tunedForCount": tuned, "pValue": value})

golden = {"source": {"confseq": importlib.metadata.version("confseq"), "scipy": importlib.metadata.version("scipy"),
                     "script": "estimators/golden/make_finite_sample.py"},
          "rates": rates, "splits": splits, "differences": differences, "quantiles": quantiles, "pairs": pairs}
pathlib.Path(__file__).with_name("finite-sample.json").write_text(json.dumps(golden, indent=1) + "\n")
