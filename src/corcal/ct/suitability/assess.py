"""The judgement on one series: by its headers alone, or by its voxels too."""

from collections.abc import Iterable
from pathlib import Path

from corcal.ct.findings import finding
from corcal.ct.scan import CTScan, Finding, Severity
from corcal.ct.series import ImageHeader, Series
from corcal.ct.suitability.kinds import (
    believed_gating,
    claims_contrast,
    is_phantom_by_text,
    kind_by_headers,
)
from corcal.ct.suitability.tag_checks import CLAIMS, tag_findings
from corcal.ct.suitability.thorax import ThoraxMeasures, measure_thorax
from corcal.ct.suitability.verdict import (
    KIND_WORDS,
    SeriesKind,
    Suitability,
    Verdict,
    by_severity,
    verdict_of,
)
from corcal.ct.suitability.voxel_checks import heart_findings, phantom_findings, shows_phantom

__all__ = [
    "SCAN_KINDS",
    "assess",
    "assess_scan",
    "is_only_claimed_unfit",
    "statement",
    "unreadable",
    "with_finding",
]

# Kinds that no scan can be made of, and the code that says so if reading did not
_NO_VOLUME = {
    SeriesKind.NOT_CT: "NOT_CT",
    SeriesKind.LOCALIZER: "LOCALIZER",
    SeriesKind.DOSE_REPORT: "NO_IMAGES",
    SeriesKind.DERIVED: "NOT_SLICES",
    SeriesKind.UNREADABLE: "",
}
SCAN_KINDS = frozenset(SeriesKind) - frozenset(_NO_VOLUME)
"""Kinds of series whose voxels are worth reading."""

_NOT_OF_PHANTOMS = frozenset({"NOT_GATED", "GATING_UNCERTAIN", "GATING_INFERRED"})  # no heart beats
_VERDICT_WORDS = {
    Verdict.FIT: "it can be scored",
    Verdict.CAUTION: "it can be scored, and must be read with care",
    Verdict.UNFIT: "it cannot be scored",
}


def assess(series: Series, scan: CTScan | None = None) -> Suitability:
    """Judge whether a series is fit for calcium scoring.

    Parameters
    ----------
    series : Series
        Its headers.
    scan : CTScan, optional
        Its voxels. They overrule what tags and descriptions say of contrast and body part.

    Returns
    -------
    Suitability
        Any error makes it unfit, any warning asks for caution.
    """
    kind = kind_by_headers(series)
    read = [*series.findings, *(scan.findings if scan is not None else ())]
    found: list[Finding] = []
    if kind in _NO_VOLUME:
        if verdict_of(read) is not Verdict.UNFIT:
            message = f"it is {KIND_WORDS[kind]}; original axial CT slices are needed"
            found.append(finding(_NO_VOLUME[kind], message))
    elif scan is None:
        found += tag_findings(series)
    else:
        measures = measure_thorax(scan)
        seen = _voxel_findings(series, measures)
        kind = _kind_by_voxels(series, measures, seen)
        found += [*seen, *_weighed(tag_findings(series), kind, measures)]
    return _suitability(series, kind, [*found, *read])


def assess_scan(scan: CTScan) -> Suitability:
    """Judge a scan in memory, for which no catalogue was made.

    Parameters
    ----------
    scan : CTScan
        Headers as in `CTScan.acquisition`.

    Returns
    -------
    Suitability
        As of `assess`.
    """
    return assess(_series_of(scan), scan)


def _voxel_findings(series: Series, measures: ThoraxMeasures) -> tuple[Finding, ...]:
    if is_phantom_by_text(series):
        return phantom_findings(measures)
    if shows_phantom(measures):
        message = "the voxels are those of a phantom: the same from slice to slice"
        return (finding("PHANTOM", message), *phantom_findings(measures))
    return heart_findings(measures, claims_contrast=claims_contrast(series.acquisition))


def _kind_by_voxels(
    series: Series, measures: ThoraxMeasures, seen: Iterable[Finding]
) -> SeriesKind:
    codes = {item.code for item in seen}
    if is_phantom_by_text(series) or "PHANTOM" in codes:
        return SeriesKind.PHANTOM
    if codes & {"NO_BODY", "NOT_HEART"}:
        return SeriesKind.NOT_HEART
    claimed = claims_contrast(series.acquisition) and measures.blood_hu is None
    if "CONTRAST_MEASURED" in codes or claimed:
        return SeriesKind.CONTRAST_CT
    gated = believed_gating(series).is_gated
    return SeriesKind.GATED_CALCIUM if gated else SeriesKind.CHEST_NONCONTRAST


