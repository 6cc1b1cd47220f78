"""An answer as bytes and as rows, wherever it came from."""

from prismiq.domain.model.result import EncodedResult
from prismiq.domain.rules.kept_results import kept_result
from prismiq.domain.rules.result_encoding import encode_result
from prismiq.domain.services.answer_cache import Answer


def body_of(answer: Answer) -> bytes | memoryview:
    """Return the HTTP body: of a kept answer its very bytes."""
    if answer.entry is not None:
        return answer.entry.stored
    return encode_result(_computed(answer))


def result_in(answer: Answer) -> EncodedResult:
    """Return the answer with its rows still encoded, for those who decode them."""
    return _computed(answer) if answer.entry is None else kept_result(answer.entry)


def _computed(answer: Answer) -> EncodedResult:
    if answer.result is None:
        raise ValueError("an answer is either kept or computed")
    return answer.result
