"""One question at a time, in numpy, is the network that was trained."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from memnet.interpreters import TextFacts, Told
from memnet.interpreters.multihead import MultiHeadInterpreter
from memnet.lexicon import Lexicon
from memnet.nn.multihead import MultiHeadConfig, MultiHeadMemory
from memnet.training.multihead.episodes import Episodes
from memnet.training.multihead.lessons import UNDECIDED, Asked, Lesson

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


@pytest.fixture(params=[True, False], ids=["gates", "no gates"])
def network(request):
    torch.manual_seed(2)
    made = MultiHeadMemory(MultiHeadConfig(vocab_size=len(LEXICON), num_answers=4, write=request.param))
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.03)
        if request.param:
            made.write_bias.fill_(-1.0)
    return made.eval()


def dense(network, facts, question):
    episodes = Episodes(
        [Lesson(1, facts, (Asked(question, (), len(facts)),))],
        LEXICON,
        symbol_dim=network.config.symbol_dim,
        positions=network.config.positions,
        memory=64,
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
    best = read.alternatives[0].text if read.undecided < read.alternatives[0].probability else UNDECIDED
    assert LEXICON.key_of(best.split(",")[0]) == LEXICON.key_of(said.split(",")[0])


def test_chances_of_all_first_words_sum_to_one(network):
    interpreter = MultiHeadInterpreter(network, LEXICON)
    told = told_of(interpreter, FACTS)
    question = LEXICON.tokens("Where is Mary?", frozenset({"mary"}))
    trace = interpreter._fused.read(interpreter._content(question, question=True), told.seqs, told.slots)
    keys, _, mentions = interpreter._names(told.texts, np.arange(len(FACTS)), trace)

    chances = np.exp(interpreter._fused.choices(trace, mentions, interpreter._vectors(keys)))

    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-5)


def test_names_are_copied_as_they_were_written(network):
    interpreter = MultiHeadInterpreter(network, LEXICON)

    texts = {
        each.text
        for each in interpreter.answer("Where is Mary?", told_of(interpreter, FACTS), 30).alternatives
    }

    assert {"New York", "Ada Lovelace", "blue house"} <= {name for text in texts for name in text.split(",")}
