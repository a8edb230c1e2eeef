"""A run of the multi-head network: the same seed gives the same network, stopped or not."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from memnet.errors import BabiDataMissing, CheckpointError, InputError, RecipeError
from memnet.training.checkpoint import TRAINING, load_checkpoint
from memnet.training.multihead import run as running
from memnet.training.multihead.data import MultiHeadRunSpec
from memnet.training.multihead.recipe import MultiHeadRecipe
from memnet.training.multihead.run import MultiHeadRun, errors_by_task

SHORT = MultiHeadRecipe(questions=1500, worded=40, num_hops=2, cross_questions=0.1)


@pytest.fixture
def spec(babi_dir):
    return MultiHeadRunSpec(babi_dir, "en", (1,), {}, SHORT)


def weights(folder):
    return load_checkpoint(folder).network.state_dict()


def same(one, other) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, babi_dir):
    folder = tmp_path_factory.mktemp("runs") / "whole"
    MultiHeadRun.start(folder, MultiHeadRunSpec(babi_dir, "en", (1,), {}, SHORT)).train()
    return folder


@pytest.mark.parametrize("stop_after", [0, 3, 14])
def test_a_run_that_was_stopped_and_resumed_ends_with_the_same_weights(tmp_path, spec, whole, stop_after):
    updates = 0

    def stop(_count: int) -> None:
        nonlocal updates
        updates += 1
        if updates > stop_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        MultiHeadRun.start(tmp_path / "stopped", spec).train(on_progress=stop)
    MultiHeadRun.resume(tmp_path / "stopped").train()

    assert same(weights(tmp_path / "stopped"), weights(whole))
    assert not (tmp_path / "stopped" / TRAINING).exists()


def test_another_seed_is_another_network(tmp_path, spec, whole):
    other = replace(spec, recipe=replace(SHORT, seed=1, questions=200))
    MultiHeadRun.start(tmp_path / "other", other).train()

    assert not same(weights(tmp_path / "other"), weights(whole))


def test_the_first_questions_come_from_the_lead_in_tasks_alone(tmp_path, babi_dir):
    recipe = replace(SHORT, questions=1200, lead_in=1)
    other = babi_dir / "en" / "qa2_two-supporting-facts_test.txt"
    run = MultiHeadRun.start(tmp_path / "run", MultiHeadRunSpec(babi_dir, "en", (1, 2), {2: other}, recipe))
    run.train()

    told = [set(report["loss_by_task"]) for report in run.history]
    assert told[0] == {2}
    assert told[1] == {0, 1, 2}


def of_task_2(babi_dir, recipe) -> MultiHeadRunSpec:
    """Which is learned in the lead-in."""
    return MultiHeadRunSpec(
        babi_dir, "en", (2,), {2: babi_dir / "en" / "qa2_two-supporting-facts_test.txt"}, recipe
    )


def gates(network) -> dict[str, torch.Tensor]:
    state = network.state_dict()
    return {name: value.clone() for name, value in state.items() if name.startswith(("write", "written"))}


def test_gates_that_begin_after_the_lead_in_stay_as_they_are_until_then_and_are_learned_after(
    tmp_path, babi_dir
):
    recipe = replace(SHORT, questions=1200, worded=0, lead_in=1, lead_in_writes=False)
    run = MultiHeadRun.start(tmp_path / "run", of_task_2(babi_dir, recipe))
    first = gates(run.network)
    writes, gone = [run.network.config.write], []

    def look(_report):
        writes.append(run.network.config.write)
        gone.append(same(gates(run.network), first))

    run.train(on_epoch=look)

    assert writes[:2] == [False, True]
    assert gone[0]
    assert not gone[1]
    assert load_checkpoint(tmp_path / "run").network.config.write


def test_a_run_stopped_before_its_gates_begin_is_resumed_without_them(tmp_path, babi_dir):
    recipe = replace(SHORT, questions=1200, worded=0, lead_in=600, lead_in_writes=False)
    spec = of_task_2(babi_dir, recipe)
    with pytest.raises(KeyboardInterrupt):
        MultiHeadRun.start(tmp_path / "stopped", spec).train(on_progress=_interrupt)

    resumed = MultiHeadRun.resume(tmp_path / "stopped")
    assert not resumed.network.config.write
    resumed.train()

    MultiHeadRun.start(tmp_path / "whole", spec).train()
    assert same(weights(tmp_path / "stopped"), weights(tmp_path / "whole"))


def test_training_lowers_the_loss_and_the_record_says_what_was_done(whole):
    training = load_checkpoint(whole).training

    losses = [report["loss"] for report in training["history"]]
    assert len(losses) > 1
    assert losses[-1] < losses[0]
    assert training["selection"] == "none: the averaged weights after the last update"
    assert training["data"]["notes"][0].endswith("cross questions added to the training stories")
    assert any("robust wording" in note for note in training["data"]["notes"])


def test_data_that_are_gone_since_are_named(tmp_path, spec, babi_dir):
    with pytest.raises(KeyboardInterrupt):
        MultiHeadRun.start(tmp_path / "run", spec).train(on_progress=_interrupt)
    path = tmp_path / "run" / TRAINING
    path.write_bytes(path.read_bytes().replace(b'\\"split\\": \\"en\\"', b'\\"split\\": \\"hn\\"', 1))

    with pytest.raises(BabiDataMissing, match="hn"):
        MultiHeadRun.resume(tmp_path / "run")


def _interrupt(_count: int) -> None:
    raise KeyboardInterrupt


def test_a_folder_that_holds_a_run_is_not_written_over(whole, spec):
    with pytest.raises(InputError, match="already holds a run"):
        MultiHeadRun.start(whole, spec)


def test_a_damaged_state_is_no_traceback(tmp_path, spec):
    with pytest.raises(KeyboardInterrupt):
        MultiHeadRun.start(tmp_path / "run", spec).train(on_progress=_interrupt)
    (tmp_path / "run" / TRAINING).write_bytes(b"half a file")

    with pytest.raises(CheckpointError, match="is damaged"):
        MultiHeadRun.resume(tmp_path / "run")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch": 3}, "a recipe has no setting 'batch'"),
        ({"rename": 2.0}, "rename must be a share from 0 to 1; got 2.0"),
        ({"questions": 0}, "questions must be at least 1; got 0"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0; got 0.0"),
        ({"worded": -1}, "worded must not be negative; got -1"),
        (
            {"questions": 900, "lead_in": 900, "lead_in_writes": False},
            "lead_in (900) must be below questions (900) where lead_in_writes is false: the gates would never be "
            "trained",
        ),
        ({"average": 1.0}, "average must be a share from 0 to below 1; got 1.0"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(settings, message):
    with pytest.raises(RecipeError) as raised:
        MultiHeadRecipe.from_dict(settings)

    assert str(raised.value) == message


def test_the_rate_rises_and_falls_as_the_recipe_says():
    recipe = MultiHeadRecipe(learning_rate=1.0, warmup=10)

    assert recipe.rate(0, 0.0) == pytest.approx(0.1)
    assert recipe.rate(100, 0.5) == pytest.approx(0.02 + 0.98 * (1 + math.cos(math.pi / 2)) / 2)
    assert recipe.rate(100, 1.0) == pytest.approx(0.02)


@pytest.mark.parametrize(("worded", "positions"), [(40, 8), (0, 8), (40, 10)])
def test_a_run_that_begins_from_a_checkpoint_starts_as_good_as_it_was(
    tmp_path, spec, whole, worded, positions
):
    other = replace(SHORT, seed=3, worded=worded, positions=positions)
    run = MultiHeadRun(tmp_path / "on", replace(spec, recipe=other))
    trained = MultiHeadRun(tmp_path / "same", spec).data.validation

    run.begin_from(load_checkpoint(whole))

    expected = errors_by_task(load_checkpoint(whole).network, trained)[1]
    # Without robust wording there are fewer answers to choose from; longer ones still end where they did.
    assert run.validation_errors()[1] <= expected + 0.001
    assert run.begun_from["checkpoint"] == load_checkpoint(whole).digest
    assert run.begun_from["questions"] >= SHORT.questions


def test_a_batch_among_thousands_of_strangers_has_few_stories_and_costs_what_others_cost(
    tmp_path, spec, monkeypatch
):
    run = MultiHeadRun(tmp_path / "on", replace(spec, recipe=replace(SHORT, lead_in=0, strangers=3_000)))
    lessons = max(run.plan(), key=len)
    asked = {}
    for strangers in (0, 100, 3_000):
        monkeypatch.setattr(running, "_strangers", lambda rng, most, count=strangers: count)
        asked[strangers] = run.update(lessons)

    assert asked[100] == asked[0]
    per_story = asked[0] / len(lessons)
    assert asked[3_000] == pytest.approx(2 * per_story, abs=per_story)


def test_a_run_of_another_shape_cannot_begin_from_it(tmp_path, spec, whole):
    run = MultiHeadRun(tmp_path / "other", replace(spec, recipe=replace(SHORT, num_hops=3)))

    with pytest.raises(InputError, match=r"of the same shape; in whole, step is \(2, 208\), not \(3, 208\)"):
        run.begin_from(load_checkpoint(whole))


def test_a_run_stopped_after_its_very_last_update_ends_and_says_what_it_began_from(tmp_path, spec, whole):
    run = MultiHeadRun.start(tmp_path / "on", replace(spec, recipe=replace(SHORT, questions=1, worded=0)))
    other = MultiHeadRun(tmp_path / "x", replace(spec, recipe=replace(SHORT, questions=1, worded=0)))
    run.begin_from(load_checkpoint(whole))

    def stop(_count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.train(on_progress=stop)
    MultiHeadRun.resume(tmp_path / "on").train()

    assert load_checkpoint(tmp_path / "on").training["begun_from"] == run.begun_from
    assert other.begun_from is None
