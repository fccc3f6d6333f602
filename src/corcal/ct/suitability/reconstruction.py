"""How an image was reconstructed, read from the vendors' names: sharp kernels, strong denoising."""

import re
from typing import Literal

from corcal.ct.scan import Acquisition

__all__ = ["Denoising", "denoising_of", "is_kernel_sharp"]

Denoising = Literal["none", "moderate", "strong"]

# Siemens: the number tells the sharpness; 30 and 40 are standard for the body, 50 and above are for
# lung and bone (Somatom Sensation operating instructions, "Body kernels"). Br36 is the same number.
_SIEMENS_KERNEL = re.compile(r"^[A-Z][a-z]?(\d{2})[a-z]?\b")
_SIEMENS_SHARP = 50
_CANON_KERNEL = re.compile(r"^FC(\d{2})", re.I)
_CANON_SHARP = (*range(30, 36), *range(50, 60), *range(80, 90))  # bone, lung, high resolution
_PHILIPS_SHARP = frozenset({"D", "E", "F", "G", "L", "YC", "YD", "YE", "CD", "XCD"})
_SHARP_WORDS = re.compile(r"lung|bone|edge|sharp|ultra|detail", re.I)

_DEEP = re.compile(r"deep|truefidelity|\bdlir?\b|\btf-?[lmh]\b|aice|precise ?image|\bpiqe\b", re.I)
_ITERATIVE = re.compile(
    r"iterative|asir|safire|admire|\biris\b|\bveo\b|mbir|\bqir\b|idose|\bimr\b|aidr|karl"
    r"|\bfirst (cardiac|body|lung)",
    re.I,
)
# Siemens appends the strength (1 to 5) as a second value of the kernel: ["I30f", "3"]
_SIEMENS_STRENGTH = re.compile(r"^[A-Z][a-z]?\d{2}[a-z]?\s*[\\,/]\s*([1-5])\b")
_STRONG_WORDS = re.compile(
    r"strong|\bstr\b|high|\bveo\b|mbir|\bimr\b|\bfirst (cardiac|body|lung)", re.I
)
_LEVEL = re.compile(r"(?:asir[a-z\- ]*|\bss|\bar)\s*(\d{2,3})\s*%?", re.I)
STRONG_LEVEL_OF_5 = 4  # 4 and 5 of the vendor's five
STRONG_PERCENT = 60  # blended iterative share


def is_kernel_sharp(kernel: str, manufacturer: str | None) -> bool:
    """Whether a convolution kernel is one for lung or bone, which raises calcium scores.

    Parameters
    ----------
    kernel : str
        ConvolutionKernel; of several values the first counts.
    manufacturer : str or None
        As in the header.

    Returns
    -------
    bool
        False for a name that is not known: unknown is not sharp.
    """
    name = re.split(r"[\\,/|;]", kernel)[0].strip()
    maker = (manufacturer or "").lower()
    if "philips" in maker:
        return name.upper() in _PHILIPS_SHARP or bool(_SHARP_WORDS.search(name))
    if canon := _CANON_KERNEL.match(name):
        return int(canon.group(1)) in _CANON_SHARP
    if siemens := _SIEMENS_KERNEL.match(name):
        return int(siemens.group(1)) >= _SIEMENS_SHARP
    return bool(_SHARP_WORDS.search(name))


def denoising_of(acquisition: Acquisition) -> Denoising:
    """Tell how strongly iterative or learned reconstruction denoised the images.

    Strong settings were reported to lower Agatston scores by 10 to 50 %; filtered back projection
    and low or medium iterative settings are accepted.

    Parameters
    ----------
    acquisition : Acquisition
        Kernel, reconstruction method, series description and scan options are searched.

    Returns
    -------
    str
        ``"none"`` if the headers name nothing, which proves nothing.
    """
    kernel = acquisition.convolution_kernel or ""
    text = " ".join(
        part
        for part in (
            kernel,
            acquisition.reconstruction_method,
            acquisition.series_description,
            *acquisition.scan_options,
        )
        if part
    )
    if _DEEP.search(text):
        return "strong"
    strength = _SIEMENS_STRENGTH.match(kernel)
    if strength:
        return "strong" if int(strength.group(1)) >= STRONG_LEVEL_OF_5 else "moderate"
    if not _ITERATIVE.search(text):
        return "none"
    level = _LEVEL.search(text)
    if _STRONG_WORDS.search(text) or (level and int(level.group(1)) >= STRONG_PERCENT):
        return "strong"
    return "moderate"
