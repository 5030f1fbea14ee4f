"""Makes sequential.json with gbstats' asymptotic confidence sequences, absolute and relative. gbstats wants an environment of its own
(see requirements.txt)."""
import importlib.metadata
import json
import pathlib

from gbstats.frequentist.tests import SequentialConfig, SequentialTwoSidedTTest
from gbstats.models.statistics import SampleMeanStatistic

ARMS = {
    "even": ((1000, 5000.0, 29000.0), (1000, 5300.0, 32000.0)),
    "uneven": ((9000, 18000.0, 90000.0), (1100, 2500.0, 14000.0)),
    "rare": ((50000, 1000.0, 1000.0), (50200, 1350.0, 1350.0)),
    "no effect": ((400, 800.0, 2100.0), (410, 821.0, 2150.0)),
}
cases = []
for name, arms in ARMS.items():
    for alpha in (0.05, 0.01):
        for tuned in (5000, 10000):
            for kind in ("absolute", "relative"):
                c, t = (SampleMeanStatistic(n=n, sum=s, sum_squares=ss) for n, s, ss in arms)
                test = SequentialTwoSidedTTest(c, t, SequentialConfig(
                    alpha=alpha, difference_type=kind, sequential_tuning_parameter=tuned))
                r = test.compute_result()
                arm = lambda a: {"count": a[0], "sum": a[1], "sumOfSquares": a[2]}
                cases.append({"name": f"{name}, {kind}", "kind": kind, "alpha": alpha, "tunedForCount": tuned,
                              "control": arm(arms[0]), "treatment": arm(arms[1]), "estimate": float(r.expected),
                              "lower": float(r.ci[0]), "upper": float(r.ci[1]), "pValue": float(r.p_value)})
golden = {"source": {"gbstats": importlib.metadata.version("gbstats"), "script": "estimators/golden/make_sequential.py"},
          "cases": cases}
pathlib.Path(__file__).with_name("sequential.json").write_text(json.dumps(golden, indent=1) + "\n")
