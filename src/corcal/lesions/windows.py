"""Windows of slices around places, stacked, so that many pieces are measured together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan

__all__ = ["Windows", "cut_windows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Squares cut from slices, all of one size.

    Attributes
    ----------
    hu : float32 ndarray of shape (n, n_y, n_x)
        Beyond the border of a slice its pixels go on.
    y0, x0 : int64 ndarray of shape (n,)
        Row and column of the scan of each window's first pixel; below 0 beyond the border.
    """

    hu: NDArray[np.float32]
    y0: NDArray[np.int64]
    x0: NDArray[np.int64]

    def marked(
        self, window: NDArray[np.integer], y: NDArray[np.integer], x: NDArray[np.integer]
    ) -> NDArray[np.bool_]:
        """Mark pixels of the scan in the windows that they are given for.

        Parameters
        ----------
        window, y, x : integer ndarray of shape (m,)
            Number of the window, row and column of the scan; a pixel outside of its window is left
            out.

        Returns
        -------
        bool ndarray of shape (n, n_y, n_x)
        """
        _, n_y, n_x = self.hu.shape
        row, column = y - self.y0[window], x - self.x0[window]
        fits = (row >= 0) & (row < n_y) & (column >= 0) & (column < n_x)
        inside = np.zeros(self.hu.shape, np.bool_)
        inside[window[fits], row[fits], column[fits]] = True
        return inside


def cut_windows(
    scan: CTScan,
    z: NDArray[np.int64],
    y: NDArray[np.int64],
    x: NDArray[np.int64],
    *,
    reach_mm: float,
    floor_hu: float,
) -> Windows:
    """Cut a window around each of some pixels.

    Parameters
    ----------
    scan : CTScan
        The scan.
    z, y, x : int64 ndarray of shape (n,)
        Slice, row and column of the middle of each.
    reach_mm : float
        From the middle to each side.
    floor_hu : float
        What is darker is set to this.
    """
    _, n_y, n_x = scan.shape
    half_y, half_x = (int(np.ceil(reach_mm / step)) for step in scan.spacing_mm[1:])
    y0, x0 = y - half_y, x - half_x
    rows = np.clip(y0[:, None] + np.arange(2 * half_y + 1), 0, n_y - 1)
    columns = np.clip(x0[:, None] + np.arange(2 * half_x + 1), 0, n_x - 1)
    hu = scan.hu[z[:, None, None], rows[:, :, None], columns[:, None, :]].astype(np.float32)
    return Windows(hu=np.maximum(hu, np.float32(floor_hu)), y0=y0, x0=x0)
