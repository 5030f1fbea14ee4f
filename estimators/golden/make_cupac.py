"""Cross-fitted ridge predictions on fixed folds, by scikit-learn: writes cupac.json."""
import json
import pathlib

import numpy as np
import sklearn
from sklearn.linear_model import Ridge

random = np.random.default_rng(20261124)


def case(name: str, units: int, folds: int, penalty: float) -> dict:
    numbers = random.normal(size=(units, 2))
    country = random.integers(0, 3, size=units)
    features = np.column_stack([numbers, np.eye(3)[country]]).round(6)
    outcomes = (50 + 3 * numbers[:, 0] - numbers[:, 1] + 2 * country + random.normal(size=units)).round(6)
    of = random.integers(0, folds, size=units)
    predictions = np.empty(units)
    for fold in range(folds):
        fit = Ridge(alpha=penalty, solver="cholesky").fit(features[of != fold], outcomes[of != fold])
        predictions[of == fold] = fit.predict(features[of == fold])
    return {"name": name, "penalty": penalty, "outcomes": outcomes.tolist(), "features": features.tolist(),
            "folds": of.tolist(), "predictions": predictions.tolist()}


cases = [case("five folds", 60, 5, 1.0), case("two folds, strong penalty", 30, 2, 25.0), case("weak penalty", 40, 3, 1e-3)]
pathlib.Path(__file__).with_name("cupac.json").write_text(json.dumps({
    "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__}, "absoluteTolerance": 1e-8, "cases": cases}) + "\n")
