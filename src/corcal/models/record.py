"""Which model said so: the record that goes with everything a model gave."""

from dataclasses import dataclass

__all__ = ["ModelRecord"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """Which model said so.

    Attributes
    ----------
    name : str
        ``"corcal-thorax"``, ``"totalsegmentator"`` ...
    version : str
        Of the model or the software.
    sha256 : str or None
        Of its file; ``None`` where there is no single file.
    trusted : bool
        Whether the hash is one that this release knows.
    """

    name: str
    version: str
    sha256: str | None
    trusted: bool