def _weighed(
    tagged: Iterable[Finding], kind: SeriesKind, measures: ThoraxMeasures
) -> list[Finding]:
    """Replace the claims of tags that the voxels have refuted."""
    weighed: list[Finding] = []
    for item in tagged:
        if item.code in ("CONTRAST_BY_TAG", "CONTRAST_HINT"):
            weighed += _contrast_weighed(item, kind, measures.blood_hu)
        elif kind is SeriesKind.PHANTOM and item.code in _NOT_OF_PHANTOMS:
            continue
        elif item.code == "BODY_PART_OTHER" and kind is not SeriesKind.NOT_HEART:
            message = "the headers name another body part, but the voxels show a chest"
            weighed.append(finding("BODY_PART_DOUBTED", message))
        else:
            weighed.append(item)
    return weighed


def _contrast_weighed(
    claim: Finding, kind: SeriesKind, blood_hu: float | None
) -> tuple[Finding, ...]:
    """Weigh a claim of contrast against the blood pool: a description counts less than a tag."""
    if blood_hu is None:
        doubt = Severity.WARNING if claim.code == "CONTRAST_HINT" else None
        return (finding(claim.code, claim.message, doubt or claim.severity),)
    if kind is SeriesKind.CONTRAST_CT:
        return (claim,)
    message = f"the headers speak of contrast, but the blood pool has {blood_hu:.0f} HU as without"
    return (finding("CONTRAST_DOUBTED", message),)


def _suitability(series: Series, kind: SeriesKind, found: Iterable[Finding]) -> Suitability:
    findings = by_severity(found)
    verdict = verdict_of(findings)
    return Suitability(
        kind=kind,
        verdict=verdict,
        findings=findings,
        summary=_summary(series, kind, verdict, findings),
    )


def _summary(
    series: Series, kind: SeriesKind, verdict: Verdict, findings: tuple[Finding, ...]
) -> str:
    what = _statement(series, kind, verdict)
    return f"{what}." if verdict is Verdict.FIT else f"{what}: {findings[0].message}."


def _statement(series: Series, kind: SeriesKind, verdict: Verdict) -> str:
    count = series.slice_count
    size = f"{count} slice{'s' if count != 1 else ''}" if kind not in _NO_VOLUME else ""
    if size and series.spacing_mm:
        size += f", one every {series.spacing_mm[0]:.3g} mm"
    what = f"This is {KIND_WORDS[kind]}" + (f" ({size})" if size else "")
    return f"{what}; {_VERDICT_WORDS[verdict]}"


def _series_of(scan: CTScan) -> Series:
    """Headers as they would be in a catalogue, of a scan in memory."""
    n_y, n_x = scan.shape[1:]
    images = tuple(
        ImageHeader(
            path=Path(),
            source=source.source,
            sop_instance_uid=source.sop_instance_uid,
            sop_class_uid=scan.series.sop_class_uid,
            transfer_syntax_uid=None,
            instance_number=source.instance_number,
            acquisition_number=None,
            frame_number=source.frame_number,
            rows=n_y,
            columns=n_x,
            position_mm=source.position_mm,
            orientation=None,
            pixel_spacing_mm=scan.spacing_mm[1:],
            rescale_slope=1.0,
            rescale_intercept=0.0,
            pixel_padding=None,
            slice_thickness_mm=scan.acquisition.slice_thickness_mm,
            image_type=scan.acquisition.image_type,
        )
        for source in scan.slices
    )
    return Series(
        format="nifti" if scan.acquisition.modality is None else "dicom",
        identity=scan.series,
        acquisition=scan.acquisition,
        patient=scan.patient,
        images=images,
        spacing_mm=scan.spacing_mm,
        findings=scan.findings,
    )


def statement(series: Series, suitability: Suitability) -> str:
    """Say what a series is and whether it can be scored: its summary without the reason."""
    return f"{_statement(series, suitability.kind, suitability.verdict)}."


def with_finding(series: Series, suitability: Suitability, found: Finding) -> Suitability:
    """Judge a series anew, with one finding more: the first of its severity."""
    return _suitability(series, suitability.kind, (found, *suitability.findings))


def unreadable(by_headers: Suitability, refusal: str) -> Suitability:
    """Judge a series whose headers are well and whose voxels could not be read.

    Parameters
    ----------
    by_headers : Suitability
        As of `assess` without the scan.
    refusal : str
        What the error of reading says.
    """
    refused = finding("UNREADABLE", refusal)
    return Suitability(
        kind=SeriesKind.UNREADABLE,
        verdict=Verdict.UNFIT,
        findings=(refused, *by_headers.findings),
        summary=f"This is {KIND_WORDS[SeriesKind.UNREADABLE]}; it cannot be scored: {refusal}.",
    )


def is_only_claimed_unfit(suitability: Suitability) -> bool:
    """Whether a series is unfit by claims of its tags alone, which its voxels may refute."""
    errors = {item.code for item in suitability.findings if item.severity is Severity.ERROR}
    return bool(errors) and errors <= CLAIMS
