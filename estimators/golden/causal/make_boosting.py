"""Boosted trees by scikit-learn's HistGradientBoosting: writes boosting.json.

python make_boosting.py, with numpy and scikit-learn of requirements.txt beside it."""
import json
import pathlib

import numpy as np
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss

random = np.random.default_rng(20261124)
# A prime number of rows: where a quantile lies between two rows scikit-learn takes their mean, or not, by the rounding of its position.
ROWS, NEW = 601, 99
x = np.column_stack([random.normal(0, 1, ROWS + NEW).round(4), random.exponential(90, ROWS + NEW).round(2),
                     random.integers(0, 5, ROWS + NEW).astype(float)])
mean = x[:, 0] ** 2 + 0.02 * x[:, 1] + np.where(x[:, 2] > 2, x[:, 0], 0)
outcome = (mean + random.normal(0, 1, ROWS + NEW)).round(4)
label = (random.uniform(size=ROWS + NEW) < 1 / (1 + np.exp(2 - mean))).astype(int)

settings = [
    {"name": "defaults", "loss": "squared"},
    {"name": "few bins, ridge, shallow", "loss": "squared", "binCount": 16, "ridge": 3.0, "maximumDepth": 3, "learningRate": 0.3, "treeCount": 40},
    {"name": "stumps", "loss": "squared", "leafCount": 2, "learningRate": 1.0, "treeCount": 25},
    # Before the first tree gradients have two values only, so that splits gain exactly the same: which is taken is rounding, and only the loss agrees.
    {"name": "logistic, a hundred trees", "loss": "logistic", "lossTolerance": 0.05},
    {"name": "logistic, ridge", "loss": "logistic", "ridge": 1.0, "leafCount": 8, "minimumLeafRows": 5, "treeCount": 50},
]


def fitted(of: dict) -> dict:
    kind = HistGradientBoostingRegressor if of["loss"] == "squared" else HistGradientBoostingClassifier
    depth = of.get("maximumDepth")
    model = kind(max_iter=of.get("treeCount", 100), max_leaf_nodes=of.get("leafCount", 31), max_depth=depth,
                 learning_rate=of.get("learningRate", 0.1), min_samples_leaf=of.get("minimumLeafRows", 20),
                 l2_regularization=of.get("ridge", 0.0), max_bins=of.get("binCount", 255), early_stopping=False)
    y = outcome if of["loss"] == "squared" else label
    model.fit(x[:ROWS], y[:ROWS])
    found = model.predict(x) if of["loss"] == "squared" else model.predict_proba(x)[:, 1]
    new = y[ROWS:], found[ROWS:]
    loss = float(np.mean((new[0] - new[1]) ** 2) / 2) if of["loss"] == "squared" else float(log_loss(*new))
    return {**of, "predictions": found.tolist(), "newLoss": loss}


(pathlib.Path(__file__).parent / "boosting.json").write_text(json.dumps({
    "versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
    "absoluteTolerance": 1e-5, "trainingRows": ROWS, "columns": x.T.tolist(), "outcome": outcome.tolist(), "label": label.tolist(),
    "cases": [fitted(of) for of in settings]}) + "\n")
