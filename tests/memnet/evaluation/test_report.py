"""Reports: everything said in Markdown, in JSON that its schema describes, and in plots."""

from __future__ import annotations

import copy
import json

import pytest

from memnet.evaluation.report import schema
from memnet.evaluation.runs import comparable, read_benchmark
from tests.memnet.cli.command import expect, memnet
from tests.memnet.evaluation.recorded import benchmark_results, recorded_checkpoint


@pytest.fixture(scope="module")
def own(tmp_path_factory, babi_dir):
    return recorded_checkpoint(tmp_path_factory.mktemp("run") / "own", babi_dir)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return benchmark_results(tmp_path_factory.mktemp("bench") / "results")


@pytest.fixture(scope="module")
def written(tmp_path_factory, own, bench, babi_dir):
    """A report of both kinds, without plots."""
    out = tmp_path_factory.mktemp("report") / "out"
    done = memnet(
        *("babi", "report", own, bench, "--out", out, "--data", babi_dir, "--tasks", "1-2", "--no-plots")
    )
    assert done.exit_code == 0, done.stderr
    assert done.stdout.split() == [str(out / "report.md"), str(out / "report.json")]
    return out


def report_of(out) -> dict:
    return json.loads((out / "report.json").read_text())


def test_the_report_is_what_its_schema_says(written):
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(schema())

    jsonschema.validate(report_of(written), schema(), cls=jsonschema.Draft202012Validator)


def test_the_schema_refuses_a_selected_number_without_its_mean(written):
    jsonschema = pytest.importorskip("jsonschema")
    report = copy.deepcopy(report_of(written))
    del report["runs"][1]["tasks"]["1"]["mean"]

    assert not jsonschema.Draft202012Validator(schema()).is_valid(report)


def test_a_checkpoint_is_reported_as_it_is_evaluated(written, own, babi_dir):
    run = report_of(written)["runs"][0]

    done = memnet("babi", "evaluate", own, "--data", babi_dir, "--tasks", "1-2", "--json")

    evaluated = json.loads(done.stdout)
    assert {name: run[name] for name in evaluated} == evaluated
    assert [each["loss"] for each in run["history"]] == [2.5, 1.5]
    assert [story["choice"] for story in run["stories"]] == ["1:0:4", "2:0:4"]
    for story in run["stories"]:
        for hop, null in enumerate(story["null_mass"]):
            total = null + sum(fact["per_hop"][hop] for fact in story["facts"])
            assert total == pytest.approx(1, abs=1e-4)


def test_published_columns_of_the_same_size_and_mode_stand_beside_a_checkpoint(written):
    run = report_of(written)["runs"][0]

    columns = [(each["model"], each["train_size"], each["mode"]) for each in run["published"]]
    assert ("MemN2N BoW 3 hops", "1k", "single") in columns
    assert {column[1:] for column in columns} == {("1k", "single")}
    text = (written / "report.md").read_text()
    assert "MemN2N BoW 3 hops (1k single; best of 10 runs by training error; verified)" in text
    ten = comparable({"split": "en-10k", "files": {"1": {}, "2": {}}})
    assert {(each.train_size, each.mode) for each in ten} == {("10k", "joint")}
    assert comparable({"split": "hn", "files": {"1": {}}}) == ()


def test_a_benchmark_is_read_from_its_results(written):
    run = report_of(written)["runs"][1]

    assert run["name"] == "1k-single-bow"
    assert run["tasks"]["19"] == {"selected": 0.4, "mean": 0.4, "deviation": 0.3, "published": 0.897}
    assert run["summary"]["selected_failed"] == 2
    assert [each["seed"] for each in run["restarts"]] == [0, 1, 2, 0, 1, 2]
    assert run["training_s"] == 100.0
    text = (written / "report.md").read_text()
    assert "| task | | selected of 3 by training error | mean of 3 | ± |" in text
    assert "Training data: 900 training questions from own.txt, not the official file." in text
    assert "- no learning curves: the memnet that trained these kept errors only" in text


