"""What pydantic says about a request, in the words and paths of its sender."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel

from prismiq.adapters.http.bodies import ENVELOPE
from prismiq.domain.model.validation import FieldProblem
from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.suggestions import closest

FieldNames = Mapping[str | None, frozenset[str]]
"""The names of the fields of an object, by the field it stands in (None: the body itself)."""

_SENTENCES: Mapping[str, tuple[str, str]] = {
    "missing": ("missing_field", "is required"),
    "extra_forbidden": ("unknown_field", "is not a known field"),
    "literal_error": ("invalid_choice", "must be one of {expected}"),
    "string_type": ("wrong_type", "must be a string"),
    "bool_type": ("wrong_type", "must be true or false"),
    "bool_parsing": ("wrong_type", "must be true or false"),
    "int_type": ("wrong_type", "must be a whole number"),
    "int_parsing": ("wrong_type", "must be a whole number"),
    "int_from_float": ("wrong_type", "must be a whole number"),
    "float_type": ("wrong_type", "must be a number"),
    "float_parsing": ("wrong_type", "must be a number"),
    "tuple_type": ("wrong_type", "must be a list"),
    "list_type": ("wrong_type", "must be a list"),
    "dict_type": ("wrong_type", "must be an object"),
    "model_type": ("wrong_type", "must be an object"),
    "model_attributes_type": ("wrong_type", "must be an object"),
    "too_short": ("too_short", "needs at least {min_length} item"),
    "greater_than_equal": ("out_of_range", "must be at least {ge}"),
    "less_than_equal": ("out_of_range", "must be at most {le}"),
}
_UNKNOWN_KIND = ("invalid_value", "is not valid")
_LONGEST_STEP = 64
_GROUPED_LISTS = frozenset({"filters", "and", "or"})
_SCALAR_UNIONS = frozenset({"fill_value"})


def describe(
    errors: Sequence[Mapping[str, Any]], names: FieldNames, most: int
) -> list[FieldProblem]:
    """Return one problem per field, up to ``most``. No value of the request is repeated.

    Args:
        errors: as pydantic and FastAPI list them; the location's first step is where the value
            came from ("body", "query", "path").
        names: which fields there are, for suggestions.
        most: how many problems are enough.
    """
    locations = [tuple(error["loc"]) for error in errors]
    problems: dict[str | None, FieldProblem] = {}
    for error, location in zip(errors, locations, strict=True):
        if error["type"] == "too_short" and _has_more_inside(location, locations):
            continue  # pydantic counts only the valid members
        steps = _without_branches(_within_query(location[1:]))
        path = _path_of(steps)
        if path not in problems:
            problems[path] = _problem(error, steps, path, names)
        if len(problems) == most:
            break
    return list(problems.values())


def field_names(annotation: Any) -> FieldNames:
    """Collect the field names of a body's models, all the way down."""
    found: dict[str | None, frozenset[str]] = {}
    seen: set[type[BaseModel]] = set()
    waiting: list[tuple[str | None, Any]] = [(None, annotation)]
    while waiting:
        parent, part = waiting.pop()
        for model in _models_in(part):
            fields = {info.alias or name: info for name, info in model.model_fields.items()}
            found[parent] = found.get(parent, frozenset()) | fields.keys()
            if model not in seen:
                seen.add(model)
                waiting.extend((name, info.annotation) for name, info in fields.items())
    return found


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _problem(
    error: Mapping[str, Any], steps: Sequence[str | int], path: str | None, names: FieldNames
) -> FieldProblem:
    code, sentence = _SENTENCES.get(error["type"], _UNKNOWN_KIND)
    sentence = sentence.format_map(error.get("ctx") or {})
    subject = "The body" if path is None else f"'{path}'"
    return FieldProblem(
        code=code,
        message=f"{subject} {sentence}.",
        field=path,
        suggestion=_suggestion(error, steps, names),
    )


def _suggestion(
    error: Mapping[str, Any], steps: Sequence[str | int], names: FieldNames
) -> str | None:
    given, candidates = error.get("input"), frozenset[str]()
    if error["type"] == "literal_error":
        candidates = frozenset(re.findall(r"'([^']*)'", error["ctx"]["expected"]))
    elif error["type"] == "extra_forbidden" and steps:
        given = steps[-1]
        candidates = names.get(_parent_of(steps), frozenset())
    match = closest(given, sorted(candidates)) if isinstance(given, str) else None
    return f"Did you mean {shown(match)}?" if match else None


def _parent_of(steps: Sequence[str | int]) -> str | None:
    return next((step for step in reversed(steps[:-1]) if isinstance(step, str)), None)


def _within_query(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Name a query's fields in the same way whether it is in an envelope or not."""
    is_inside = len(location) > 2 and location[:2] == (ENVELOPE, "query")
    return location[2:] if is_inside else location


def _without_branches(location: Iterable[str | int]) -> list[str | int]:
    """Drop the steps that name a branch of a union: they are not in the sender's text.

    A member of a list of conditions, and the condition in ``not``, is followed by its kind; a
    number that may have several types is followed by the type that was tried. Kinds of whole
    bodies are in parentheses.
    """
    steps: list[str | int] = []
    a_branch_follows = False
    parent = None
    for step in location:
        if a_branch_follows or (isinstance(step, str) and step.startswith("(")):
            a_branch_follows = False
            continue
        steps.append(step)
        if isinstance(step, str):
            parent = step
        a_branch_follows = (
            (isinstance(step, int) and parent in _GROUPED_LISTS)
            or step == "not"
            or step in _SCALAR_UNIONS
        )
    return steps


def _path_of(steps: Iterable[str | int]) -> str | None:
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            name = shown(step)[1:-1][:_LONGEST_STEP]
            path += f".{name}" if path else name
    return path or None


def _has_more_inside(location: tuple[Any, ...], locations: Iterable[tuple[Any, ...]]) -> bool:
    return any(
        len(other) > len(location) and other[: len(location)] == location for other in locations
    )
