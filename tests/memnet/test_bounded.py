"""What a function remembers is bounded by its bytes."""

from __future__ import annotations

from memnet.bounded import _ENTRY_BYTES, remembered


def test_a_thing_is_made_once():
    made = []

    @remembered(10_000, lambda thing, word: len(thing))
    def shouted(word: str) -> str:
        made.append(word)
        return word.upper()

    assert [shouted("mary"), shouted("john"), shouted("mary")] == ["MARY", "JOHN", "MARY"]
    assert made == ["mary", "john"]


def test_few_long_texts_are_not_more_than_many_short_ones():
    held = []

    @remembered(10 * (1000 + _ENTRY_BYTES), lambda thing, number, length: length)
    def text(number: int, length: int) -> int:
        held.append(number)
        return number

    for number in [*range(10), *range(10)]:
        text(number, 1000)
    assert held == [*range(10)]

    text(10, 1000)  # one too many: all others are forgotten
    text(10, 1000)
    text(0, 1000)
    assert held == [*range(10), 10, 0]


def test_a_thing_beyond_the_bound_is_made_all_the_same():
    @remembered(10, lambda thing, count: count)
    def facts(count: int) -> list[int]:
        return [*range(count)]

    assert facts(1000) == facts(1000)
