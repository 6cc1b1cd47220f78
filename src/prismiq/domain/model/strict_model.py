"""The settings every public model shares."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")

if TYPE_CHECKING:
    Listed = Sequence[Item]
else:
    # Kept as a tuple, so that a value cannot change. A list is accepted too: this is what callers
    # write, and what type checkers must let them write. The items themselves stay strict.
    Listed = Annotated[tuple[Item, ...], Field(strict=False)]


class StrictModel(BaseModel):
    """A frozen value that refuses unknown fields and silent type conversions."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", populate_by_name=True)
