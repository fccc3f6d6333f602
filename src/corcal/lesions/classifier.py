"""What each piece is taken for: probabilities over all sites, by a trained model or by rules."""

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from corcal.errors import InputError
from corcal.lesions.features import Features
from corcal.lesions.sites import Site
from corcal.models import LoadedModel, ModelRecord, load_model

__all__ = ["SITES", "Classifier", "TrainedClassifier", "load_classifier"]

SITES = tuple(Site)  # the order of the columns: column k is the site of code k + 1
_TOLERANCE = 1e-3  # of a row's sum: float32


class Classifier(Protocol):
    """Anything that can say what pieces are."""

    @property
    def record(self) -> ModelRecord:
        """Who says so."""
        ...

    def probabilities(self, features: Features) -> NDArray[np.float64]:
        """Give the probability of each of `SITES` for each piece, shape (n, 14), rows sum to 1."""
        ...


class TrainedClassifier:
    """The model that comes with corcal, or another one of the same features.

    Parameters
    ----------
    model : LoadedModel
        Takes ``features``, float32 of shape (n, f); gives ``probabilities``, of shape (n, 14), or
        (n, 15) with column 0 for "no site", which is left out. Its metadata ``features`` names its
        columns, with commas.
    """

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._names = tuple(model.metadata.get("features", "").split(","))

    @property
    def record(self) -> ModelRecord:
        """Of the model's file."""
        return self._model.record

    def probabilities(self, features: Features) -> NDArray[np.float64]:
        """Run the model.

        Raises
        ------
        InputError
            If the model was made for other features, or gives no probabilities.
        """
        if features.names != self._names:
            difference = _difference(self._names, features.names)
            msg = (
                f"model {self.record.name} was made for {difference}; "
                "a model and its release belong together"
            )
            raise InputError(msg)
        if not len(features.values):
            return np.zeros((0, len(SITES)))
        given = self._model.run({"features": features.values})["probabilities"].astype(np.float64)
        if given.shape[1:] == (len(SITES) + 1,):
            given = given[:, 1:]
        sums = given.sum(axis=1) if given.ndim == 2 else np.zeros(1)
        if given.shape[1:] != (len(SITES),) or not np.all(np.abs(sums - 1) < _TOLERANCE):
            msg = (
                f"model {self.record.name} gave an array of shape {given.shape} for "
                f"{len(features.values)} pieces; probabilities of {len(SITES)} sites are needed"
            )
            raise InputError(msg)
        return np.asarray(given / sums[:, None])


def load_classifier(*, path: Path | None = None, trust_unknown: bool = False) -> TrainedClassifier:
    """Load the trained classifier.

    Parameters
    ----------
    path, trust_unknown
        As in `corcal.models.load_model`.

    Raises
    ------
    InputError
        If there is no such model, or its hash is not known.
    """
    return TrainedClassifier(load_model("lesions", path=path, trust_unknown=trust_unknown))


def _difference(model: tuple[str, ...], here: tuple[str, ...]) -> str:
    """Say in a few words how two lists of features differ."""
    extra = [name for name in model if name not in here]
    lacking = [name for name in here if name not in model]
    if not extra and not lacking:
        return f"the same {len(here)} features in another order"
    parts = [f"{len(model)} features, {len(here)} are measured"]
    if extra:
        parts.append(f"it wants {', '.join(extra[:3])}")
    if lacking:
        parts.append(f"it lacks {', '.join(lacking[:3])}")
    return "; ".join(parts)
