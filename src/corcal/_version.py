"""The version of the package, its one definition."""

__version__ = "0.1.0"
