"""One question at a time, in numpy, is the network that was trained."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from memnet.calibration import Calibration
from memnet.interpreters import TextFacts, Told
from memnet.interpreters.multihead import MultiHeadInterpreter, Offered, chances_of
from memnet.lexicon import UNDECIDED, Lexicon
from memnet.nn.multihead import MultiHeadConfig, MultiHeadMemory
from memnet.story import ReadAs
from memnet.training.multihead.episodes import Episodes
from memnet.training.multihead.lessons import Asked, Lesson

LEXICON = Lexicon(
    sorted({"where", "is", "the", "went", "to", "got", "there", "back", "picked", "up", "in"}),
    [UNDECIDED, "garden", "no", "yes"],
)
FACTS = (
    "Mary got the football there.",
    "John went to the blue house.",
    "Mary went back to the garden.",
    "Ada Lovelace picked up the milk.",
    "John went to the garden.",
    "Ada Lovelace went to New York.",
)


@pytest.fixture(
    params=[("scaled", True), ("scaled", False), ("dot", True), ("additive", True), ("general", True)],
    ids=["gates", "no gates", "dot", "additive", "general"],
)
def network(request):
    torch.manual_seed(2)
    attention, write = request.param
    made = MultiHeadMemory(
        MultiHeadConfig(
            vocab_size=len(LEXICON),
            num_answers=4,
            num_heads=1 if attention == "dot" else 8,
            write=write,
            attention=attention,
        )
    )
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.03)
        if write:
            made.write_bias.fill_(-1.0)
    return made.eval()


def dense(network, facts, question, memory=64):
    episodes = Episodes(
        [Lesson(1, facts, (Asked(question, (), len(facts)),))],
        LEXICON,
        symbol_dim=network.config.symbol_dim,
        positions=network.config.positions,
        memory=memory,
        fixed=lambda task, key: False,
    )
    with torch.no_grad():
        return episodes, network(episodes.batch(np.array([0]), rename=False)[0])


def told_of(interpreter, facts):
    vectors = interpreter.encode(facts)
    slots = TextFacts(vectors, interpreter.retention(vectors))
    return Told(slots, range(1, len(facts) + 1), facts, len(facts), 0)


@pytest.mark.parametrize(
    "question", ["Where is ada lovelace?", "Where is the football", "Is John in New York?"]
)
@pytest.mark.parametrize("count", [1, 3, 6])
def test_attention_is_that_of_training_to_the_fifth_decimal(network, question, count):
    facts = FACTS[:count]
    interpreter = MultiHeadInterpreter(network, LEXICON)

    read = interpreter.answer(question, told_of(interpreter, facts), 4)
    _, outcome = dense(network, facts, question)

    np.testing.assert_allclose(read.attention, outcome.attention[0, 0], atol=1e-5)
    np.testing.assert_allclose(read.null, outcome.null[0, 0], atol=1e-5)


@pytest.mark.parametrize("count", [64, 100, 150])
def test_many_facts_are_attended_to_as_sharply_as_a_calibration_says(network, count):
    facts = tuple(f"Person{number} went to the garden." for number in range(count))
    blurred = MultiHeadInterpreter(network, LEXICON)
    before = blurred.answer("Where is Person3?", told_of(blurred, facts), 4)
    network.sharpening = 0.2
    interpreter = MultiHeadInterpreter(network, LEXICON)

    read = interpreter.answer("Where is Person3?", told_of(interpreter, facts), 4)
    _, outcome = dense(network, facts, "Where is Person3?", memory=200)

    # The others are retired.
    np.testing.assert_allclose(read.attention, outcome.attention[0, 0][..., read.read], atol=1e-5)
    np.testing.assert_allclose(read.null, outcome.null[0, 0], atol=1e-5)
    assert np.array_equal(read.attention, before.attention) == (len(read.read) <= 64)


def test_what_later_facts_leave_is_that_of_training(network):
    interpreter = MultiHeadInterpreter(network, LEXICON)
    _, outcome = dense(network, FACTS, "Where is Mary?")

    retention = interpreter.retention(interpreter.encode(FACTS))

    if not interpreter.has_gates:
        assert outcome.retention is None
        assert not retention.any()
    else:
        assert retention.min() < -0.1
        np.testing.assert_allclose(retention, outcome.retention[0, 0], atol=1e-5)


def test_facts_told_one_at_a_time_leave_what_they_leave_when_told_together(network):
    interpreter = MultiHeadInterpreter(network, LEXICON)
    vectors = interpreter.encode(FACTS)
    kept = np.zeros(len(FACTS))
    for new in range(1, len(FACTS)):
        gates = interpreter.gates(vectors[new : new + 1], TextFacts(vectors[:new]))
        kept[:new] += np.log1p(-gates[0].astype(np.float64))

    np.testing.assert_allclose(kept, interpreter.retention(vectors), atol=1e-5)


def test_the_answer_is_that_of_training(network):
    interpreter = MultiHeadInterpreter(network, LEXICON)
    question = "Where is Mary?"
    episodes, outcome = dense(network, FACTS, question)

    read = interpreter.answer(question, told_of(interpreter, FACTS), 4)

    said = episodes.said(0, outcome.logits[0, 0], LEXICON)
    best = read.alternatives[0]
    # A list is less probable than its first entry; training says the most probable first entry.
    first = UNDECIDED if said == UNDECIDED else best.text.split(",")[0]
    assert LEXICON.key_of(first) == LEXICON.key_of(said.split(",")[0])
    assert said != UNDECIDED or read.undecided > best.probability


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_chances_are_those_of_training_at_any_temperature(network, temperature):
    calibration = Calibration(temperature=temperature)
    interpreter = MultiHeadInterpreter(network, LEXICON, calibration)
    _, outcome = dense(network, FACTS, "Where is Mary?")

    offered = interpreter.offer("Where is Mary?", told_of(interpreter, FACTS))

    ours = chances_of(offered.logits, temperature)
    theirs = (outcome.logits[0, 0] / temperature).softmax(dim=-1)
    np.testing.assert_allclose(ours.sum(axis=1), 1, atol=1e-9)
    # Names stand in another order: those of the facts here, those of the whole lesson there.
    np.testing.assert_allclose(np.sort(ours), np.sort(theirs)[:, -ours.shape[1] :], atol=1e-4)


def offered(*chances: dict[str, float]) -> Offered:
    """What can be answered, with these chances at the four positions and hardly any for the rest."""
    texts = [*LEXICON.answers, "", "milk", "football"]
    logits = np.full((4, len(texts)), -20.0, np.float32)
    for position, chance in enumerate([*chances, *[{"": 1.0}] * (4 - len(chances))]):
        for text, p in chance.items():
            logits[position, texts.index(text)] = np.log(p)
    return Offered(np.arange(0), None, logits, ["milk", "football"], ["milk", "football"])


def test_a_list_goes_on_to_its_end_and_every_entry_has_a_probability_of_its_own(network):
    given = offered({"milk": 0.6, "football": 0.4}, {"football": 0.7, "milk": 0.1, "": 0.2})

    alternatives, entries, _ = MultiHeadInterpreter(network, LEXICON).weigh(given, 2)

    assert [each.text for each in alternatives] == ["milk,football", "football"]
    assert [each.probability for each in alternatives] == pytest.approx([0.6 * 0.7, 0.4 * 0.2])
    # In one of the two places at least.
    assert {each.text: each.probability for each in entries} == pytest.approx(
        {"milk": 1 - 0.4 * 0.9, "football": 1 - 0.6 * 0.3}, abs=1e-6
    )


def test_the_best_answer_is_whole_even_where_undecided_is_more_probable(network):
    given = offered({UNDECIDED: 0.5, "milk": 0.3, "no": 0.2}, {"football": 1.0})

    alternatives, entries, undecided = MultiHeadInterpreter(network, LEXICON).weigh(given, 1)

    assert undecided == pytest.approx(0.5)
    assert [each.text for each in entries] == ["milk", "football"]
    assert alternatives[0].text == "milk,football"


def test_a_higher_temperature_is_more_cautious(network):
    given = offered({"milk": 0.8, "football": 0.2})

    plain, cautious = (
        MultiHeadInterpreter(network, LEXICON, Calibration(temperature=t)).weigh(given, 1)[0][0].probability
        for t in (1.0, 2.0)
    )

    # The square roots of the odds; the ends of the three other positions stay all but certain.
    assert plain == pytest.approx(0.8, abs=1e-4)
    assert cautious == pytest.approx(2 / 3, abs=1e-3)


def test_small_writes_take_nothing_where_a_calibration_says_so(network):
    network.least_gate = 0.4
    interpreter = MultiHeadInterpreter(network, LEXICON)
    _, outcome = dense(network, FACTS, "Where is Mary?")

    retention = interpreter.retention(interpreter.encode(FACTS))

    if interpreter.has_gates:
        network.least_gate = 0.0
        before = MultiHeadInterpreter(network, LEXICON).retention(interpreter.encode(FACTS))
        assert (retention >= before).all()
        assert retention.sum() > before.sum()
        np.testing.assert_allclose(retention, outcome.retention[0, 0], atol=1e-5)


def test_names_are_copied_as_they_were_written(network):
    interpreter = MultiHeadInterpreter(network, LEXICON)

    texts = {
        each.text
        for each in interpreter.answer("Where is Mary?", told_of(interpreter, FACTS), 30).alternatives
    }

    assert {"New York", "Ada Lovelace", "blue house"} <= {name for text in texts for name in text.split(",")}


def test_words_for_which_others_are_read_are_told_and_known_ones_are_not(network):
    lexicon = Lexicon(LEXICON.words, LEXICON.answers, {"strolled": ("went",), "went": ("got",)})
    interpreter = MultiHeadInterpreter(network, lexicon)

    assert interpreter.read_as("Mary strolled to the garden.") == (ReadAs("strolled", "went"),)
    assert interpreter.read_as("Mary went to the garden.") == ()
    assert interpreter.unknown_words("Mary strolled to the garden.") == ()
    assert np.array_equal(
        interpreter.encode(["Mary strolled to the garden."]), interpreter.encode(["Mary went to the garden."])
    )
