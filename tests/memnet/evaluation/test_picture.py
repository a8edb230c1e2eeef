"""The picture of an answer, worked by hand: two hops, three facts, the null slot."""

from __future__ import annotations

import pytest

from memnet.evaluation.picture import picture
from memnet.story import Answer, Attended, Evidence, HeadReading, HopReading

# Two hops over facts 3, 5 and 8.
WEIGHTS = {3: (0.75, 0.05), 5: (0.15, 0.05), 8: (0.0, 0.7)}
NULL = (0.1, 0.2)
# Two heads of the first hop over the same facts; their mean is what the hop shows.
HEADS = ({3: 0.95, 5: 0.05, 8: 0.0}, {3: 0.55, 5: 0.25, 8: 0.0})
HEADS_NULL = (0.0, 0.2)


def _answer(*, limit: int | None = None) -> Answer:
    hops = []
    for hop in (0, 1):
        ranked = sorted(WEIGHTS, key=lambda seq: -WEIGHTS[seq][hop])
        hops.append(
            HopReading(
                hop=hop + 1,
                attention=tuple(Attended(seq, WEIGHTS[seq][hop], 0.0) for seq in ranked[:limit]),
                other_mass=sum(WEIGHTS[seq][hop] for seq in ranked[len(ranked[:limit]) :]),
                null_mass=NULL[hop],
                heads=() if hop else _heads(),
            )
        )
    ranked = sorted(WEIGHTS, key=lambda seq: -sum(WEIGHTS[seq]))
    return Answer(
        question="Where?",
        text="garden",
        reason=None,
        probability=0.9,
        margin=0.8,
        alternatives=(),
        hops=tuple(hops),
        evidence=tuple(
            Evidence(seq, f"Fact {seq}.", sum(WEIGHTS[seq]) / 2, WEIGHTS[seq]) for seq in ranked[:limit]
        ),
        unknown_words=(),
        revision=1,
        eligible=3,
        attended=3,
    )


def _heads() -> tuple[HeadReading, ...]:
    return tuple(
        HeadReading(head, tuple(Attended(seq, weight, 0.0) for seq, weight in weights.items()), 0.0, null)
        for head, (weights, null) in enumerate(zip(HEADS, HEADS_NULL, strict=True), start=1)
    )


def test_facts_stand_in_the_order_told_and_every_column_sums_to_1() -> None:
    drawn = picture(_answer(), gold=[8])

    assert [row.key for row in drawn.rows] == [3, 5, 8, "null", "other"]
    assert [row.gold for row in drawn.rows] == [False, False, True, False, False]
    assert [row.evident for row in drawn.rows] == [True, True, True, False, False]
    for hop in (0, 1):
        assert sum(row.weights[hop] for row in drawn.rows) == pytest.approx(1)
    assert drawn.tops == (3, 8)


def test_a_flow_is_the_product_of_what_two_hops_read() -> None:
    flows = picture(_answer()).flows

    assert (flows[0].gap, flows[0].source, flows[0].target) == (0, 3, 8)
    # The null slot is left out: 0.75 is 5/6 of what the first hop found, 0.7 is 7/8 of what the second did.
    shares = {(flow.source, flow.target): flow.share for flow in flows}
    assert shares == {
        (3, 8): pytest.approx(5 / 6 * 7 / 8),
        (5, 8): pytest.approx(1 / 6 * 7 / 8),
        (3, 3): pytest.approx(5 / 6 * 1 / 16),
        (3, 5): pytest.approx(5 / 6 * 1 / 16),
    }


def test_the_reading_is_a_sentence() -> None:
    assert picture(_answer()).path == (
        "Hop 1 read fact 3 (0.750), fact 5 (0.150) and the null slot (0.100); "
        "hop 2 read fact 8 (0.700) and the null slot (0.200)."
    )


def test_what_the_answer_does_not_list_is_one_row() -> None:
    drawn = picture(_answer(limit=2))

    # Fact 5 has no text in the evidence, so that its weight at the first hop has no row of its own.
    assert [row.key for row in drawn.rows] == [3, 8, "null", "other"]
    for hop in (0, 1):
        assert sum(row.weights[hop] for row in drawn.rows) == pytest.approx(1)


def test_of_many_facts_only_the_evidence_is_drawn() -> None:
    drawn = picture(_answer(), most_rows=2)

    assert [row.key for row in drawn.rows] == [3, 5, 8, "null", "other"]
    assert drawn.rows[-1].weights == (0.0, 0.0)


def test_the_heads_of_a_hop_stand_beside_their_mean() -> None:
    drawn = picture(_answer(), heads_of=1)

    assert drawn.columns == ("mean", "head 1", "head 2")
    weights = {row.key: row.weights for row in drawn.rows}
    assert weights[3] == (0.75, 0.95, 0.55)
    assert weights["null"] == (0.1, 0.0, 0.2)
    for row in drawn.rows:
        assert row.weights[0] == pytest.approx((row.weights[1] + row.weights[2]) / 2)
    # What is evidence for the answer does not depend on how one looks at it, and heads hand nothing on.
    assert [row.evident for row in drawn.rows] == [row.evident for row in picture(_answer()).rows]
    assert drawn.flows == ()
    assert drawn.path.startswith(
        "Mean read fact 3 (0.750), fact 5 (0.150) and the null slot (0.100); head 1 "
    )
