"""The voxels of an exam, and its small picture."""

import gzip
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from corcal.serve.access import opened_exam
from corcal.serve.files import THUMBNAIL
from corcal.serve.models import Key
from corcal.serve.problems import Problem
from corcal.serve.review_models import ScanInfo
from corcal.serve.scans import pixels_int16
from corcal.serve.services import Service, Services
from corcal.serve.settings import is_loopback
from corcal.serve.sight import Sight, sight_of_scan
from corcal.serve.thumbnail import plain_png
from corcal.store.records import ExamRecord

__all__ = ["router"]

router = APIRouter(tags=["pixels"])
_FAST = 1  # level of gzip: a line of 100 Mbit/s is slower than this, one of 1 Gbit/s is not
_BYTES: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": {}}}}
_PNG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}}}


@router.get("/exams/{exam_id}/scan", response_model=ScanInfo, summary="The geometry of the scan")
def scan(services: Service, request: Request, exam_id: Key) -> ScanInfo:
    """Give shape, spacing and place of the scan; of an exam without a result, of its images."""
    return _info(_sight(services, opened_exam(services, request, exam_id, "view")))


@router.get(
    "/exams/{exam_id}/scan/voxels",
    summary="Voxels of slices",
    response_class=Response,
    responses=_BYTES,
)
def voxels(
    services: Service,
    request: Request,
    exam_id: Key,
    z0: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    z1: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> Response:
    """Give slices `z0` up to, not including, `z1`: little-endian int16, slice by slice."""
    exam = services.store.exam(exam_id)  # whoever has gone is gone from memory, too
    hu = _sight(services, exam).hu
    last = hu.shape[0] if z1 is None else min(z1, hu.shape[0])
    if z0 >= last:
        raise Problem(422, "slices", f"no slices from {z0} to {last}; there are {hu.shape[0]}")
    data = pixels_int16(hu[z0:last]).tobytes()
    headers: dict[str, str] = {}
    if _wants_gzip(request):
        data, headers = gzip.compress(data, _FAST), {"Content-Encoding": "gzip"}
    return Response(data, media_type="application/octet-stream", headers=headers)


@router.get(
    "/exams/{exam_id}/thumbnail.png",
    summary="A small picture",
    response_class=Response,
    responses=_PNG,
)
def thumbnail(services: Service, exam_id: Key) -> Response:
    """Give the small picture of the worklist; without a result, one of the images alone."""
    exam = services.store.exam(exam_id)
    for version in range(exam.latest_version, 0, -1):
        if THUMBNAIL in services.store.attachments(exam_id, version):
            data = services.store.attachment(exam_id, THUMBNAIL, version)
            return Response(data, media_type="image/png")
    return Response(plain_png(_sight(services, exam).hu), media_type="image/png")


def _sight(services: Services, exam: ExamRecord) -> Sight:
    """Give what is seen of an exam: the scan that was scored or, without a result, its images."""
    if exam.latest_version:
        try:
            return sight_of_scan(services.opened.get(exam.id).scan)
        except Problem as exc:
            if exc.status != 409:
                raise
    return services.sights.get(exam)


def _info(scan: Sight) -> ScanInfo:
    axes = scan.affine_lps[:3, [2, 1, 0]]  # x, y, z
    direction = axes / np.linalg.norm(axes, axis=0)
    x, y, z = scan.affine_lps[:3, 3].tolist()
    return ScanInfo(
        shape=_shape(scan),
        spacing_mm=scan.spacing_mm,
        origin_mm=(x, y, z),
        direction=direction.reshape(-1).tolist(),
        dtype="int16",
        bytes=2 * scan.hu.size,
        is_volume=scan.is_volume,
        note=scan.note,
    )


def _shape(scan: Sight) -> tuple[int, int, int]:
    n_z, n_y, n_x = scan.hu.shape
    return n_z, n_y, n_x


def _wants_gzip(request: Request) -> bool:
    """Pack for those who are far away: on this machine packing takes longer than sending."""
    here = request.client is not None and is_loopback(request.client.host)
    return not here and "gzip" in request.headers.get("accept-encoding", "")
