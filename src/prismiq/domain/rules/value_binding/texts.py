"""Text, patterns and enum labels."""

from typing import Any

from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.suggestions import closest
from prismiq.domain.rules.value_binding.problem import ValueProblem, wrong_type
from prismiq.domain.rules.value_binding.target import Target


def text(value: Any, target: Target) -> str:
    """Return text that PostgreSQL can store."""
    if not isinstance(value, str):
        raise wrong_type("text", value)
    if len(value) > target.limits.max_text_length:
        raise ValueProblem(
            "value_too_long",
            f"Text may have {target.limits.max_text_length} characters at most,"
            f" this one has {len(value)}.",
        )
    if "\x00" in value:
        raise ValueProblem("nul_character", "Text must not contain NUL characters.")
    if not _is_unicode(value):
        raise ValueProblem("invalid_unicode", "Text must not contain lone surrogates.")
    return value


def pattern(value: Any, target: Target) -> str:
    """Return a LIKE pattern. A backslash at its end would escape nothing."""
    written = text(value, target)
    backslashes = len(written) - len(written.rstrip("\\"))
    if backslashes % 2:
        raise ValueProblem(
            "invalid_pattern",
            "The pattern ends in a backslash that escapes nothing.",
            "Write two backslashes to match one.",
        )
    return written


def label(value: Any, target: Target) -> str:
    """Return a label of the enum type."""
    written = text(value, target)
    if written not in target.labels:
        meant = closest(written, target.enum_values or ())
        raise ValueProblem(
            "unknown_label",
            f"{shown(written)} is not one of the labels of {shown(target.data_type)}.",
            meant and f"Did you mean {shown(meant)}?",
        )
    return written


def _is_unicode(written: str) -> bool:
    try:
        written.encode()
    except UnicodeEncodeError:
        return False
    return True
