"""Benchmark recipes: one TOML file per published setting, and the reader that refuses unknown keys."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from memnet.babi.dataset import SPLITS
from memnet.babi.published import Published, published
from memnet.errors import RecipeError
from memnet.nn.memn2n import MemN2N
from memnet.nn.multihead import MultiHeadMemory
from memnet.training.multihead.recipe import MultiHeadRecipe
from memnet.training.recipe import Recipe

_RECIPES: dict[str, type[Recipe] | type[MultiHeadRecipe]] = {
    MemN2N.family: Recipe,
    MultiHeadMemory.family: MultiHeadRecipe,
}


@dataclass(frozen=True, slots=True)
class BenchmarkRecipe:
    """What `memnet babi benchmark` trains, and the published column it stands beside."""

    name: str
    split: str
    mode: str
    """`single`: one network per task; `joint`: one network for all tasks."""
    restarts: int
    """Runs from different seeds, of which one is selected; see `selected_by`."""
    recipe: Recipe | MultiHeadRecipe
    published: Published | None

    @property
    def network(self) -> str:
        """The family that the recipe trains."""
        return next(family for family, kind in _RECIPES.items() if isinstance(self.recipe, kind))

    @property
    def selected_by(self) -> str:
        """What the selected restart has least of: for MemN2N what the paper says, else what is held out."""
        return "training error" if isinstance(self.recipe, Recipe) else "validation error"

    @property
    def work(self) -> int:
        """What training one network takes, for progress: epochs, or questions where a recipe counts those."""
        return self.recipe.total_epochs if isinstance(self.recipe, Recipe) else self.recipe.questions

    def to_dict(self) -> dict[str, Any]:
        """The resolved recipe, as it is saved with the results."""
        return {
            "name": self.name,
            "network": self.network,
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
    known = {"network", "split", "mode", "restarts", "recipe", "published"}
    values = {"network": MemN2N.family} | values
    if unknown := sorted(values.keys() - known):
        raise RecipeError(f"{name_or_path}: no key '{unknown[0]}'", hint=f"keys: {', '.join(sorted(known))}")
    if missing := sorted(known - {"published"} - values.keys()):
        raise RecipeError(f"{name_or_path}: the key '{missing[0]}' is missing")
    choices = (("network", tuple(_RECIPES)), ("split", SPLITS), ("mode", ("single", "joint")))
    for key, allowed in choices:
        if values[key] not in allowed:
            raise RecipeError(
                f"{name_or_path}: {key} must be one of {', '.join(allowed)}; got '{values[key]}'"
            )
    if not isinstance(values["restarts"], int) or values["restarts"] < 1:
        raise RecipeError(f"{name_or_path}: restarts must be at least 1; got {values['restarts']!r}")
    recipe = recipe_of(values["network"], values["recipe"])
    return BenchmarkRecipe(
        name=Path(name_or_path).stem,
        split=values["split"],
        mode=values["mode"],
        restarts=values["restarts"],
        recipe=recipe,
        published=_column(name_or_path, values["published"], values["mode"])
        if "published" in values
        else None,
    )


def recipe_of(network: str, values: Mapping[str, Any]) -> Recipe | MultiHeadRecipe:
    """The recipe of a family from its settings.

    Raises:
        RecipeError: A setting that does not exist, or a value that cannot be.
        KeyError: No such family.
    """
    return _RECIPES[network].from_dict(values)


def _column(name: str, values: Mapping[str, Any], mode: str) -> Published:
    known = {"model", "train_size", "statistic"}
    if unknown := sorted(values.keys() - known):
        raise RecipeError(
            f"{name}: no key '{unknown[0]}' in published", hint=f"keys: {', '.join(sorted(known))}"
        )
    if missing := sorted(known - {"statistic"} - values.keys()):
        raise RecipeError(f"{name}: the key '{missing[0]}' is missing in published")
    return published(values["model"], values["train_size"], mode, values.get("statistic"))
