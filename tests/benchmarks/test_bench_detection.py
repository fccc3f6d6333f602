"""What the peer of the timing gets to see."""

from benchmarks.bench_detection import prototype_shapes


def test_the_peer_sees_arrays_of_the_shape_that_the_scan_had_there() -> None:
    # 57 * 3 / 5 = 34.2, 512 * 0.39 / 5 = 39.9: 34 + 8 -> 48, 40 + 8 = 48; one pass
    assert prototype_shapes((57, 512, 512), (3.0, 0.39, 0.39)) == [(48, 48, 48)]
    # 60 x 70 x 70 cells: 68 -> 72, 78 -> 80; then the box of 40 x 48 x 48: 48, 56
    two = prototype_shapes((300, 500, 500), (1.0, 0.7, 0.7))
    assert two == [(72, 80, 80), (48, 56, 56)]
