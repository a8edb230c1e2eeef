"""What every recipe is: settings with defaults, read from names and values, and nothing that is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

from memnet.errors import RecipeError

S = TypeVar("S", bound="Settings")


@dataclass(frozen=True, slots=True)
class Settings:
    """The root of the recipes."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls: type[S], values: Mapping[str, Any]) -> S:
        """Read a recipe; settings that are not named keep their defaults.

        Raises:
            RecipeError: A setting that does not exist, or a value that cannot be.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(values.keys() - known):
            raise RecipeError(
                f"a recipe has no setting '{unknown[0]}'", hint=f"settings: {', '.join(sorted(known))}"
            )
        return cls(**values)
