"""Makes experiments/*.csv and experiments.json: what peers and plain NumPy say about four small files. Run with requirements.txt.

Nothing here shares code or shortcuts with the estimators: means and ratios by SciPy and tea-tasting, CUPED by least squares on the rows,
quantiles by NumPy with the delta method row by row, boundaries by SciPy's multivariate normal, CR2 by the matrices of its definition, and
Newey-West by statsmodels on all indicators."""
import json
import pathlib

import numpy as np
import pandas as pd
import scipy
import scipy.optimize as opt
import scipy.stats as st
import statsmodels
import statsmodels.api as sm
import tea_tasting as tt

HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(20261124)
ALPHA = 0.05


def users(n=420):
    arm = rng.choice(["control", "large", "small"], n)
    pre, visits = rng.gamma(2, 5, n).round(2), rng.poisson(6, n)
    views = rng.poisson(9, n) + 1
    clicks = rng.binomial(views, np.where(arm == "large", 0.36, 0.3))
    revenue = (0.7 * pre + 0.4 * visits + rng.gamma(1.5, 4, n) + np.where(arm == "large", 2.0, 0)).round(2)
    frame = pd.DataFrame({"user_id": [f"u{i}" for i in range(n)], "arm": arm, "country": rng.choice(["IN", "BR", "NA"], n),
                          "revenue_pre": pre, "visits_pre": visits, "revenue": revenue, "paid": (revenue > 14).astype(int),
                          "clicks": clicks, "views": views})
    frame.loc[rng.choice(n, 40, replace=False), "revenue_pre"] = np.nan
    return frame


def events(units=150):
    rows = []
    for i in range(units):
        a = "treatment" if rng.random() < 0.5 else "control"
        level = rng.normal(0, 0.3)
        for _ in range(rng.poisson(6) + 1):
            rows.append((f"u{i}", a, round(float(np.exp(3 + level + 0.5 * rng.normal() + (0.1 if a == "treatment" else 0))), 3)))
    return pd.DataFrame(rows, columns=["user_id", "arm", "latency"])


def clusters(count=24):
    rows = []
    for c in range(count):
        level = rng.normal(0, 1)
        for _ in range(rng.integers(3, 22)):
            pre = round(float(level + rng.normal()), 3)
            rows.append((f"u{len(rows)}", "treatment" if c % 2 else "control", f"city{c}", round(float(6 + level + 0.5 * pre + rng.normal() + 0.7 * (c % 2)), 3), pre))
    return pd.DataFrame(rows, columns=["user_id", "arm", "city", "revenue", "revenue_pre"])


def switchback(regions=5, windows=36):
    rows = []
    for r in range(regions):
        level, error = rng.normal(0, 1.5), 0.0
        for w in range(windows):
            error = 0.5 * error + rng.normal(0, 0.6)
            a = int(rng.random() < 0.5)
            for _ in range(rng.integers(1, 6)):
                rows.append((f"u{len(rows)}", "treatment" if a else "control", f"region{r}", w,
                             round(float(9 + level + error + 0.1 * (w % 12) + 0.6 * a + rng.normal()), 3), int(rng.poisson(4)) + 1))
    return pd.DataFrame(rows, columns=["user_id", "arm", "region", "window", "revenue", "orders"])


def effect(mean_c, var_c, mean_t, var_t, df=None, critical=None, p=None):
    """Difference and lift of two independent means whose variances (of the means) are given; linear delta method for the lift."""
    se = float(np.sqrt(var_c + var_t))
    critical = st.t.ppf(1 - ALPHA / 2, df) if critical is None else critical
    d = mean_t - mean_c
    lift_se = float(np.sqrt(var_t / mean_c**2 + mean_t**2 * var_c / mean_c**4))
    p = float(2 * st.t.sf(abs(d) / se, df)) if p is None else p
    return {"estimate": d, "standardError": se, "lower": d - critical * se, "upper": d + critical * se, "pValue": p,
            "relative": {"estimate": d / mean_c, "lower": d / mean_c - critical * lift_se, "upper": d / mean_c + critical * lift_se}}


def welch_df(vc, nc, vt, nt):
    return (vc + vt) ** 2 / (vc**2 / (nc - 1) + vt**2 / (nt - 1))


