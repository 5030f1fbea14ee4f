"""Makes cluster_history.json: the intracluster correlation of clusters that were all treated alike, from SciPy's one-way analysis of variance
(F = MSB / MSW, so that the correlation is (F - 1) / (F + n0 - 1) with n0 = (N - sum n^2 / N) / (k - 1))."""
import json
import random
from importlib.metadata import version
from pathlib import Path

from scipy.stats import f_oneway

drawn = random.Random(9)
cases = []
for name, sizes, between in [
    ("equal sizes", [12] * 20, 1.0),
    ("uneven sizes", [drawn.randint(2, 60) for _ in range(25)], 0.5),
    ("no correlation", [drawn.randint(5, 15) for _ in range(30)], 0.0),
]:
    clusters = []
    for size in sizes:
        level = drawn.gauss(10, between)
        clusters.append([round(level + drawn.gauss(0, 2), 4) for _ in range(size)])
    f = f_oneway(*clusters).statistic
    total = sum(sizes)
    n0 = (total - sum(n * n for n in sizes) / total) / (len(sizes) - 1)
    cases.append({"name": name, "clusters": clusters, "correlation": float((f - 1) / (f + n0 - 1))})
golden = {"source": f"scipy {version('scipy')}", "script": "make_cluster_history.py", "rtol": 1e-10, "cases": cases}
Path(__file__).with_name("cluster_history.json").write_text(json.dumps(golden) + "\n")
