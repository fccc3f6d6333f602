"""The trained classifier: measurements of pieces in, probabilities of sites out."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corcal.errors import InputError
from corcal.lesions.features import FEATURES
from corcal.lesions.sites import Site
from corcal.models import ModelRecord, load_model

__all__ = ["SiteClassifier"]


class SiteClassifier:
    """Probabilities over all sites, by the model that comes with corcal.

    Parameters
    ----------
    path : Path, optional
        Another model file.
    trust_unknown : bool
        Run a file whose hash this release does not know.

    Raises
    ------
    InputError
        If the model is missing, unknown, or was trained on other measurements.
    """

    def __init__(self, path: Path | None = None, *, trust_unknown: bool = False) -> None:
        self._model = load_model("lesions", path=path, trust_unknown=trust_unknown)
        trained = tuple(self._model.metadata.get("features", "").split(","))
        if trained != tuple(FEATURES):
            other = sorted(set(trained) ^ set(FEATURES)) or ["their order"]
            msg = (
                "the lesion model was trained on other measurements than this release makes: "
                f"{', '.join(other[:5])}"
            )
            raise InputError(msg)

    @property
    def record(self) -> ModelRecord:
        """Which model decides."""
        return self._model.record

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the probability of each site.

        Parameters
        ----------
        features : float32 ndarray of shape (m, f)
            As `corcal.lesions.features.describe` gives them.

        Returns
        -------
        float32 ndarray of shape (m, 15)
            Column k is `Site` k; column 0 is 0.
        """
        if len(features) == 0:
            return np.zeros((0, max(Site) + 1), np.float32)
        return self._model.run({"features": features})["probabilities"]
