"""One causal task by one peer: prints a JSON line. python causal_peers.py FILE ROWS PEER TASK ROUNDS; `python causal_peers.py --have` says what is installed."""
import json
import resource
import sys
import time
import warnings

warnings.filterwarnings("ignore")
PEERS = {"scikit-learn": ("sklearn", ("propensity", "matching", "ipw")), "statsmodels": ("statsmodels", ("propensity",)),
         "causalml": ("causalml", ("matching",)), "econml": ("econml", ("aipw",)), "doubleml": ("doubleml", ("aipw",))}


def have() -> None:
    import importlib
    import importlib.metadata
    found = {}
    for peer, (module, tasks) in PEERS.items():
        try:
            importlib.import_module(module)
            found[peer] = {"version": importlib.metadata.version(peer), "tasks": tasks}
        except Exception as error:  # noqa: BLE001: whatever an import of a peer fails with, it cannot be compared
            found[peer] = {"why_not": f"{type(error).__name__}: {error}"[:200], "tasks": tasks}
    print(json.dumps(found))


def propensity(x, t):
    from sklearn.linear_model import LogisticRegression
    return LogisticRegression(C=float("inf"), tol=1e-6, max_iter=200).fit(x, t)


def run(peer: str, task: str, x, t, y) -> float:
    import numpy as np
    if (peer, task) == ("scikit-learn", "propensity"):
        return float(propensity(x, t).coef_[0][0])
    if (peer, task) == ("statsmodels", "propensity"):
        import statsmodels.api as sm
        return float(sm.Logit(t, sm.add_constant(x)).fit(disp=0).params[1])
    if (peer, task) == ("scikit-learn", "matching"):
        from sklearn.neighbors import NearestNeighbors
        score = propensity(x, t).decision_function(x).reshape(-1, 1)
        near = NearestNeighbors(n_neighbors=1).fit(score[t == 0]).kneighbors(score[t == 1], return_distance=False)
        return float((y[t == 1] - y[t == 0][near[:, 0]]).mean())
    if (peer, task) == ("scikit-learn", "ipw"):
        e = propensity(x, t).predict_proba(x)[:, 1]
        return float(y[t == 1].mean() - np.average(y[t == 0], weights=(e / (1 - e))[t == 0]))
    if (peer, task) == ("causalml", "matching"):
        import pandas as pd
        from causalml.match import NearestNeighborMatch
        score = propensity(x, t).predict_proba(x)[:, 1]
        frame = pd.DataFrame({"score": score, "treat": t, "y": y})
        matched = NearestNeighborMatch(replace=True, ratio=1, random_state=1).match(frame, "treat", ["score"])
        return float(matched.y[matched.treat == 1].mean() - matched.y[matched.treat == 0].mean())
    if (peer, task) == ("econml", "aipw"):
        from econml.dr import LinearDRLearner
        from sklearn.linear_model import LinearRegression, LogisticRegression
        model = LinearDRLearner(model_propensity=LogisticRegression(C=float("inf"), max_iter=200), model_regression=LinearRegression(),
                                cv=5, random_state=1)
        return float(model.fit(y, t, X=None, W=x).ate_inference(X=None, T0=0, T1=1).mean_point)
    if (peer, task) == ("doubleml", "aipw"):
        import doubleml
        from sklearn.linear_model import LinearRegression, LogisticRegression
        data = doubleml.DoubleMLData.from_arrays(x, y, t)
        model = doubleml.DoubleMLIRM(data, LinearRegression(), LogisticRegression(C=float("inf"), max_iter=200), n_folds=5)
        return float(model.fit().coef[0])
    raise SystemExit(f"{peer} has no task {task}")


def main(file: str, rows: int, peer: str, task: str, rounds: int) -> None:
    import numpy as np
    data = np.fromfile(file).reshape(-1, rows)
    x, t, y = np.ascontiguousarray(data[:-2].T), data[-2].astype(int), data[-1].copy()
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, estimate = [], float("nan")
    for _ in range(rounds):
        started = time.perf_counter()
        estimate = run(peer, task, x, t, y)
        seconds.append(time.perf_counter() - started)
    extra = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held)
    print(json.dumps({"peer": peer, "task": task, "seconds": seconds, "estimate": estimate, "extraBytes": extra}))


if sys.argv[1] == "--have":
    have()
else:
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5]))
