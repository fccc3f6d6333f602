"""Where the heart, the great vessels and the coronary arteries are."""

from corcal.anatomy.types import PATHWAYS, Anatomy, AnatomySource, ModelRecord, Pathway, Structure

__all__ = ["PATHWAYS", "Anatomy", "AnatomySource", "ModelRecord", "Pathway", "Structure"]
