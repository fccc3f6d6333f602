"""However a patient is stored, the scan is the same."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from corcal.ct.read import read_scan
from dicom_maker import LOSSLESS_SYNTAXES, demo_hu, make_series

HU = demo_hu((4, 40, 36), seed=3)
AXIAL_ORIENTATIONS = st.sampled_from(
    [
        (a * row_x, a * row_y, 0, b * row_y, b * row_x, 0)
        for row_x, row_y in ((1, 0), (0, 1))
        for a in (1, -1)
        for b in (1, -1)
    ]
)


@settings(max_examples=25, deadline=None)
@given(
    names=st.permutations(range(4)),
    orientation=AXIAL_ORIENTATIONS,
    syntax=st.sampled_from(LOSSLESS_SYNTAXES),
    numbers=st.permutations(range(1, 5)),
)
def test_order_orientation_and_compression_do_not_change_the_scan(
    names: list[int], orientation: tuple[float, ...], syntax: str, numbers: list[int]
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = make_series(
            folder / "made",
            hu=HU,
            orientation=orientation,
            transfer_syntax=syntax,
            spacing_mm=(3.0, 0.4, 0.6),
            slice_tags={
                k: {"InstanceNumber": n, "AcquisitionTime": f"10150{n}"}
                for k, n in enumerate(numbers)
            },
        )
        mixed = folder / "mixed"
        mixed.mkdir()
        for path, k in zip(files, names, strict=True):
            path.rename(mixed / f"{k}")
        scan = read_scan(mixed)
    np.testing.assert_array_equal(scan.hu, HU)
    assert [one.instance_number for one in scan.slices] == list(numbers)
    # The scan is described by its lowest slice, whatever the files are called.
    assert scan.acquisition.time == f"10:15:0{numbers[0]}"
    np.testing.assert_allclose(
        scan.affine_lps,
        [[0, 0, 0.6, -50], [0, 0.4, 0, -60], [3, 0, 0, -70], [0, 0, 0, 1]],
        atol=1e-9,
    )