def two_means(c, t, **how):
    vc, vt = c.var(ddof=1) / len(c), t.var(ddof=1) / len(t)
    return effect(c.mean(), vc, t.mean(), vt, welch_df(vc, len(c), vt, len(t)), **how)


def sequence(c, t, tuned=10_000):
    """Waudby-Smith et al. 2021, theorem 2.2 with the rho of appendix B.2."""
    n, vc, vt = len(c) + len(t), c.var(ddof=1) / len(c), t.var(ddof=1) / len(t)
    rho2 = (-2 * np.log(ALPHA) + np.log(1 - 2 * np.log(ALPHA))) / tuned
    g = n * rho2
    critical = np.sqrt(2 * (g + 1) / g * np.log(np.sqrt(g + 1) / ALPHA))
    z = (t.mean() - c.mean()) / np.sqrt(vc + vt)
    return effect(c.mean(), vc, t.mean(), vt, critical=float(critical), p=float(min(1, np.sqrt(g + 1) * np.exp(-z * z * g / (2 * (g + 1))))))


def cuped(frame, y, names, t_name):
    """Least squares of y on the covariates over both arms, then Welch on the residuals."""
    two = frame[frame.arm.isin(["control", t_name])]
    columns = []
    for name in names:
        x = frame[name]
        columns.append(two[name].fillna(x.mean()).to_numpy(float))
        if x.isna().any():
            columns.append(two[name].isna().to_numpy(float))
    x = np.column_stack(columns)
    x = x - x.mean(axis=0)
    values = two[y].to_numpy(float)
    slopes = np.linalg.lstsq(x, values - values.mean(), rcond=None)[0]
    adjusted = values - x @ slopes
    is_t = (two.arm == t_name).to_numpy()
    result = two_means(adjusted[~is_t], adjusted[is_t])
    before = two_means(values[~is_t], values[is_t])
    result["varianceRemovedRatio"] = 1 - (result["standardError"] / before["standardError"]) ** 2
    return result


def boundary(look, looks):
    """Lan-DeMets O'Brien-Fleming boundaries by SciPy's multivariate normal distribution."""
    times = np.arange(1, looks + 1) / looks
    spent = 2 * (2 - 2 * st.norm.cdf(st.norm.ppf(1 - ALPHA / 4) / np.sqrt(times)))
    bounds = []
    for k in range(1, look + 1):
        t = times[:k]
        cov = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
        def outside(c):
            upper = np.array([*bounds, c])
            inside = st.multivariate_normal(cov=cov, allow_singular=False, maxpts=4_000_000, abseps=1e-9, releps=1e-9).cdf(upper, lower_limit=-upper, rng=1)
            return 1 - inside - spent[k - 1]
        bounds.append(opt.brentq(outside, 1.5, 8, xtol=1e-9))
    return bounds[-1]


def group_sequential(c, t, look, looks):
    """The boundary's nominal level read by Student's t (Jennison & Turnbull 2000, section 11.4.1)."""
    vc, vt = c.var(ddof=1) / len(c), t.var(ddof=1) / len(t)
    level = 2 * st.norm.sf(boundary(look, looks))
    critical = st.t.ppf(1 - level / 2, welch_df(vc, len(c), vt, len(t)))
    result = effect(c.mean(), vc, t.mean(), vt, critical=float(critical), p=float("nan"))
    del result["pValue"]
    return result


def quantile(frame, share):
    means, variances, counts = [], [], []
    for a in ("control", "treatment"):
        rows = frame[frame.arm == a]
        q = np.quantile(rows.latency, share)
        by_unit = rows.assign(below=(rows.latency <= q).astype(float)).groupby("user_id").below.agg(["sum", "count"])
        p = by_unit["sum"].sum() / by_unit["count"].sum()
        influence = (by_unit["sum"] - p * by_unit["count"]) / by_unit["count"].mean()
        se_p = np.sqrt(influence.var(ddof=1) / len(influence))
        slope = (np.quantile(rows.latency, share + se_p) - np.quantile(rows.latency, share - se_p)) / (2 * se_p)
        means.append(q), variances.append((slope * se_p) ** 2), counts.append(len(influence))
    df = welch_df(variances[0], counts[0], variances[1], counts[1])
    return effect(means[0], variances[0], means[1], variances[1], df)


