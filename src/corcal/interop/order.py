"""The order of a hospital that a scan was made for, as its systems name it."""

from dataclasses import dataclass, field

__all__ = ["Order", "OrderCode"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCode:
    """A code of a hospital's own catalogue, or of a standard.

    Attributes
    ----------
    value, meaning, scheme : str
        CodeValue, CodeMeaning, CodingSchemeDesignator; a scheme may be empty.
    """

    value: str
    meaning: str = ""
    scheme: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is known of an order; never printed by ``repr``.

    Everything may be absent. No order is a reason to hold a report back: who has none files it
    by the accession number of the scan.

    Attributes
    ----------
    placer_number : str or None
        PlacerOrderNumberImagingServiceRequest (0040,2016): of who ordered; HL7 ORC-2.
    filler_number : str or None
        FillerOrderNumberImagingServiceRequest (0040,2017): of who does it; HL7 ORC-3.
    accession_number : str or None
        Of the order in the radiology system.
    procedure_id, procedure_description : str or None
        Of the requested procedure (0040,1001), (0032,1060).
    procedure_code : OrderCode or None
        The first of RequestedProcedureCodeSequence (0032,1064).
    referring_physician : str or None
        ReferringPhysicianName (0008,0090), as DICOM writes a name.
    """

    placer_number: str | None = field(default=None, repr=False)
    filler_number: str | None = field(default=None, repr=False)
    accession_number: str | None = field(default=None, repr=False)
    procedure_id: str | None = field(default=None, repr=False)
    procedure_description: str | None = field(default=None, repr=False)
    procedure_code: OrderCode | None = field(default=None, repr=False)
    referring_physician: str | None = field(default=None, repr=False)
