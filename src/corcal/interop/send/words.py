"""What codes of a peer mean, in words of our own.

The free text that a peer sends beside its codes (Error Comment, HTTP reason) is never shown: it
may repeat what it dislikes, for example a patient identifier.
"""

__all__ = [
    "http_words",
    "is_out_of_resources",
    "is_warning",
    "failure_words",
    "syntax_name",
    "uid_name",
    "warning_words",
]

# PS3.7 Annex C; PS3.4 B.2.3 and J.3; PS3.18 table I.2-2 (failure reasons of STOW-RS)
_FAILURES = {
    0x0105: "no such attribute",
    0x0106: "invalid attribute value",
    0x0107: "attribute list error",
    0x0110: "processing failure",
    0x0111: "duplicate SOP instance",
    0x0112: "no such object instance",
    0x0115: "invalid argument value",
    0x0117: "invalid object instance",
    0x0118: "no such SOP class",
    0x0119: "class and instance conflict",
    0x0120: "missing attribute",
    0x0121: "missing attribute value",
    0x0122: "SOP class not supported",
    0x0124: "not authorised",
    0x0131: "duplicate transaction UID",
    0x0210: "duplicate invocation",
    0x0211: "unrecognised operation",
    0x0212: "mistyped argument",
    0x0213: "resource limitation",
    0xC122: "transfer syntax not supported",
}
_FAILURE_RANGES = (
    (0xA700, 0xA7FF, "out of resources"),
    (0xA900, 0xA9FF, "data set does not match its SOP class"),
    (0xC000, 0xCFFF, "data set not understood"),
)
_WARNINGS = {
    0x0107: "attribute list error",
    0x0116: "attribute value out of range",
    0xB000: "the archive changed data elements",
    0xB006: "the archive discarded data elements",
    0xB007: "data set does not match its SOP class",
}
_HTTP = {
    400: "it does not understand the request",
    401: "credentials are needed, or are wrong",
    403: "the credentials do not allow it",
    404: "there is no DICOMweb store at this address",
    405: "storing is not allowed at this address",
    406: "it cannot answer in DICOM JSON",
    407: "the proxy asks for credentials",
    408: "it waited too long",
    409: "it took none of the objects",
    411: "it wants another kind of request",
    413: "too large for it",
    415: "it does not take this kind of object or transfer syntax",
    429: "too many requests",
    500: "an error inside it",
    501: "it has no such service",
    502: "what is behind it does not answer",
    503: "it is busy",
    504: "what is behind it does not answer in time",
    507: "its storage is full",
}
_RESOURCE_LIMITATION = 0x0213
_REDIRECTS = range(300, 400)


def failure_words(code: int) -> str:
    """Say what a DIMSE status or a FailureReason means, with the code."""
    words = _FAILURES.get(code)
    if words is None:
        within = (text for low, high, text in _FAILURE_RANGES if low <= code <= high)
        words = next(within, "failure")
    return f"{words} (0x{code:04X})"


def is_warning(code: int) -> bool:
    """Whether a status of C-STORE means that the object was taken, with a remark."""
    return code in _WARNINGS or code & 0xF000 == 0xB000


def warning_words(code: int) -> str:
    """Say what a warning means, with the code."""
    return f"{_WARNINGS.get(code, 'warning')} (0x{code:04X})"


def is_out_of_resources(code: int) -> bool:
    """Whether a failure may pass by itself: what is full may be emptied."""
    return code & 0xFF00 == 0xA700 or code == _RESOURCE_LIMITATION


def http_words(status: int) -> str:
    """Say what an HTTP status means, with the code."""
    if status in _REDIRECTS:
        return f"it redirects to another address: give that one (HTTP {status})"
    return f"{_HTTP.get(status, 'it refuses')} (HTTP {status})"


def uid_name(uid: str) -> str:
    """Name of a well-known UID; the UID itself where it has none."""
    from pydicom.uid import UID

    return UID(uid).name


def syntax_name(uid: str) -> str:
    """Name and UID of a transfer syntax."""
    name = uid_name(uid)
    return uid if name == uid else f"{name} ({uid})"
