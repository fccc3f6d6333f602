"""Candidate calcifications, and the places that calcium can belong to."""

from corcal.lesions.candidates import Candidates, find_candidates
from corcal.lesions.components import label_slices, label_volume
from corcal.lesions.sites import CORONARY_SITES, Site, Vessel
from corcal.lesions.voxels import SiteVoxels

__all__ = [
    "CORONARY_SITES",
    "Candidates",
    "Site",
    "SiteVoxels",
    "Vessel",
    "find_candidates",
    "label_slices",
    "label_volume",
]
