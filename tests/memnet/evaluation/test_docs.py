"""docs/benchmark.md says what is there: options, links, and the JSON it shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

from memnet.cli.babi.benchmark import benchmark
from memnet.cli.babi.calibrate import calibrate
from memnet.cli.babi.card import card
from memnet.cli.babi.evaluate import evaluate
from memnet.cli.babi.mix import mix
from memnet.cli.babi.report import report
from memnet.evaluation.report import schema

PAGE = Path(__file__).parents[3] / "docs" / "benchmark.md"
TEXT = PAGE.read_text()


def test_every_option_that_the_page_names_exists():
    commands = (benchmark, calibrate, card, evaluate, mix, report)
    options = {name for command in commands for each in command.params for name in each.opts}

    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", TEXT)) <= options


def test_every_file_that_the_page_links_to_exists():
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (PAGE.parent / target).is_file(), target


def test_the_json_of_the_page_has_the_fields_that_are_printed():
    (shown,) = re.findall(r"```json\n(.*?)```", TEXT, flags=re.DOTALL)
    page = json.loads(shown)
    definitions = schema()["$defs"]

    assert page.keys() <= definitions["checkpoint"]["properties"].keys()
    task = page["tasks"]["2"]
    assert task.keys() == definitions["taskReport"]["properties"].keys()
    assert task["evidence"].keys() == definitions["evidence"]["properties"].keys()
    assert page["data"].keys() <= definitions["checkpoint"]["properties"]["data"]["properties"].keys()