def test_learning_curves_of_a_benchmark_are_per_task_with_the_selected_restart_in_front(tmp_path):
    folder = benchmark_results(tmp_path / "results")
    for path in folder.glob("task-*.json"):
        result = json.loads(path.read_text())
        for each in result["restarts"]:
            each["losses"] = [2.0, 1.0 + each["seed"]]
        path.write_text(json.dumps(result))

    curves = read_benchmark(folder).curves

    assert [(each.name, each.selected) for each in curves] == [
        ("1 single-supporting-fact", 1),
        ("19 path-finding", 1),
    ]
    assert [list(losses) for losses in curves[0].losses] == [[2, 1], [2, 2], [2, 3]]


def test_markdown_says_what_the_numbers_are(written):
    text = (written / "report.md").read_text()

    assert "- tasks 2 were not trained on\n" in text
    assert "| task |  | R-precision | hop 1 | hop 2 | hop 3 | lexical | recency | all gold in top 5 |" in text
    assert "| story | question | answer | gold | gold facts |" in text
    assert "| 1:0:4 |" in text


def test_plots_are_drawn_and_named_in_the_report(tmp_path, own, bench, babi_dir):
    pytest.importorskip("matplotlib")
    out = tmp_path / "out"

    done = memnet(
        *("babi", "report", own, bench, "--out", out, "--data", babi_dir, "--tasks", "1"),
        *("--story", "1:1:2"),
    )

    assert done.exit_code == 0, done.stderr
    names = [run["plots"] for run in report_of(out)["runs"]]
    assert names == [
        ["own-errors.png", "own-learning.png", "own-attention-1-1-2.png"],
        ["1k-single-bow-errors.png"],
    ]
    for name in names[0] + names[1]:
        assert (out / name).read_bytes().startswith(b"\x89PNG")
        assert f"]({name})" in (out / "report.md").read_text()


def test_an_unfinished_benchmark_is_not_reported(tmp_path):
    folder = benchmark_results(tmp_path / "results")
    (folder / "task-19.json").unlink()

    expect(
        memnet("babi", "report", folder, "--out", tmp_path / "out", "--no-plots"),
        2,
        f"error: {folder} holds 1 of the benchmark's 2 results",
        "hint: the `memnet babi benchmark` command that began it goes on where it stopped",
    )
    assert not (tmp_path / "out").exists()


def test_a_damaged_result_is_named(tmp_path):
    folder = benchmark_results(tmp_path / "results")
    (folder / "task-19.json").write_text("{")

    expect(
        memnet("babi", "report", folder, "--out", tmp_path / "out", "--no-plots"),
        1,
        f"error: {folder / 'task-19.json'} is damaged",
        "hint: run the benchmark again in another --out",
    )


def test_ones_own_recipe_has_no_published_column(tmp_path):
    folder = benchmark_results(tmp_path / "results", name="mine")

    assert memnet("babi", "report", folder, "--out", tmp_path / "out", "--no-plots").exit_code == 0
    assert report_of(tmp_path / "out")["runs"][0]["published"] == []


def test_two_runs_of_one_name_would_overwrite_each_other(tmp_path, bench):
    expect(
        memnet("babi", "report", bench, bench, "--out", tmp_path / "out", "--no-plots"),
        2,
        "error: two runs are named '1k-single-bow'",
        "hint: rename one of the folders",
    )


@pytest.mark.parametrize(
    ("story", "message"),
    [
        ("1:0", "a story is chosen as TASK:STORY:QUESTION, such as 2:0:4; got '1:0'"),
        ("1:0:x", "a story is chosen as TASK:STORY:QUESTION, such as 2:0:4; got '1:0:x'"),
        ("2:0:0", "story 2:0:0 is of task 2, which is not one of the chosen tasks"),
        ("1:9:0", "there is no story 1:9:0 in qa1_single-supporting-fact_test.txt"),
        ("1:0:9", "there is no story 1:0:9 in qa1_single-supporting-fact_test.txt"),
    ],
)
def test_a_story_that_cannot_be_drawn_is_named(tmp_path, own, babi_dir, story, message):
    expect(
        memnet(
            *("babi", "report", own, "--out", tmp_path / "out", "--data", babi_dir, "--tasks", "1"),
            *("--no-plots", "--story", story),
        ),
        2,
        f"error: {message}",
    )
