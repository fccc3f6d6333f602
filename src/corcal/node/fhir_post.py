"""A FHIR transaction, posted: all of it is taken, or nothing is (FHIR R4, http.html#transaction).

Every resource has its own identifier, and is put there: posting twice leaves one of each.
"""

import http.client
import json
import ssl
import urllib.error
import urllib.request
from typing import Any

from corcal.errors import PeerError
from corcal.interop.send.types import Credentials
from corcal.interop.send.web import opener
from corcal.interop.send.words import http_words

__all__ = ["post_bundle"]

_KIND = "application/fhir+json"
_MOST_BYTES = 2**24
# Of a transaction (FHIR R4, http.html#3.1.0.1.9); others mean what they always do
_WORDS = {
    404: "there is no FHIR server at this address, or it knows no transactions",
    409: "it contradicts what is there",
    412: "it contradicts what is there",
    415: "it takes no FHIR in JSON",
    422: "it does not take resources such as these",
}


def post_bundle(
    bundle: bytes,
    url: str,
    *,
    context: ssl.SSLContext | None,
    is_here: bool,
    credentials: Credentials | None = None,
    answer_s: float = 30.0,
) -> int:
    """Post a transaction to the root of a server.

    Returns
    -------
    int
        Resources that the server says it has taken.

    Raises
    ------
    PeerError
        If it cannot be reached, refuses, or answers something else than that it took each of
        them. What it says in words is left out: it may repeat what it read.
    """
    headers = {"Content-Type": _KIND, "Accept": _KIND}
    if credentials is not None:
        headers["Authorization"] = credentials.authorization
    request = urllib.request.Request(url, data=bundle, headers=headers, method="POST")  # noqa: S310  (checked with the rules)
    try:
        with opener(context, is_here=is_here).open(request, timeout=answer_s) as response:
            body = response.read(_MOST_BYTES)
    except urllib.error.HTTPError as exc:
        own = _WORDS.get(exc.code)
        words = http_words(exc.code) if own is None else f"{own} (HTTP {exc.code})"
        msg = f"the FHIR server does not take it: {words}"
        exc.close()
        raise PeerError(msg) from None
    except (OSError, http.client.HTTPException) as exc:
        msg = f"the FHIR server cannot be reached, or gave no answer ({_cause(exc)})"
        raise PeerError(msg) from None
    return _require_all(body, wanted=len(json.loads(bundle)["entry"]))


def _cause(exc: Exception) -> str:
    inner = exc.reason if isinstance(exc, urllib.error.URLError) else exc
    if isinstance(inner, ssl.SSLCertVerificationError):
        return "its certificate is not one that is trusted"
    return (inner.strerror or "" if isinstance(inner, OSError) else "") or type(inner).__name__


def _require_all(body: bytes, *, wanted: int) -> int:
    """Count what the answer says was taken; a server is not believed without one."""
    try:
        answer: Any = json.loads(body)
        kinds = (answer["resourceType"], answer["type"])
        told = [str(one["response"]["status"]) for one in answer["entry"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        msg = "the FHIR server's answer is no transaction response: nothing is known to be there"
        raise PeerError(msg) from None
    taken = sum(status.startswith("2") for status in told)
    if kinds != ("Bundle", "transaction-response") or taken < wanted:
        msg = f"the FHIR server's answer confirms {taken} of {wanted} resources"
        raise PeerError(msg)
    return taken
