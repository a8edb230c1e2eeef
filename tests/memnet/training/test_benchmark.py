"""Benchmarks: recipes by name, units that are not trained twice, and a report with everything in it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from memnet import recipes
from memnet.babi.published import _columns
from memnet.errors import InputError, RecipeError
from memnet.evaluation.runs import read_benchmark
from memnet.training.benchmark import run
from memnet.training.checkpoint import load_checkpoint
from memnet.training.multihead.halving import read_rungs
from memnet.training.multihead.recipe import MultiHeadRecipe
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


MULTI_HEAD = """
network = "multi-head"
split = "en"
mode = "joint"
restarts = 2

[recipe]
num_hops = 1
num_heads = 2
questions = 1100
worded = 0
"""

PAPER = [name for name in recipes.names() if not name.startswith("multi-head-")]
OURS = [name for name in recipes.names() if name.startswith("multi-head-")]


@pytest.fixture
def tiny(tmp_path):
    def write(mode: str) -> str:
        path = tmp_path / f"{mode}.toml"
        path.write_text(TINY.format(mode=mode))
        return str(path)

    return write


def test_every_recipe_loads_with_its_published_column():
    assert len(PAPER) == 19
    for name in PAPER:
        recipe = recipes.load(name)
        assert (recipe.network, recipe.selected_by) == ("memn2n", "training error")
        assert recipe.published is not None
        assert len(recipe.published.errors) == 20
        assert recipe.restarts == 10
        size, mode, *_ = name.split("-")
        assert (recipe.published.train_size, recipe.published.mode) == (size, mode)
        assert (recipe.split, recipe.mode) == ({"1k": "en", "10k": "en-10k"}[size], mode)


def test_every_column_of_the_paper_has_a_recipe():
    """Columns of other implementations name their repository."""
    ours = [recipes.load(name).published for name in PAPER]

    assert sorted((each.model, each.train_size, each.mode) for each in ours) == sorted(
        (each.model, each.train_size, each.mode)
        for each in _columns()
        if each.model.startswith("MemN2N") and "/" not in each.model
    )


def test_the_recipes_of_10k_differ_from_those_of_1k_in_the_data_and_the_schedule():
    """Section 4.2: 20 epochs and a halving every 5 for all tasks jointly; for one task nothing else is named."""
    schedule = {"linear_epochs": 10, "epochs": 20, "halve_every": 5}
    for name in PAPER:
        if name.startswith("1k-"):
            small = recipes.load(name).recipe
            large = recipes.load(f"10k-{name.removeprefix('1k-')}").recipe
            assert large == (replace(small, **schedule) if "joint" in name else small)
    relu = recipes.load("10k-single-pe-ls-rn-relu").recipe
    assert relu == replace(PAPER_SINGLE, dim=100, relu=True)


def test_multi_head_recipes_stand_beside_a_mean_over_seeds_and_select_on_validation():
    assert OURS == [
        "multi-head-10k-joint",
        "multi-head-10k-joint-write-off",
        "multi-head-10k-single",
        "multi-head-1k-joint",
        "multi-head-1k-joint-plain",
        "multi-head-1k-joint-write-off",
        "multi-head-1k-single",
    ]
    for name in OURS:
        recipe = recipes.load(name)
        size, mode = name.split("-")[2:4]
        assert (recipe.network, recipe.selected_by) == ("multi-head", "validation error")
        assert (recipe.split, recipe.mode) == ({"1k": "en", "10k": "en-10k"}[size], mode)
        if mode == "joint":
            assert (recipe.published.train_size, recipe.published.statistic) == (size, "mean of 10 runs")
            assert recipe.restarts >= 3
        assert recipe.recipe.write == (not name.endswith("write-off"))


def test_what_off_and_plain_change_is_all_that_they_change():
    for size in ("1k", "10k"):
        whole = recipes.load(f"multi-head-{size}-joint").recipe
        assert recipes.load(f"multi-head-{size}-joint-write-off").recipe == replace(whole, write=False)
    whole = recipes.load("multi-head-1k-joint").recipe
    # Its results are of gates from the beginning.
    plain = replace(whole, rename=0.0, symmetry=False, gaps=0.0, strangers=0, alike=0.0, late=0.0)
    plain = replace(plain, lead_in_writes=True)
    assert recipes.load("multi-head-1k-joint-plain").recipe == plain
    assert plain.worded == plain.cross_questions == 0


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
        (MULTI_HEAD + "linear_epochs = 1\n", "a recipe has no setting 'linear_epochs'"),
        (MULTI_HEAD + 'attention = "cosine"\n', "attention must be one of scaled, dot, additive, general"),
        (
            MULTI_HEAD.replace("multi-head", "gpt"),
            "own.toml: network must be one of memn2n, multi-head; got 'gpt'",
        ),
        (MULTI_HEAD + '[published]\nmodle = "UT"\n', "own.toml: no key 'modle' in published"),
        (
            MULTI_HEAD + '[published]\nmodel = "UT"\n',
            "own.toml: the key 'train_size' is missing in published",
        ),
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
    assert "one network per task, seeds 0, 1" in (out / "report.md").read_text()

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


@pytest.fixture(scope="module")
def multi_head(tmp_path_factory, babi_dir):
    folder = tmp_path_factory.mktemp("multi-head")
    (folder / "heads.toml").write_text(MULTI_HEAD)
    done = memnet(
        *("babi", "benchmark", "--recipe", folder / "heads.toml", "--data", babi_dir, "--tasks", "1"),
        *("--out", folder / "out"),
    )
    assert done.exit_code == 0, done.stderr
    return folder


def test_a_multi_head_benchmark_reports_the_mean_over_seeds_and_what_validation_chose(multi_head):
    out = multi_head / "out"
    report = json.loads((out / "report.json").read_text())
    restarts = [
        each for seed in (0, 1) for each in json.loads((out / f"seed-{seed}.json").read_text())["restarts"]
    ]
    best = min(restarts, key=lambda each: each["validation_error"])

    assert report["benchmark"]["network"] == "multi-head"
    assert report["tasks"]["1"]["selected"] == best["test_errors"]["1"]
    assert report["tasks"]["1"]["mean"] == pytest.approx(
        sum(each["test_errors"]["1"] for each in restarts) / 2
    )
    assert [each["training_error"] for each in restarts] == [None, None]
    text = (out / "report.md").read_text()
    assert "The run with the lowest validation error is selected; the mean of all stands beside it" in text
    assert "| selected of 2 by validation error | mean of 2 | ± |" in text
    for drawn in ("heads-errors.png", "heads-learning.png", "heads-cost.png"):
        assert (out / drawn).read_bytes().startswith(b"\x89PNG")


def test_time_and_error_of_every_epoch_are_kept(multi_head):
    (course,) = read_benchmark(multi_head / "out").courses

    assert course.name == "1 single-supporting-fact"
    assert len(course.points) == 2
    for points in course.points:
        assert len(points) >= 2
        assert 0 < points[0][0] < points[1][0]
        assert all(0 <= error <= 1 for _, error in points)


def test_networks_of_a_multi_head_benchmark_are_kept_as_checkpoints(multi_head):
    first, second = (load_checkpoint(multi_head / "out" / f"seed-{seed}") for seed in (0, 1))

    assert first.training["recipe"]["seed"] == 0
    assert second.training["recipe"]["seed"] == 1
    assert not torch.equal(first.network.start.weight, second.network.start.weight)


def test_a_multi_head_benchmark_goes_on_in_the_middle_of_a_network(multi_head, tmp_path, babi_dir):
    recipe = recipes.load(str(multi_head / "heads.toml"))
    seen = []

    def stop(count: int) -> None:
        seen.append(count)
        if len(seen) == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(run(recipe, (1,), babi_dir, tmp_path / "out", train_files={}, on_work=stop))
    before = sum(seen)
    seen = [0] * 10
    results = list(run(recipe, (1,), babi_dir, tmp_path / "out", train_files={}, on_work=seen.append))

    assert seen[10] == before  # told at once, not trained again
    assert isinstance(recipe.recipe, MultiHeadRecipe)
    for (_, result), whole in zip(results, (0, 1), strict=True):
        kept = json.loads((multi_head / "out" / f"seed-{whole}.json").read_text())["restarts"][0]
        assert [round(loss, 4) for loss in result.restarts[0].losses] == kept["losses"]
        assert round(result.restarts[0].test_errors[1], 6) == kept["test_errors"]["1"]


def test_a_folder_with_a_network_of_another_recipe_is_not_gone_on_with(multi_head, tmp_path, babi_dir):
    other = replace(recipes.load(str(multi_head / "heads.toml")), restarts=1)
    other = replace(other, recipe=replace(other.recipe, num_hops=2))
    (tmp_path / "out").mkdir()
    (multi_head / "out" / "seed-0").rename(tmp_path / "out" / "seed-0")
    try:
        with pytest.raises(InputError, match="seed-0 holds a run of another recipe"):
            list(run(other, (1,), babi_dir, tmp_path / "out", train_files={}))
    finally:
        (tmp_path / "out" / "seed-0").rename(multi_head / "out" / "seed-0")


def test_halving_trains_the_better_seeds_to_the_end_and_reports_those_that_it_dropped(
    multi_head, tmp_path, babi_dir
):
    done = memnet(
        *("babi", "benchmark", "--recipe", multi_head / "heads.toml", "--data", babi_dir, "--tasks", "1"),
        *("--candidates", "3", "--no-plots", "--out", tmp_path / "out"),
    )
    assert done.exit_code == 0, done.stderr
    (rung,) = read_rungs(tmp_path / "out")
    kept, (dropped,) = sorted(rung.kept), {0, 1, 2} - set(rung.kept)

    assert rung.questions == 550
    assert max(rung.errors[seed] for seed in kept) <= rung.errors[dropped]
    assert not (tmp_path / "out" / f"seed-{dropped}.json").exists()
    text = (tmp_path / "out" / "report.md").read_text()
    assert "of 3 that began, 2 were trained to the end" in text
    assert f"seed {dropped} {rung.errors[dropped]:.1%}" in text
    assert [unit.name for unit, _ in read_benchmark(tmp_path / "out").results] == [f"seed-{s}" for s in kept]
    for seed in {0, 1} & set(kept):
        halved, whole = (
            load_checkpoint(folder / "out" / f"seed-{seed}") for folder in (tmp_path, multi_head)
        )
        assert torch.equal(halved.network.start.weight, whole.network.start.weight)


def test_candidates_that_cannot_be_are_refused_before_anything_is_trained(
    multi_head, tmp_path, babi_dir, tiny
):
    recipe = recipes.load(str(multi_head / "heads.toml"))
    blind = replace(recipe, recipe=replace(recipe.recipe, validation=0.0))
    single = recipes.load(tiny("single"))
    for refused, candidates, message in (
        (recipe, 2, "candidates must be more than the 2 to keep; got 2"),
        (blind, 3, "candidates are compared on validation stories; the recipe sets none aside"),
        (single, 3, "candidates are for joint recipes of the multi-head network; single is none"),
    ):
        with pytest.raises(InputError, match=message):
            list(run(refused, (1,), babi_dir, tmp_path / "out", train_files={}, candidates=candidates))
    assert not (tmp_path / "out").exists()
