"""Reading bAbI files: genuine stories come out whole, and a bad line is named by file and number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memnet.babi.parser import parse_stories, read_stories
from memnet.errors import BabiDataMissing, BabiFormatError
from memnet.story import Fact, Question


def parse(*lines: str):
    return list(parse_stories(lines, name="qa1_train.txt", task=1))


def test_the_football_story():
    (story,) = parse(
        "1 Mary got the football there.",
        "2 Mary went back to the garden.",
        "3 Where is the football?\tgarden\t1 2",
    )

    assert story.facts == (Fact(1, "Mary got the football there."), Fact(2, "Mary went back to the garden."))
    assert story.questions == (Question("Where is the football?", "garden", (1, 2), facts_before=2),)


def test_questions_do_not_count_as_facts():
    (story,) = parse(
        "1 Mary moved to the bathroom.",
        "2 Where is Mary? \tbathroom\t1",
        "3 John went to the hallway.",
        "4 Where is John? \thallway\t3",
    )

    assert [fact.seq for fact in story.facts] == [1, 2]
    assert [(q.supporting, q.facts_before) for q in story.questions] == [((1,), 1), ((2,), 2)]


def test_a_new_story_begins_at_line_number_1():
    first, second = parse(
        "1 Mary got the milk.", "2 Where is the milk?\tgarden\t1", "1 John left.", "2 Who left?\tJohn\t1"
    )

    assert len(first.facts) == len(second.facts) == 1
    assert second.questions[0].answer == "john"


def test_genuine_files_of_every_task_are_read(babi_dir):
    stories = [
        story for path in sorted((babi_dir / "en").glob("*_test.txt")) for story in read_stories(path, task=1)
    ]

    assert len(stories) == 39
    for story in stories:
        for question in story.questions:
            assert question.answer
            assert all(1 <= seq <= question.facts_before for seq in question.supporting)


def test_every_line_of_a_genuine_file_survives(babi_dir):
    path = babi_dir / "en" / "qa2_two-supporting-facts_test.txt"
    kept = sum(len(s.facts) + len(s.questions) for s in read_stories(path, task=2))

    assert kept == len(path.read_text().splitlines())


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["1 Mary left.", "2 Where is the football?"],
            "qa1_train.txt:2: a question needs an answer after the tab; got 'Where is the football?'",
        ),
        (["Mary left."], "qa1_train.txt:1: a line needs a number, a space and a text; got 'Mary left.'"),
        (["1 "], "qa1_train.txt:1: a line needs a number, a space and a text; got '1 '"),
        (["1 A left.", ""], "qa1_train.txt:2: a line needs a number, a space and a text; got ''"),
        (
            ["1 Mary left.", "3 Mary came."],
            "qa1_train.txt:2: expected line number 2 of the story, or 1; got 3",
        ),
        (["2 Mary left."], "qa1_train.txt:1: expected line number 1 of the story, or 1; got 2"),
        (
            ["1 Mary left.", "2 Who left?\t\t1"],
            "qa1_train.txt:2: a question needs `question<TAB>answer<TAB>supporting IDs`; got 'Who left?\t\t1'",
        ),
        (
            ["1 Mary left.", "2 Who left?\tMary\t7"],
            "qa1_train.txt:2: supporting fact 7 is not a fact told before the question",
        ),
        (
            ["1 Mary left.", "2 Who left?\tMary\t1", "3 Who came?\tMary\t2"],
            "qa1_train.txt:3: supporting fact 2 is not a fact told before the question",
        ),
        (["1 Mary left."], "qa1_train.txt:1: the story ends without a question"),
    ],
)
def test_a_bad_line_is_named_by_file_and_number(lines, message):
    with pytest.raises(BabiFormatError) as caught:
        parse(*lines)

    assert str(caught.value) == message


def test_a_truncated_file_is_not_taken_for_a_shorter_one(tmp_path, babi_dir):
    whole = (babi_dir / "en" / "qa1_single-supporting-fact_test.txt").read_bytes()
    cut = tmp_path / "qa1_cut.txt"
    cut.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(BabiFormatError, match=r"qa1_cut.txt:\d+: the file ends in the middle of a line"):
        read_stories(cut, task=1)


@given(st.data())
def test_a_file_cut_anywhere_is_an_error_or_ends_with_a_whole_story(tmp_path_factory, babi_dir, data):
    whole = (babi_dir / "en" / "qa6_yes-no-questions_test.txt").read_bytes()
    cut = tmp_path_factory.mktemp("cut") / "qa6.txt"
    cut.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])

    try:
        stories = read_stories(cut, task=6)
    except BabiFormatError as error:
        assert str(error).startswith("qa6.txt:")
    else:
        assert all(story.questions for story in stories)


def test_an_empty_file_and_a_missing_one_say_so(tmp_path):
    (tmp_path / "empty.txt").write_bytes(b"")

    with pytest.raises(BabiFormatError, match=r"empty.txt:1: the file holds no story"):
        read_stories(tmp_path / "empty.txt", task=1)
    with pytest.raises(BabiDataMissing, match="No such file or directory"):
        read_stories(tmp_path / "none.txt", task=1)


def test_bytes_that_are_no_text_are_named_by_line(tmp_path):
    (tmp_path / "qa1.txt").write_bytes(b"1 Mary left.\n2 Who \xff left?\tMary\t1\n")

    with pytest.raises(BabiFormatError, match=r"qa1.txt:2: not UTF-8 text"):
        read_stories(tmp_path / "qa1.txt", task=1)
