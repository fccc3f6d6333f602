"""The trained models that come with corcal, and the hashes that it knows."""

from corcal.models.load import LoadedModel, load_model
from corcal.models.record import ModelRecord

__all__ = ["LoadedModel", "ModelRecord", "load_model"]
