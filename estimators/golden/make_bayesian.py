"""Makes bayesian.json: gbstats' Bayesian read-out of an effect. Run with gbstats==0.8.0 in an environment of its own."""
import importlib.metadata
import json
import math
import pathlib

from gbstats.bayesian.tests import EffectBayesianABTest, EffectBayesianConfig, GaussianPrior
from gbstats.models.statistics import SampleMeanStatistic


def moments(n, mean, variance):
    return SampleMeanStatistic(n=n, sum=n * mean, sum_squares=variance * (n - 1) + n * mean * mean)


def case(name, control, treatment, prior):
    gaussian = GaussianPrior() if prior is None else GaussianPrior(prior[0], prior[1] ** 2, True)
    config = EffectBayesianConfig(difference_type="absolute", prior_type="absolute", prior_effect=gaussian)
    r = EffectBayesianABTest(moments(*control), moments(*treatment), config).compute_result()
    error = math.sqrt(control[2] / control[0] + treatment[2] / treatment[0])
    return {"name": name, "effect": {"estimate": treatment[1] - control[1], "standardError": error},
            "prior": None if prior is None else {"mean": prior[0], "standardDeviation": prior[1]},
            "mean": r.expected, "lower": r.ci[0], "upper": r.ci[1], "chanceAboveZero": r.chance_to_win,
            "lossOfControl": r.risk[0], "lossOfTreatment": r.risk[1]}


golden = {
    "source": {"gbstats": importlib.metadata.version("gbstats"), "script": "estimators/golden/make_bayesian.py"},
    "cases": [
        case("better", (1000, 10.0, 25.0), (1100, 10.4, 30.0), None),
        case("worse", (400, 5.0, 4.0), (380, 4.9, 5.0), None),
        case("none", (5000, 1.0, 2.0), (5000, 1.0, 2.0), None),
        case("prior", (300, 2.0, 9.0), (320, 2.6, 9.5), (0.0, 0.3)),
        case("shifted prior", (300, 2.0, 9.0), (320, 2.1, 9.5), (-0.2, 0.5)),
    ],
}
pathlib.Path(__file__).with_name("bayesian.json").write_text(json.dumps(golden, indent=2, default=float) + "\n")
