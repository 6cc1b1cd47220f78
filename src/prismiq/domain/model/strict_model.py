"""The settings every public model shares."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")

Listed = Annotated[tuple[Item, ...], Field(strict=False)]
"""A tuple field that also accepts a list. The items themselves stay strict."""


class StrictModel(BaseModel):
    """A frozen value that refuses unknown fields and silent type conversions."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", populate_by_name=True)
