"""AIPW with boosted trees by DoubleML and scikit-learn, on fixed folds drawn three times: writes boosted_aipw.json.

python make_boosted_aipw.py, with numpy, pandas, scikit-learn and doubleml of requirements.txt beside it. Covariates are small whole numbers, so that
scikit-learn, which bins each training set, and a binning of all rows have the same edges."""
import json
import pathlib
import warnings

import doubleml
import numpy as np
import pandas as pd
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

warnings.filterwarnings("ignore")
random = np.random.default_rng(20261124)
ROWS, FOLDS, REPETITIONS = 900, 3, 3
x = np.column_stack([random.integers(0, top, ROWS).astype(float) for top in (12, 7, 3)])
treat = (random.uniform(size=ROWS) < 1 / (1 + np.exp(1.5 - 0.15 * x[:, 0] - 0.3 * (x[:, 2] > 1)))).astype(int)
outcome = ((x[:, 0] - 5) ** 2 / 5 + x[:, 1] * (x[:, 2] > 0) + treat * (2 + 0.1 * x[:, 1]) + random.normal(0, 2, ROWS)).round(4)
folds = [random.permutation(np.arange(ROWS) % FOLDS) for _ in range(REPETITIONS)]
splits = [[(np.flatnonzero(of != f), np.flatnonzero(of == f)) for f in range(FOLDS)] for of in folds]
settings = {"max_iter": 20, "max_leaf_nodes": 6, "l2_regularization": 1.0, "early_stopping": False}
data = doubleml.DoubleMLData(pd.DataFrame(x, columns=["a", "b", "c"]).assign(treat=treat, outcome=outcome), "outcome", "treat")
found = {}
for estimand, score in (("ATE", "ATE"), ("ATT", "ATTE")):
    model = doubleml.DoubleMLIRM(data, HistGradientBoostingRegressor(**settings), HistGradientBoostingClassifier(**settings),
                                 n_folds=FOLDS, n_rep=REPETITIONS, score=score, draw_sample_splitting=False,
                                 ps_processor_config=doubleml.utils.PSProcessorConfig(clipping_threshold=1e-12))
    model.set_sample_splitting(splits)
    model.fit()
    found[estimand] = {"estimates": model.all_coef.ravel().tolist(), "standardErrors": model.all_se.ravel().tolist(),
                       "estimate": float(model.coef[0])}
(pathlib.Path(__file__).parent / "boosted_aipw.json").write_text(json.dumps({
    "versions": {package.__name__: package.__version__ for package in (np, pd, sklearn, doubleml)}, "relativeTolerance": 1e-5,
    "trees": {"treeCount": settings["max_iter"], "leafCount": settings["max_leaf_nodes"], "ridge": 1.0},
    "foldCount": FOLDS, "columns": x.T.tolist(), "treatment": treat.tolist(), "outcome": outcome.tolist(),
    "folds": [of.tolist() for of in folds], **found}) + "\n")
print(found)
