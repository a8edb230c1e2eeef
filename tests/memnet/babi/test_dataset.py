"""Finding the data, choosing tasks, and setting stories aside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memnet.babi.dataset import data_dir, load_task, split_validation
from memnet.babi.parser import read_stories
from memnet.babi.tasks import parse_tasks
from memnet.errors import BabiDataMissing, InputError


def test_the_folder_given_wins_over_the_environment(babi_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("MEMNET_BABI_DIR", str(tmp_path))

    assert data_dir(babi_dir) == babi_dir


def test_the_environment_names_the_folder(babi_dir, monkeypatch):
    monkeypatch.setenv("MEMNET_BABI_DIR", str(babi_dir))

    assert data_dir(None) == babi_dir


def test_the_folder_above_the_official_archive_will_do(babi_dir, tmp_path):
    (tmp_path / "tasks_1-20_v1-2").symlink_to(babi_dir)

    assert data_dir(tmp_path) == tmp_path / "tasks_1-20_v1-2"


def test_without_data_the_message_says_how_to_name_it(tmp_path, monkeypatch):
    monkeypatch.delenv("MEMNET_BABI_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # nothing was downloaded

    with pytest.raises(BabiDataMissing, match="neither --data nor MEMNET_BABI_DIR names a folder"):
        data_dir(None)
    with pytest.raises(BabiDataMissing, match="holds none of the folders en, en-10k"):
        data_dir(tmp_path)


def test_a_missing_training_file_offers_the_choice(babi_dir):
    with pytest.raises(BabiDataMissing, match="qa3_three-supporting-facts_train.txt is missing") as caught:
        load_task(babi_dir, "en", 3, "train")

    assert "--train-file 3=FILE" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "tasks"),
    [("all", tuple(range(1, 21))), ("1", (1,)), ("2,1,2", (1, 2)), ("1-3,19", (1, 2, 3, 19))],
)
def test_tasks_can_be_chosen(text, tasks):
    assert parse_tasks(text) == tasks


@pytest.mark.parametrize("text", ["", "0", "21", "1,x", "5-3", "1-", "-1"])
def test_what_is_not_a_task_is_refused(text):
    with pytest.raises(InputError, match="tasks are numbers from 1 to 20; got"):
        parse_tasks(text)


@given(share=st.floats(0, 0.9), seed=st.integers(0, 99))
def test_validation_never_cuts_a_story(babi_dir, share, seed):
    stories = read_stories(babi_dir / "en" / "qa1_single-supporting-fact_train.txt", task=1)

    training, validation = split_validation(stories, share, seed=seed)

    assert sorted(map(id, training + validation)) == sorted(map(id, stories))
    held_out = sum(len(story.questions) for story in validation)
    total = sum(len(story.questions) for story in stories)
    longest = max(len(story.questions) for story in stories)
    assert share * total <= held_out <= share * total + longest


def test_the_same_seed_sets_the_same_stories_aside(babi_dir):
    stories = read_stories(babi_dir / "en" / "qa1_single-supporting-fact_train.txt", task=1)

    assert split_validation(stories, 0.1, seed=4) == split_validation(stories, 0.1, seed=4)
    assert split_validation(stories, 0.1, seed=4) != split_validation(stories, 0.1, seed=5)
