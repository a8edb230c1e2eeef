"""Weights between those a run began with and those it ended with: `memnet babi mix`."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch

from memnet.evaluation.evaluate import evaluate
from memnet.training.checkpoint import load_checkpoint
from memnet.training.multihead.data import MultiHeadRunSpec
from memnet.training.multihead.mixing import mix
from memnet.training.multihead.recipe import MultiHeadRecipe
from memnet.training.multihead.run import MultiHeadRun
from tests.memnet.cli.command import memnet

RECIPE = MultiHeadRecipe(questions=600, lead_in=0, worded=40, num_hops=2, positions=2)


def trained(folder, babi_dir, recipe, begun=None):
    run = MultiHeadRun.start(folder, MultiHeadRunSpec(babi_dir, "en", (1,), {}, recipe))
    if begun:
        run.begin_from(load_checkpoint(begun))
    run.train()
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory, babi_dir):
    """A run without robust wording, and one that began from it with it, and with longer answers."""
    folder = tmp_path_factory.mktemp("runs")
    begun = trained(folder / "begun", babi_dir, replace(RECIPE, questions=3_000, worded=0))
    return begun, trained(folder / "ended", babi_dir, replace(RECIPE, seed=1, positions=3), begun)


@pytest.fixture(scope="module")
def kept(runs, babi_dir):
    begun, ended = runs
    out = begun.parent / "mix"
    shares = [option for share in (0.25, 0.5, 1) for option in ("--share", share)]
    done = memnet("babi", "mix", ended, "--from", begun, *shares, "--data", babi_dir, "--out", out)
    assert done.exit_code == 0, done.stderr
    return out, done.stdout


def test_weights_lie_on_the_line_and_what_only_the_run_has_is_the_runs(runs):
    begun, ended = (load_checkpoint(run) for run in runs)
    networks = (begun.network, ended.network, mix(ended, begun, 0.25))
    before, after, between = (network.state_dict() for network in networks)

    torch.testing.assert_close(
        between["write.weight"], 0.75 * before["write.weight"] + 0.25 * after["write.weight"]
    )
    new = "encoder.embedding.weight"
    word = next(word for word in ended.vocabulary.words if word not in begun.vocabulary.words)
    row = len(after[new]) - len(ended.vocabulary.words) + ended.vocabulary.words.index(word)
    torch.testing.assert_close(between[new][row], after[new][row])


def test_the_one_that_validation_stories_like_best_is_kept_and_all_are_named(kept):
    out, said = kept
    pattern = r"share ([\d.]+): validation error bAbI ([\d.]+)%, robust wording ([\d.]+)%(  \(kept\))?"
    rows = [re.fullmatch(pattern, line).groups() for line in said.splitlines()]
    sums = {float(share): float(babi) + float(worded) for share, babi, worded, _ in rows}
    (chosen,) = (float(row[0]) for row in rows if row[3])
    record = load_checkpoint(out).training

    assert list(sums) == [0.25, 0.5, 1.0]
    assert sums[chosen] == pytest.approx(min(sums.values()), abs=0.011)
    assert record["mixed"]["share"] == chosen
    assert record["selection"] == f"share {chosen:g} of 0.25, 0.5, 1, by the sum of both validation errors"


def test_results_of_it_say_that_it_is_mixed(kept, babi_dir):
    notes = evaluate(load_checkpoint(kept[0]), babi_dir, "en", (1,)).notes

    assert any(
        re.fullmatch(
            r"one run, seed 1, \d+% of its weights mixed with those it began from, by validation error", note
        )
        for note in notes
    )
    assert not any("nothing selected" in note for note in notes)


def test_a_run_that_began_from_another_one_is_not_mixed_and_nothing_is_written(runs, tmp_path, babi_dir):
    begun, ended = runs
    out = tmp_path / "mix"

    done = memnet("babi", "mix", begun, "--from", ended, "--data", babi_dir, "--out", out)
    assert done.exit_code == 2
    assert f"begun did not begin from ended ({load_checkpoint(ended).digest[:12]})" in done.stderr
    assert "hint: name the checkpoint that `memnet babi train --from` was given" in done.stderr

    done = memnet("babi", "mix", ended, "--from", begun, "--share", 1.5, "--data", babi_dir, "--out", out)
    assert (done.exit_code, "a share is from 0 to 1; got 1.5" in done.stderr) == (2, True)
    assert not out.exists()
