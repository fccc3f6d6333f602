"""Volume files: NIfTI, NRRD and MetaImage."""
from corcal.ct.files import Candidate, FileOpener
from corcal.ct.series import Series
def is_volume_name(name: str) -> bool:
    return False
def volume_series(candidate: Candidate, opener: FileOpener) -> Series:
    raise NotImplementedError
def read_volume(series):
    raise NotImplementedError