def cr2(frame):
    """Bell and McCaffrey 2002 by its matrices."""
    x = np.column_stack([np.ones(len(frame)), (frame.arm == "treatment").to_numpy(float)])
    y = frame.revenue.to_numpy()
    bread = np.linalg.inv(x.T @ x)
    hat = np.eye(len(x)) - x @ bread @ x.T
    e, meat, vectors = hat @ y, np.zeros((2, 2)), []
    for _, index in frame.groupby("city").indices.items():
        values, basis = np.linalg.eigh(hat[np.ix_(index, index)])
        root = basis @ np.diag(np.where(values > 1e-10, 1 / np.sqrt(np.maximum(values, 1e-300)), 0)) @ basis.T
        score = x[index].T @ root @ e[index]
        meat += np.outer(score, score)
        vectors.append(hat[:, index] @ root @ x[index] @ bread[:, 1])
    g = np.array(vectors) @ np.array(vectors).T
    values = np.linalg.eigvalsh(g)
    df = values.sum() ** 2 / (values**2).sum()
    d, se = (bread @ x.T @ y)[1], np.sqrt((bread @ meat @ bread)[1, 1])
    critical = st.t.ppf(1 - ALPHA / 2, df)
    return {"estimate": d, "standardError": se, "lower": d - critical * se, "upper": d + critical * se, "pValue": 2 * st.t.sf(abs(d) / se, df)}


def clustered_cuped(frame):
    """Linearized cluster means, adjusted by the linearized covariate, then Welch between clusters."""
    numbers = {}
    for a in ("control", "treatment"):
        by = frame[frame.arm == a].groupby("city")[["revenue", "revenue_pre"]].agg(["sum", "count"])
        size = by["revenue"]["count"].to_numpy(float)
        columns = []
        for name in ("revenue", "revenue_pre"):
            total = by[name]["sum"].to_numpy()
            mean = total.sum() / size.sum()
            columns.append(mean + (total - mean * size) / size.mean())
        numbers[a] = columns
    (yc, xc), (yt, xt) = numbers["control"], numbers["treatment"]
    x, y = np.r_[xc, xt], np.r_[yc, yt]
    slope = np.cov(x, y)[0, 1] / x.var(ddof=1)
    adjusted = y - slope * (x - x.mean())
    return two_means(adjusted[: len(yc)], adjusted[len(yc):])


def hac(frame, lag):
    cells = frame.groupby(["region", "window", "arm"]).agg(v=("revenue", "sum"), m=("revenue", "size")).reset_index()
    x = pd.concat([(cells.arm == "treatment").astype(float).rename("t"), pd.get_dummies(cells.region).astype(float),
                   pd.get_dummies(cells.window, prefix="w", drop_first=True).astype(float)], axis=1)
    fit = sm.WLS(cells.v / cells.m, x, weights=cells.m).fit()
    scores = x.to_numpy() * (fit.model.weights * fit.resid.to_numpy())[:, None]
    bread = np.linalg.inv(x.T.to_numpy() @ (x.to_numpy() * cells.m.to_numpy()[:, None]))
    meat = np.zeros((x.shape[1],) * 2)
    for i in range(len(cells)):
        for j in range(len(cells)):
            gap = abs(cells.window[i] - cells.window[j])
            if cells.region[i] == cells.region[j] and gap <= lag:
                meat += (1 - gap / (lag + 1)) * np.outer(scores[i], scores[j])
    raw = (bread @ meat @ bread)[0, 0]
    # Unbiased for independent errors: c'c over the trace of QM, with what is left of treatment beside the levels.
    weights, levels = cells.m.to_numpy(float), x.shape[1] - 1
    treated = sm.WLS(x.t, x.drop(columns="t"), weights=weights).fit().resid.to_numpy() * np.sqrt(weights)
    c, maker = treated / (treated @ treated), np.eye(len(cells)) - np.outer(treated, treated) / (treated @ treated)
    gap = np.abs(np.subtract.outer(cells.window.to_numpy(), cells.window.to_numpy()))
    same = cells.region.to_numpy()[:, None] == cells.region.to_numpy()[None, :]
    q = np.where(same & (gap <= lag), 1 - gap / (lag + 1), 0) * np.outer(c, c)
    variance = raw * (c @ c) / np.trace(q @ maker) * (len(cells) - 1) / (len(cells) - 1 - levels)
    return {"estimate": fit.params["t"], "standardError": float(np.sqrt(variance))}


