"""Server-sent events."""

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from corcal.serve.services import Service

__all__ = ["router"]

router = APIRouter(tags=["events"])


@router.get(
    "/events",
    summary="What happens, as it happens",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def events(services: Service) -> StreamingResponse:
    """Tell of exams, jobs and reviews as they change (`event: exam`, `job`, `review`)."""
    return StreamingResponse(
        services.notices.listen(),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )
