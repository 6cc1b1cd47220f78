"""Answers to queries as HTTP responses."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from prismiq.domain.model.cached_answer import CacheOutcome
from prismiq.domain.services.answer_cache import Answer
from prismiq.domain.services.answer_forms import body_of

CACHE_HEADERS = ("X-Cache", "Age", "Server-Timing")
"""For ``Access-Control-Expose-Headers``."""

_TYPE = (b"content-type", b"application/json")
_TIMING = {outcome: b"cache;desc=%s;dur=%%.2f" % outcome.value.encode() for outcome in CacheOutcome}
_X_CACHE = {outcome: (b"x-cache", outcome.value.encode()) for outcome in CacheOutcome}


class AnswerResponse(Response):
    """The body of an answer: the kept bytes as they are, or the rows with head and tail around.

    ``X-Cache`` says where it came from, ``Age`` how many seconds ago a kept one was computed, and
    ``Server-Timing`` how long the cache and the database took, in milliseconds.

    Args:
        answer: what the service returned.
        now: the present moment in Unix seconds.
        seconds: how long it took to get the answer.
    """

    def __init__(self, answer: Answer, *, now: float, seconds: float) -> None:
        # Not the constructor of the framework's class: it builds and encodes a mapping of headers,
        # which costs as much as finding the answer.
        self.status_code = 200
        self.background = None
        self.body = body_of(answer)
        outcome, result, entry, *_ = answer
        timing = _TIMING[outcome] % (seconds * 1000)
        headers = [_TYPE, _X_CACHE[outcome]]
        if entry is not None:
            headers.append((b"age", b"%d" % max(0.0, now - entry.created_at)))
        elif result is not None:
            timing += b", db;dur=%.2f" % result.execution_time_ms
        headers.append((b"server-timing", timing))
        headers.append((b"content-length", b"%d" % len(self.body)))
        self.raw_headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it; a route of the framework may have tasks for afterwards."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        await send({"type": "http.response.body", "body": self.body})
        if self.background is not None:
            await self.background()


def wants_fresh(request: Request) -> bool:
    """Return whether the client asks for an answer from the database itself.

    ``Cache-Control: no-cache`` and ``no-store`` both mean that here.
    """
    for name, value in request.scope["headers"]:
        if name == b"cache-control":
            directives = {part.strip().lower() for part in value.split(b",")}
            if directives & {b"no-cache", b"no-store"}:
                return True
    return False