def dated(frame):
    """Each unit's rows on days from its own first one on, of 14."""
    dice = np.random.default_rng(7)
    first = {u: int(dice.integers(0, 5)) for u in frame.user_id.unique()}
    days = [first[u] + int(dice.integers(0, 14 - first[u])) for u in frame.user_id]
    return frame.assign(day=[f"2026-03-{d + 1:02d}" for d in days])


def on_day(frame, k):
    """Means of a day since the first row over the units that had it; SciPy's Welch test."""
    date = pd.to_datetime(frame.day)
    unit = frame.assign(date=date).groupby("user_id").agg(arm=("arm", "first"), first=("date", "min"))
    had = unit[unit["first"] + pd.Timedelta(days=k) <= date.max()]
    since = (date - frame.user_id.map(unit["first"])).dt.days
    total = frame[since == k].groupby("user_id").latency.sum().reindex(had.index).fillna(0)
    return two_means(total[had.arm == "control"], total[had.arm == "treatment"])


frames = {"users": users(), "events": events(), "clusters": clusters(), "switchback": switchback()}
frames["events"] = dated(frames["events"])
for name, frame in frames.items():
    frame.to_csv(HERE / "experiments" / f"{name}.csv", index=False)

u = frames["users"]
c, large, small = (u[u.arm == a] for a in ("control", "large", "small"))
ratio = tt.RatioOfMeans("clicks", "views", use_t=True, equal_var=False).analyze(u[u.arm != "small"], "control", "large", variant="arm")
welch = st.ttest_ind(large.revenue, c.revenue, equal_var=False)
assert np.isclose(two_means(c.revenue, large.revenue)["pValue"], welch.pvalue)
adjusted = {k: list(sm.stats.multipletests([two_means(c[m], t[m])["pValue"] for m in ("paid", "clicks") for t in (large, small)], method=v)[1])
            for k, v in {"holm": "holm", "bh": "fdr_bh", "by": "fdr_by"}.items()}
winsor = u.revenue.clip(upper=np.quantile(u.revenue, 0.95))
golden = {
    "source": {"numpy": np.__version__, "pandas": pd.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__,
               "tea-tasting": tt.__version__, "script": "analyze/golden/make_experiments.py"},
    "fixed": {"large": two_means(c.revenue, large.revenue), "small": two_means(c.revenue, small.revenue)},
    "alwaysValid": sequence(c.revenue, large.revenue),
    "groupSequential": group_sequential(c.revenue, large.revenue, 3, 5),
    "proportion": two_means(c.paid, large.paid),
    "winsorized": two_means(winsor[u.arm == "control"], winsor[u.arm == "large"]),
    "ratio": {"estimate": ratio.effect_size, "lower": ratio.effect_size_ci_lower, "upper": ratio.effect_size_ci_upper, "pValue": ratio.pvalue},
    "cuped": cuped(u, "revenue", ["revenue_pre", "visits_pre"], "large"),
    "segment": {k: two_means(c[c.country == k].revenue, large[large.country == k].revenue) for k in ("BR", "IN", "NA")},
    "corrected": adjusted,
    "sampleRatio": float(st.chisquare([len(c), len(large), len(small)]).pvalue),
    "quantile": quantile(frames["events"], 0.9),
    "days": {str(k): on_day(frames["events"], k) for k in (0, 2, 9)},
    "clusters": cr2(frames["clusters"]),
    "clustersCuped": clustered_cuped(frames["clusters"]),
    "switchback": hac(frames["switchback"], int(4 * (36 / 100) ** (2 / 9))),
}
(HERE / "experiments.json").write_text(json.dumps(golden, indent=2, default=float) + "\n")
