"""Benchmark recipes: one TOML file per published setting, and the reader that refuses unknown keys."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from memnet.babi.dataset import SPLITS
from memnet.babi.published import Published, published
from memnet.errors import RecipeError
from memnet.training.recipe import Recipe


@dataclass(frozen=True, slots=True)
class BenchmarkRecipe:
    """What `memnet babi benchmark` trains, and the published column it stands beside."""

    name: str
    split: str
    mode: str
    """`single`: one network per task; `joint`: one network for all tasks."""
    restarts: int
    """Runs from different seeds; the one with the lowest training error is selected, as in the paper."""
    recipe: Recipe
    published: Published | None

    def to_dict(self) -> dict[str, Any]:
        """The resolved recipe, as it is saved with the results."""
        return {
            "name": self.name,
            "split": self.split,
            "mode": self.mode,
            "restarts": self.restarts,
            "recipe": self.recipe.to_dict(),
        }


def names() -> list[str]:
    """The recipes that memnet brings."""
    entries = (entry.name for entry in files(__name__).iterdir())
    return sorted(name.removesuffix(".toml") for name in entries if name.endswith(".toml"))


def load(name_or_path: str) -> BenchmarkRecipe:
    """Read a recipe by name, or from a TOML file of one's own.

    Raises:
        RecipeError: There is none, it is not TOML, or a key is unknown or missing.
    """
    own = name_or_path.endswith(".toml")
    try:
        source = Path(name_or_path) if own else files(__name__).joinpath(f"{name_or_path}.toml")
        values = tomllib.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(
            f"there is no recipe '{name_or_path}'", hint=f"recipes: {', '.join(names())}"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{name_or_path}: {error}") from None
    known = {"split", "mode", "restarts", "recipe", "published"}
    if unknown := sorted(values.keys() - known):
        raise RecipeError(f"{name_or_path}: no key '{unknown[0]}'", hint=f"keys: {', '.join(sorted(known))}")
    if missing := sorted(known - {"published"} - values.keys()):
        raise RecipeError(f"{name_or_path}: the key '{missing[0]}' is missing")
    for key, allowed in (("split", SPLITS), ("mode", ("single", "joint"))):
        if values[key] not in allowed:
            raise RecipeError(
                f"{name_or_path}: {key} must be one of {', '.join(allowed)}; got '{values[key]}'"
            )
    if not isinstance(values["restarts"], int) or values["restarts"] < 1:
        raise RecipeError(f"{name_or_path}: restarts must be at least 1; got {values['restarts']!r}")
    beside = values.get("published")
    return BenchmarkRecipe(
        name=Path(name_or_path).stem,
        split=values["split"],
        mode=values["mode"],
        restarts=values["restarts"],
        recipe=Recipe.from_dict(values["recipe"]),
        published=published(beside["model"], beside["train_size"], values["mode"]) if beside else None,
    )
