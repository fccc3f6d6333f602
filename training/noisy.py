"""Scans with more noise than is usual: a part of what the classifier learns from.

Thin slices of large people, low dose and sharp kernels reach 40 to 80 HU. Protocols are drawn up to
35 HU in slices of 3 mm; these show what more looks like. How many specks such a scan has they do
not teach: a table keeps a few of them, and `corcal.lesions.specks` makes up for it.
"""

from dataclasses import replace

import numpy as np

from corcal.phantom.protocol import Protocol

__all__ = ["sometimes_noisy"]

_NOISY = 0.12  # of the scans
_NOISE_HU = (35.0, 80.0)


def sometimes_noisy(protocol: Protocol, seed: int) -> Protocol:
    """Raise the noise of some scans, by the patient's seed; none has less than before."""
    rng = np.random.default_rng([seed, 53])
    if rng.random() >= _NOISY:
        return protocol
    noise = max(protocol.scanner.noise_sd_hu, float(np.exp(rng.uniform(*np.log(_NOISE_HU)))))
    return replace(protocol, scanner=replace(protocol.scanner, noise_sd_hu=round(noise, 2)))
