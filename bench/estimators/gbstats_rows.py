"""Reads the rows of a benchmark from standard input with gbstats, times it, and writes milliseconds and results to standard output.

Two contenders: the whole path, as GrowthBook calls it (process_experiment_results: query rows in, adjusted absolute and relative effects with
sequential intervals out), and nothing but the two tests on statistics that are there already. Starting Python and imports are not timed."""
import importlib.metadata
import json
import platform
import sys
import time

from gbstats.frequentist.tests import SequentialConfig, SequentialTwoSidedTTest
from gbstats.gbstats import process_experiment_results
from gbstats.models.statistics import RegressionAdjustedStatistic, SampleMeanStatistic

KINDS = ("absolute", "relative")


def query_row(variation, arm):
    return {"dimension": "", "variation": variation, "users": arm["count"], "count": arm["count"],
            "m0_main_sum": arm["sumY"], "m0_main_sum_squares": arm["sumYY"], "m0_covariate_sum": arm["sumX"],
            "m0_covariate_sum_squares": arm["sumXX"], "m0_main_covariate_sum_product": arm["sumXY"]}


def request(row, alpha, tuned):
    analysis = {"var_names": ["control", "treatment"], "var_ids": ["0", "1"], "weights": [0.5, 0.5],
                "stats_engine": "frequentist", "sequential_testing_enabled": True,
                "sequential_tuning_parameter": tuned, "alpha": alpha}
    return {"metrics": {"m": {"id": "m", "name": "m", "statistic_type": "mean_ra", "main_metric_type": "count",
                              "covariate_metric_type": "count"}},
            "analyses": [{**analysis, "difference_type": kind} for kind in KINDS],
            "query_results": [{"metrics": ["m"],
                               "rows": [query_row("0", row["control"]), query_row("1", row["treatment"])]}]}


def statistic(arm):
    n = arm["count"]
    return RegressionAdjustedStatistic(
        n=n, post_statistic=SampleMeanStatistic(n=n, sum=arm["sumY"], sum_squares=arm["sumYY"]),
        pre_statistic=SampleMeanStatistic(n=n, sum=arm["sumX"], sum_squares=arm["sumXX"]),
        post_pre_sum_of_products=arm["sumXY"], theta=0)


def bare_tests(arms, alpha, tuned):
    return [SequentialTwoSidedTTest(*arms, SequentialConfig(
        alpha=alpha, difference_type=kind, sequential_tuning_parameter=tuned)).compute_result() for kind in KINDS]


def timed_ms(action, inputs):
    action(inputs[0])
    started = time.perf_counter()
    results = [action(each) for each in inputs]
    return (time.perf_counter() - started) * 1000, results


task = json.load(sys.stdin)
options = (task["alpha"], task["tunedForCount"])
whole_ms, _ = timed_ms(process_experiment_results, [request(row, *options) for row in task["rows"]])
pairs = [(statistic(row["control"]), statistic(row["treatment"])) for row in task["rows"]]
bare_ms, results = timed_ms(lambda arms: bare_tests(arms, *options), pairs)
json.dump({"wholePathMs": whole_ms, "bareTestsMs": bare_ms,
           "versions": {"gbstats": importlib.metadata.version("gbstats"), "python": platform.python_version()},
           "absolute": [{"lower": float(r[0].ci[0]), "upper": float(r[0].ci[1])} for r in results]}, sys.stdout)
