"""Texts and numbers that a caller sends in a body."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError


class Request(BaseModel):
    """A request body; a field it does not have is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


def _whole(value: Any) -> Any:
    """Refuse what is no number in JSON, though it could be read as one: true is not 1."""
    if isinstance(value, bool | str):
        raise PydanticCustomError("int_type", "must be a whole number")
    return value


WHOLE = BeforeValidator(_whole)
"""Makes an `int` one that a body can hold. Stands behind its bounds: before them, the bounds would not be
those of a number any more, and the OpenAPI document would not publish them."""


def uuid_text(value: Any) -> Any:
    """Refuse what is no text, though it could be read as a UUID."""
    if isinstance(value, str | UUID):
        return value
    raise PydanticCustomError("uuid_type", "must be a UUID as text")


def _storable(text: str) -> str:
    """Refuse what JSON can write and not every database can keep."""
    if "\0" in text:
        raise PydanticCustomError("not_storable", "must be text without NUL characters")
    return text


# The least length also makes pydantic look at the characters, and refuse half of a surrogate pair.
_Storable = Annotated[str, StringConstraints(min_length=1), AfterValidator(_storable)]

# The patterns are for readers of the OpenAPI document; what they say is checked here and in `service.limits`,
# with words of our own.
Text = Annotated[_Storable, Field(json_schema_extra={"pattern": r"^[^\u0000]+$"})]
"""Text that can be kept."""

Sentence = Annotated[_Storable, Field(json_schema_extra={"pattern": r"^[^\u0000]*[\p{L}\p{N}][^\u0000]*$"})]
"""Text with a word in it: a letter or a digit, of any script. The longest it may be is a setting."""
