"""DICOM objects delivered to an archive, by C-STORE or by STOW-RS, and what became of each.

pynetdicom takes a second to import: `cstore`, `commitment` and `association` import it, this
module does not.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from corcal.interop.send.address import DicomAddress, WebAddress, parse_address
from corcal.interop.send.types import (
    Arrival,
    Commitment,
    Delivery,
    DeliveryReport,
    OutgoingObject,
    SendOptions,
)
from corcal.progress import Progress, no_progress

if TYPE_CHECKING:
    from corcal.interop.send.address import Address

__all__ = [
    "Arrival",
    "Commitment",
    "Delivery",
    "DeliveryReport",
    "DicomAddress",
    "OutgoingObject",
    "SendOptions",
    "WebAddress",
    "deliver",
    "echo",
    "parse_address",
]


def deliver(
    objects: Sequence[OutgoingObject],
    address: "Address",
    *,
    options: SendOptions | None = None,
    progress: Progress = no_progress,
) -> DeliveryReport:
    """Deliver objects, as the bytes that they are, to an archive.

    Parameters
    ----------
    objects : sequence of OutgoingObject
        As `corcal.interop.send.objects.find_objects` gives them.
    address : DicomAddress or WebAddress
        Which of the two decides between C-STORE and STOW-RS.
    options : SendOptions, optional
        Who calls, how long to wait, how often to try, TLS, credentials, storage commitment.
    progress : Progress, optional
        Told of each object that is settled.

    Returns
    -------
    DeliveryReport
        One `Delivery` an object, in the order of `objects`. That the archive cannot be reached, or
        refuses, is a result and no error.

    Raises
    ------
    InputError
        If a certificate or key cannot be used, or the options do not fit the address.
    """
    options = options or SendOptions()
    if isinstance(address, WebAddress):
        from corcal.interop.send.stow import store_over_web

        return DeliveryReport(
            address=str(address),
            deliveries=store_over_web(objects, address, options=options, progress=progress),
        )
    from corcal.interop.send.commitment import with_commitment
    from corcal.interop.send.cstore import store

    deliveries = store(objects, address, options=options, progress=progress)
    if options.commit:
        deliveries = with_commitment(deliveries, address, options=options)
    return DeliveryReport(address=str(address), deliveries=deliveries)


def echo(address: "Address", *, options: SendOptions | None = None) -> str:
    """Ask an archive whether it is there: C-ECHO, or OPTIONS for DICOMweb. Nothing is sent.

    Returns
    -------
    str
        How it answered, for a person.

    Raises
    ------
    PeerError
        If it cannot be reached, or refuses.
    """
    options = options or SendOptions()
    if isinstance(address, WebAddress):
        from corcal.interop.send.stow import echo_over_web

        return echo_over_web(address, options=options)
    from corcal.interop.send.association import echo as dicom_echo

    return dicom_echo(address, options=options)
