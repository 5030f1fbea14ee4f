"""Makes designs.json: switchback regressions with statsmodels' panel Newey-West, clusters with statsmodels' cluster-robust covariance, and CR2
with Bell & McCaffrey's degrees of freedom from their matrices, written out with numpy (no package on PyPI has them)."""
import importlib.metadata
import json
import pathlib

import numpy as np
import statsmodels.api as sm

rng = np.random.default_rng(20240717)


def windows(regions, times, rho, effect, uneven):
    rows = []
    for r in range(regions):
        error = 0.0
        for t in range(times):
            error = rho * error + rng.normal()
            treated = bool(rng.random() < 0.5)
            count = int(rng.integers(5, 40)) if uneven else 1
            value = 10 + 2 * r + 0.3 * np.sin(t / 3) + effect * treated + error
            rows.append({"region": f"r{r}", "windowStartMs": t * 3_600_000, "isTreated": treated,
                         "total": float(round(value * count, 6)), "count": count})
    return rows


def hac(x, y, w, groups, lag, absorbed):
    fit = sm.WLS(y, x, weights=w).fit(
        cov_type="hac-panel", cov_kwds={"groups": groups, "maxlags": lag, "use_correction": False})
    n, k = x.shape
    inflation, freedom = small_sample(x, w, groups, lag)
    kept = (n - k - absorbed) / (n - k)
    return {"estimate": float(fit.params[-1]), "standardError": float(fit.bse[-1] * np.sqrt(inflation / kept)),
            "parametersStandardError": float(fit.bse[-1] * np.sqrt(n / (n - k - absorbed))), "degreesOfFreedom": freedom * kept}


def small_sample(x, w, groups, lag):
    root = np.sqrt(w)[:, None]
    x = x * root
    bread = np.linalg.inv(x.T @ x)
    c = (x @ bread)[:, -1]
    i = np.arange(len(c))
    gap = np.abs(i[:, None] - i[None, :])
    k = np.where((groups[:, None] == groups[None, :]) & (gap <= lag), 1 - gap / (lag + 1), 0)
    q = c[:, None] * c[None, :] * k
    qm = q @ (np.eye(len(c)) - x @ bread @ x.T)
    return float(np.trace(q) / np.trace(qm)), float(np.trace(qm) ** 2 / np.trace(qm @ qm))


switchbacks = []
for regions, times, rho, uneven in ((1, 48, 0.6, False), (4, 30, 0.4, False), (3, 24, 0.2, True)):
    rows = windows(regions, times, rho, 0.8, uneven)
    y = np.array([r["total"] / r["count"] for r in rows])
    d = np.array([float(r["isTreated"]) for r in rows])
    g = np.array([int(r["region"][1:]) for r in rows])
    t = np.array([r["windowStartMs"] // 3_600_000 for r in rows])
    for per in ("window", "unit") if uneven else ("window",):
        w = np.array([float(r["count"]) for r in rows]) if per == "unit" else np.ones(len(rows))
        for lag in (0, 3):
            plain = hac(np.column_stack([np.ones(len(d)), d]), y, w, g, lag, 0)
            case = {"per": per, "maximumLag": lag, "rows": rows, "plain": plain}
            follows = np.flatnonzero(t > 0)
            x = np.column_stack([np.ones(len(follows)), d[follows], d[follows - 1]])
            case["previous"] = hac(x, y[follows], w[follows], g[follows], lag, 0)
            if regions > 1:
                dummies = np.column_stack([g == v for v in range(regions)] + [t == v for v in range(1, times)]).astype(float)
                root = np.sqrt(w)
                within = np.linalg.lstsq(dummies * root[:, None], np.column_stack([d, y]) * root[:, None], rcond=None)[0]
                left = np.column_stack([d, y]) - dummies @ within
                case["fixed"] = hac(left[:, :1], left[:, 1], w, g, lag, dummies.shape[1])
                whole = sm.WLS(y, np.column_stack([dummies, d]), weights=w).fit(
                    cov_type="hac-panel", cov_kwds={"groups": g, "maxlags": lag, "use_correction": False})
                n, k = len(y), dummies.shape[1] + 1
                assert abs(whole.bse[-1] * np.sqrt(n / (n - k)) / case["fixed"]["parametersStandardError"] - 1) < 1e-9
            switchbacks.append(case)

clusters = []
for sizes, rho in (([20, 25, 30, 35, 40, 20, 15, 50], 0.2), ([3, 80, 12, 7, 33, 9], 0.5), ([10] * 12, 0.0)):
    arms = np.arange(len(sizes)) % 2 == 1
    groups = np.repeat(np.arange(len(sizes)), sizes)
    d = arms[groups].astype(float)
    y = np.round(5 + 0.7 * d + np.sqrt(rho) * rng.normal(size=len(sizes))[groups] + np.sqrt(1 - rho) * rng.normal(size=len(d)), 6)
    x = np.column_stack([np.ones(len(d)), d])
    cr1 = sm.OLS(y, x).fit(cov_type="cluster", cov_kwds={"groups": groups})
    bread = np.linalg.inv(x.T @ x)
    h = x @ bread @ x.T
    m = np.eye(len(d)) - h
    contrast = np.array([0.0, 1.0])
    meat, parts = 0.0, []
    for v in range(len(sizes)):
        rows = groups == v
        values, vectors = np.linalg.eigh(np.eye(rows.sum()) - h[np.ix_(rows, rows)])
        adjust = vectors @ np.diag(np.where(values > 1e-12, np.where(values > 1e-12, values, 1) ** -0.5, 0)) @ vectors.T
        p = adjust @ x[rows] @ bread @ contrast
        meat += float(p @ (m @ y)[rows]) ** 2
        parts.append(m[:, rows] @ p)
    b = np.column_stack(parts)
    inner = b.T @ b
    between = sum(((y[groups == v].mean() - y[d == float(arms[v])].mean()) ** 2) * sizes[v] for v in range(len(sizes))) / (len(sizes) - 2)
    within = sum(((y[groups == v] - y[groups == v].mean()) ** 2).sum() for v in range(len(sizes))) / (len(y) - len(sizes))
    s = np.array(sizes, dtype=float)
    m0 = (s.sum() - sum((s[arms == a] ** 2).sum() / s[arms == a].sum() for a in (True, False))) / (len(sizes) - 2)
    clusters.append({
        "clusters": [{"cluster": f"c{v}", "isTreated": bool(arms[v]), "count": int(sizes[v]), "total": float(y[groups == v].sum()),
                      "sumOfSquares": float((y[groups == v] ** 2).sum())} for v in range(len(sizes))],
        "cr1": {"estimate": float(cr1.params[1]), "standardError": float(cr1.bse[1])},
        "cr2": {"estimate": float(cr1.params[1]), "standardError": float(np.sqrt(meat)),
                "degreesOfFreedom": float(np.trace(inner) ** 2 / np.trace(inner @ inner))},
        "correlation": float((between - within) / (between + (m0 - 1) * within)),
    })

golden = {"source": {"statsmodels": importlib.metadata.version("statsmodels"), "numpy": importlib.metadata.version("numpy"),
                     "script": "estimators/golden/make_designs.py"}, "rtol": 1e-8, "switchbacks": switchbacks, "clusters": clusters}
pathlib.Path(__file__).with_name("designs.json").write_text(json.dumps(golden) + "\n")
