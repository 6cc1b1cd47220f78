"""One request and its answer, seen from outside of the application that gives it."""

from collections.abc import Callable
from typing import TypeAlias

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from prismiq.adapters.http.disconnect import ClientGoneError
from prismiq.adapters.http.request_id import RAW_REQUEST_ID_HEADER

CLIENT_CLOSED_REQUEST = 499
"""Nobody reads this answer; access logs know the number."""

_FAILED = 500
_CUT_OFF = 503
_CACHE_HEADER = b"x-cache"
_LENGTH_HEADER = b"content-length"

SCOPE_KEY = "prismiq.exchange"
"""Where a request's ASGI scope has its exchange."""

Ended: TypeAlias = Callable[["Exchange"], None]
RawHeaders: TypeAlias = list[tuple[bytes, bytes]]


def exchange_of(scope: Scope) -> "Exchange | None":
    """Return the exchange that a request belongs to, if somebody watches it."""
    exchange: Exchange | None = scope.get(SCOPE_KEY)
    return exchange


class Exchange:
    """Passes messages on, and notes what an access log wants to know of them.

    Args:
        receive: of the server.
        send: of the server.
        request_id: is added to the answer.
        ended: is called once, after the last byte, or when there will be none.
    """

    __slots__ = (
        "_added_headers",
        "_client_left",
        "_content_length",
        "_ended",
        "_has_ended",
        "_receive",
        "_request_id",
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
        self._request_id = request_id
        self._added_headers: RawHeaders = []
        self._ended = ended
        self._client_left = False
        self._has_ended = False
        self._content_length: bytes | None = None
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

    def set_headers(self, headers: RawHeaders) -> None:
        """Add header fields to the answer, and none that were set before.

        It costs less than a function around ``send``. An application that is called again, for
        another answer, says again what belongs to that one.
        """
        self._added_headers = headers

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._client_left = True
        return message

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.body":
            self.sent_bytes += len(message.get("body", b""))
        elif kind == "http.response.start":
            message = self._started(message)
        try:
            await self._send(message)
        except OSError:  # how servers tell that the client left (ASGI 2.4)
            self._client_left = True
            raise
        if kind == "http.response.body":
            if not message.get("more_body", False):
                self._answer_is_complete()
        elif kind == "http.response.pathsend":  # the server has sent the whole file
            length = self._content_length or b""
            self.sent_bytes += int(length) if length.isdigit() else 0
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

    def _started(self, message: Message) -> Message:
        """Return the message with more fields; the given one may be sent for other requests too."""
        self.sent_status = message["status"]
        headers: RawHeaders = [*message.get("headers", ()), *self._added_headers]
        known = dict(headers)
        self.cache = known.get(_CACHE_HEADER)
        self._content_length = known.get(_LENGTH_HEADER)
        if RAW_REQUEST_ID_HEADER not in known:
            headers.append((RAW_REQUEST_ID_HEADER, self._request_id.encode("ascii")))
        return {**message, "headers": headers}

    def _answer_is_complete(self) -> None:
        self._end(CLIENT_CLOSED_REQUEST if self._client_left else self.sent_status or _FAILED)

    def _end(self, status: int) -> None:
        if self._has_ended:
            return
        self._has_ended = True
        self.status = status
        self._ended(self)
