"""Server-sent events."""

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from corcal.serve.services import Service, Viewer

__all__ = ["router"]

router = APIRouter(tags=["events"])


@router.get(
    "/events",
    summary="What happens, as it happens",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def events(services: Service, who: Viewer, request: Request) -> StreamingResponse:
    """Tell of exams, jobs and reviews as they change (`event: exam`, `job`, `review`)."""
    services.notices.require_room(who.login)

    def may_stay() -> bool:
        return services.sessions.of_request(request.headers, is_use=False) is not None

    return StreamingResponse(
        services.notices.listen(who.login, may_stay),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )
