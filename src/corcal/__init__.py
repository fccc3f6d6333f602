"""corcal: coronary artery calcium from CT, read, checked, scored and explained."""

from corcal._version import __version__

__all__ = ["__version__"]
