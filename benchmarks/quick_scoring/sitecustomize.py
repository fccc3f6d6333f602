"""Makes ``corcal serve-worker`` score by threshold, in a second: for tests of killed processes.

Python runs this module at its start if its folder is in ``PYTHONPATH``. What is tested is that
nothing is lost and nothing done twice, whatever the scoring takes; networks would take minutes.
"""

import os
import sys

PAUSE_S = float(os.environ.get("CORCAL_QUICK_PAUSE_S", "0.7"))

if "serve-worker" in sys.orig_argv:
    import tempfile
    import time
    from pathlib import Path

    import numpy as np

    from corcal import pipeline
    from corcal.annotations.write import write_label_volume
    from corcal.ct.read import read_scan
    from corcal.lesions.sites import Site
    from corcal.lesions.voxels import SiteVoxels

    def score_path(path, options=None, *, progress=None):  # noqa: ARG001
        """Take everything dense for the LAD."""
        scan = read_scan(path)
        index = np.flatnonzero(scan.hu >= 130)
        marks = SiteVoxels(
            shape=scan.shape, index=index, site=np.full(index.size, Site.LAD, np.uint8)
        )
        time.sleep(PAUSE_S)
        with tempfile.TemporaryDirectory() as made:
            labels = Path(made) / "labels.nii.gz"
            write_label_volume(labels, scan, marks)
            return pipeline.score_scan(scan, pipeline.Options(annotations=labels, force=True))

    pipeline.score_path = score_path
