"""What a network gave, checked before anything is made of it."""

import numpy as np
from numpy.typing import NDArray

from corcal.errors import InputError
from corcal.models import LoadedModel

__all__ = ["checked", "input_of", "run_on_cells"]

_Floats = NDArray[np.float32]


def run_on_cells(model: LoadedModel, cells: _Floats, name: str, channels: int) -> _Floats:
    """Run a model on cells, and return one output without its batch axis.

    Parameters
    ----------
    model : LoadedModel
        With one input.
    cells : float32 ndarray of shape (n_z, n_y, n_x)
        HU.
    name : str
        Of the output.
    channels : int
        That it must have.

    Returns
    -------
    float32 ndarray of shape (channels, n_z, n_y, n_x)

    Raises
    ------
    InputError
        If the model has more inputs, or gives something else.
    """
    outputs = model.run({input_of(model): cells[None, None]})
    return checked(model, outputs, name, channels, cells.shape)


def input_of(model: LoadedModel) -> str:
    """Name of a model's only input; `InputError` if it has none or more."""
    if len(model.inputs) != 1:
        msg = f"model {model.record.name} needs one input, has {', '.join(model.inputs)}"
        raise InputError(msg)
    return model.inputs[0]


def checked(
    model: LoadedModel,
    outputs: dict[str, NDArray[np.float32]],
    name: str,
    channels: int,
    shape: tuple[int, ...],
) -> _Floats:
    """Return an output of shape (channels, z, y, x), or refuse the model."""
    wanted = (1, channels, *shape)
    if name not in outputs or outputs[name].shape != wanted:
        got = outputs[name].shape if name in outputs else "none"
        msg = f"model {model.record.name} must give {name} of shape {wanted}, gave {got}"
        raise InputError(msg)
    values = np.asarray(outputs[name][0], np.float32)
    if not np.isfinite(values).all():
        msg = f"model {model.record.name} gave {name} that are not finite numbers"
        raise InputError(msg)
    return values
