"""Stands in for TotalSegmentator: writes label maps as its documentation says, by HU.

Called as ``fake_totalsegmentator.py CASE -i scan.nii -o out ...``. The class of each voxel is read
off its HU: 300 heart, 600 aorta, 800 left atrial appendage.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk

HU = {"heart": 300, "aorta": 600, "atrial_appendage_left": 800}


def main() -> int:
    case, *arguments = sys.argv[1:]
    source, out = (Path(arguments[arguments.index(flag) + 1]) for flag in ("-i", "-o"))
    classes = arguments[arguments.index("--roi_subset") + 1 :]
    log = {
        "arguments": arguments,
        "mode": source.parent.stat().st_mode & 0o777,
        "files": sorted(p.name for p in source.parent.iterdir()),
    }
    Path(os.environ["FAKE_LOG"]).write_text(json.dumps(log))
    if case == "fails":
        sys.stderr.write(f"Traceback ...\nRuntimeError: no weights in {source.parent}\n")
        return 3
    image = sitk.ReadImage(str(source))
    hu = sitk.GetArrayFromImage(image)
    out.mkdir()
    for name in classes:
        if case == "old" and name == "heart":
            continue
        labels = (hu == HU[name]).astype(np.uint8)
        if case == "cropped":
            labels = labels[:-1]
        written = sitk.GetImageFromArray(labels)
        written.SetSpacing(image.GetSpacing())
        sitk.WriteImage(written, str(out / f"{name}.nii.gz"))
        if case == "damaged":
            (out / f"{name}.nii.gz").write_bytes(b"nothing")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
