"""One request and its answer, seen from outside of the application that gives it."""

from collections.abc import Callable
from typing import Any, TypeAlias

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Send

from prismiq.adapters.http.disconnect import ClientGoneError
from prismiq.adapters.http.request_id import RAW_REQUEST_ID_HEADER

CLIENT_CLOSED_REQUEST = 499
"""Nobody reads this answer; access logs know the number."""

_FAILED = 500
_CUT_OFF = 503
_CACHE_HEADER = b"x-cache"
_LENGTH_HEADER = b"content-length"

Ended: TypeAlias = Callable[["Exchange"], None]


class Exchange:
    """Passes messages on, and notes what an access log wants to know of them.

    Args:
        receive: of the server.
        send: of the server.
        request_id: is added to the answer.
        ended: is called once, after the last byte, or when there will be none.
    """

    __slots__ = (
        "_client_left",
        "_content_length",
        "_ended",
        "_has_ended",
        "_raw_request_id",
        "_receive",
        "_send",
        "cache",
        "error",
        "sent_bytes",
        "sent_status",
        "status",
    )

    def __init__(self, receive: Receive, send: Send, request_id: str, ended: Ended) -> None:
        self._receive = receive
        self._send = send
        self._raw_request_id = request_id.encode("ascii")
        self._ended = ended
        self._client_left = False
        self._has_ended = False
        self._content_length = 0
        self.status = 0
        """What became of the request, as an HTTP status."""
        self.sent_status: int | None = None
        """The status that the client was sent, None where it was sent nothing."""
        self.sent_bytes = 0
        """Of the answer's body."""
        self.cache: bytes | None = None
        """The value of the answer's ``X-Cache``."""
        self.error: BaseException | None = None
        """What the application raised."""

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._client_left = True
        return message

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self._note_start(message)
        elif kind == "http.response.body":
            self.sent_bytes += len(message.get("body", b""))
        try:
            await self._send(message)
        except OSError:  # how servers tell that the client left (ASGI 2.4)
            self._client_left = True
            raise
        if kind == "http.response.body":
            if not message.get("more_body", False):
                self._answer_is_complete()
        elif kind == "http.response.pathsend":  # the server has sent the whole file
            self.sent_bytes += self._content_length
            self._answer_is_complete()

    def application_returned(self) -> None:
        """End an exchange whose answer is not complete although nothing was raised."""
        self._end(CLIENT_CLOSED_REQUEST if self._client_left else _FAILED)

    def application_raised(self, error: BaseException) -> None:
        """End an exchange whose answer is not complete; someone outside may answer instead."""
        if self._has_ended:
            return
        self.error = error
        if self._client_left or isinstance(error, ClientDisconnect | ClientGoneError):
            self._end(CLIENT_CLOSED_REQUEST)
        else:
            self._end(_FAILED if isinstance(error, Exception) else _CUT_OFF)

    def _note_start(self, message: Message) -> None:
        self.sent_status = message["status"]
        headers: list[Any] = list(message.get("headers", ()))
        has_id = False
        for name, value in headers:
            if name == RAW_REQUEST_ID_HEADER:
                has_id = True
            elif name == _CACHE_HEADER:
                self.cache = value
            elif name == _LENGTH_HEADER:
                self._content_length = int(value) if value.isdigit() else 0
        if not has_id:
            headers.append((RAW_REQUEST_ID_HEADER, self._raw_request_id))
        message["headers"] = headers

    def _answer_is_complete(self) -> None:
        self._end(CLIENT_CLOSED_REQUEST if self._client_left else self.sent_status or _FAILED)

    def _end(self, status: int) -> None:
        if self._has_ended:
            return
        self._has_ended = True
        self.status = status
        self._ended(self)
