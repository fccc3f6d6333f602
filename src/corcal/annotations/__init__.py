"""Which voxels are coronary calcium, as a person annotated them.

An annotation is the lesion ROIs of an OsiriX or Horos property list (the COCA format), a DICOM
Segmentation, a DICOM RT Structure Set, or a label volume in NIfTI, NRRD or MetaImage.
"""

from corcal.annotations.reader import read_annotation
from corcal.annotations.regions import Annotation

__all__ = ["Annotation", "read_annotation"]
