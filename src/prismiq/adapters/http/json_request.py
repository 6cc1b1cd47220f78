"""Reading a JSON body: bounded, UTF-8, strict."""

from email.message import Message
from typing import Any

from pydantic_core import from_json
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope

from prismiq.adapters.http.problems import RequestProblem

DEFAULT_MAX_BODY_BYTES = 1024 * 1024
MAX_PARTS = 3_000
"""How many fields and list members a body may have: far more than a query within its limits.
Lists of values to compare with are not counted; the query's own limits are for them."""

_JSON = b"application/json"
_LONGEST_CONTENT_TYPE = 200
"""Python takes seconds to parse a header of many semicolons."""
_FEW_PARTS_BYTES = 2_048
"""A body up to this size is not counted: it cannot have many parts."""


class JsonRequest(Request):
    """A request whose body is read up to a limit and parsed as strict JSON.

    A body without Content-Type is refused: browsers send such requests across origins without
    asking first.

    Args:
        scope: the ASGI scope.
        receive: the ASGI channel the body comes from.
        max_body_bytes: the longest body that is read.
    """

    def __init__(self, scope: Scope, receive: Receive, max_body_bytes: int) -> None:
        super().__init__(scope, receive)
        self._max_body_bytes = max_body_bytes
        self._fields: dict[bytes, bytes] = dict(scope["headers"])  # names are in lower case in ASGI

    async def json_body(self) -> bytes:
        """Return the body after checking what the headers say of it, and that there is one.

        Raises:
            RequestProblem: 415, it is not JSON in UTF-8, or it is compressed; 422, there is
                none. Also raises as ``body``.
        """
        headers = self._fields
        content_type = headers.get(b"content-type", b"")
        if content_type != _JSON and not _is_utf8_json(content_type.decode("latin-1")):
            raise RequestProblem(
                415,
                "unsupported_media_type",
                "The body must be JSON in UTF-8: send the header 'Content-Type: application/json'.",
            )
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise RequestProblem(
                415, "unsupported_encoding", "Send the body as it is, without Content-Encoding."
            )
        body = await self.body()
        if not body:
            raise RequestProblem(422, "invalid_json", "The body is empty.")
        return body

    async def body(self) -> bytes:
        """Return the body.

        Raises:
            RequestProblem: 413, it is longer than allowed; no more than that is read.
        """
        known: bytes | None = getattr(self, "_body", None)
        if known is not None:
            return known
        announced = self._fields.get(b"content-length", b"")
        if announced.isdigit() and int(announced) > self._max_body_bytes:
            raise self._too_large()
        # Not through ``stream``: its generator costs more than all of this.
        body, size, more = b"", 0, True
        chunks = []
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            body = message.get("body", b"")
            more = message.get("more_body", False)
            size += len(body)
            if size > self._max_body_bytes:
                raise self._too_large()
            chunks.append(body)
        self._body = body if len(chunks) == 1 else b"".join(chunks)
        return self._body

    async def json(self) -> Any:
        """Return the parsed body.

        Parsing comes before validation, and not within it: a validator of nested groups would
        build each of them once for every group around it. A validator also describes every
        fault, so a body that is all faults would keep it busy for a minute.

        Raises:
            RequestProblem: 422, the body is not UTF-8, not JSON (NaN and Infinity are not), or
                has too many parts.
        """
        body = await self.body()
        try:
            document = from_json(body, allow_inf_nan=False)
        except ValueError as error:
            raise _not_json(body, error) from None
        if len(body) > _FEW_PARTS_BYTES and _has_too_many_parts(document):
            raise RequestProblem(
                422,
                "too_many_parts",
                f"The body has more than {MAX_PARTS} fields and list members.",
            )
        return document

    def _too_large(self) -> RequestProblem:
        return RequestProblem(
            413,
            "body_too_large",
            f"The body is too large: at most {self._max_body_bytes} bytes are accepted.",
        )


def _is_utf8_json(content_type: str) -> bool:
    if len(content_type) > _LONGEST_CONTENT_TYPE:
        return False
    header = Message()
    header["content-type"] = content_type
    kind, _, subtype = header.get_content_type().partition("/")
    charset = str(header.get_param("charset", "utf-8")).lower()
    is_json = kind == "application" and (subtype == "json" or subtype.endswith("+json"))
    return is_json and charset in ("utf-8", "utf8")


def _not_json(body: bytes, error: ValueError) -> RequestProblem:
    try:
        body.decode()
    except UnicodeDecodeError as encoding_error:
        return RequestProblem(
            422,
            "invalid_encoding",
            f"The body is not valid UTF-8: look at byte {encoding_error.start}.",
        )
    # The parser's messages name a place and a rule, never the text they found there.
    return RequestProblem(422, "invalid_json", f"The body is not valid JSON: {error}.")


def _has_too_many_parts(document: Any) -> bool:
    count, waiting = 0, [document]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            members = [member for name, member in part.items() if name != "value"]
        elif isinstance(part, list):
            members = part
        else:
            continue
        count += len(members)
        if count > MAX_PARTS:
            return True
        waiting.extend(members)
    return False
