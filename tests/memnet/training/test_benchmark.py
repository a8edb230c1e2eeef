"""Benchmarks: recipes by name, units that are not trained twice, and a report with everything in it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from memnet import recipes
from memnet.babi.published import _columns
from memnet.errors import RecipeError
from memnet.training.recipe import PAPER_JOINT, PAPER_SINGLE
from tests.memnet.cli.command import memnet

TINY = """
split = "en"
mode = "{mode}"
restarts = 2

[recipe]
linear_epochs = 1
epochs = 2
dim = 6
"""


@pytest.fixture
def tiny(tmp_path):
    def write(mode: str) -> str:
        path = tmp_path / f"{mode}.toml"
        path.write_text(TINY.format(mode=mode))
        return str(path)

    return write


def test_every_recipe_loads_with_its_published_column():
    assert len(recipes.names()) == 19
    for name in recipes.names():
        recipe = recipes.load(name)
        assert recipe.published is not None
        assert len(recipe.published.errors) == 20
        assert recipe.restarts == 10
        size, mode, *_ = name.split("-")
        assert (recipe.published.train_size, recipe.published.mode) == (size, mode)
        assert (recipe.split, recipe.mode) == ({"1k": "en", "10k": "en-10k"}[size], mode)


def test_every_column_of_the_paper_has_a_recipe():
    """Columns of other implementations name their repository."""
    ours = [recipes.load(name).published for name in recipes.names()]

    assert sorted((each.model, each.train_size, each.mode) for each in ours) == sorted(
        (each.model, each.train_size, each.mode)
        for each in _columns()
        if each.model.startswith("MemN2N") and "/" not in each.model
    )


def test_the_recipes_of_10k_differ_from_those_of_1k_in_the_data_and_the_schedule():
    """Section 4.2: 20 epochs and a halving every 5 for all tasks jointly; for one task nothing else is named."""
    schedule = {"linear_epochs": 10, "epochs": 20, "halve_every": 5}
    for name in recipes.names():
        if name.startswith("1k-"):
            small = recipes.load(name).recipe
            large = recipes.load(f"10k-{name.removeprefix('1k-')}").recipe
            assert large == (replace(small, **schedule) if "joint" in name else small)
    relu = recipes.load("10k-single-pe-ls-rn-relu").recipe
    assert relu == replace(PAPER_SINGLE, dim=100, relu=True)


def test_the_full_recipes_are_the_defaults_of_train():
    assert recipes.load("1k-single-pe-ls-rn").recipe == PAPER_SINGLE
    assert recipes.load("1k-joint-pe-ls-rn").recipe == PAPER_JOINT


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TINY.format(mode="single") + "dropout = 1\n", "a recipe has no setting 'dropout'"),
        ("seed = 1\n" + TINY.format(mode="single"), "own.toml: no key 'seed'"),
        (TINY.format(mode="both"), "own.toml: mode must be one of single, joint; got 'both'"),
        (TINY.format(mode="single").replace("restarts = 2", ""), "own.toml: the key 'restarts' is missing"),
        (TINY.format(mode="single").replace("= 2", "= 0", 1), "own.toml: restarts must be at least 1; got 0"),
        ("split = ", "own.toml: Invalid value"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(tmp_path, monkeypatch, text, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.toml").write_text(text)

    with pytest.raises(RecipeError) as caught:
        recipes.load("own.toml")
    assert str(caught.value).startswith(message)


def test_an_unknown_recipe_names_those_there_are():
    with pytest.raises(RecipeError, match="there is no recipe 'gpt'") as caught:
        recipes.load("gpt")
    assert "1k-joint-pe-ls-rn" in caught.value.hint


def test_a_single_benchmark_is_reported_and_not_trained_twice(tmp_path, babi_dir, tiny):
    out = tmp_path / "out"
    arguments = [
        "babi",
        "benchmark",
        "--recipe",
        tiny("single"),
        "--data",
        babi_dir,
        "--tasks",
        "1",
        "--out",
        out,
    ]

    first = memnet(*arguments)
    assert first.exit_code == 0, first.stderr
    report = json.loads((out / "report.json").read_text())
    unit = (out / "task-1.json").read_text()
    assert set(report["tasks"]) == {"1"}
    assert report["benchmark"]["recipe"]["linear_epochs"] == 1
    restarts = json.loads(unit)["restarts"]
    assert [len(each["losses"]) for each in restarts] == [3, 3]
    for drawn in ("single-errors.png", "single-learning.png"):
        assert (out / drawn).read_bytes().startswith(b"\x89PNG")
        assert f"]({drawn})" in (out / "report.md").read_text()
    best = min(restarts, key=lambda each: each["training_error"])
    assert report["tasks"]["1"]["selected"] == best["test_errors"]["1"]
    assert "one network per task, seeds 0 to 1" in (out / "report.md").read_text()

    (out / "report.json").unlink()
    (out / "task-1.json").write_text(unit.replace('"elapsed_s": ', '"elapsed_s": 1000'))
    assert memnet(*arguments).exit_code == 0
    assert json.loads((out / "report.json").read_text())["elapsed_s"] >= 1000  # read, not trained again


def test_a_joint_benchmark_trains_one_network_per_seed(tmp_path, babi_dir, tiny):
    out = tmp_path / "out"

    done = memnet(
        "babi", "benchmark", "--recipe", tiny("joint"), "--restarts", "3", "--data", babi_dir, "--tasks", "1",
        "--out", out,
    )  # fmt: skip

    assert done.exit_code == 0, done.stderr
    assert sorted(path.name for path in out.glob("seed-*.json")) == [
        "seed-0.json",
        "seed-1.json",
        "seed-2.json",
    ]


def test_results_of_another_recipe_are_not_mixed(tmp_path, babi_dir, tiny):
    out = tmp_path / "out"
    common = ["--data", babi_dir, "--tasks", "1", "--out", out]
    assert memnet("babi", "benchmark", "--recipe", tiny("single"), *common).exit_code == 0

    done = memnet("babi", "benchmark", "--recipe", tiny("joint"), *common)

    assert done.exit_code == 2
    assert done.stderr.splitlines()[-2:] == [
        f"error: {out} holds results of another recipe",
        "hint: choose another --out",
    ]
