"""Why an answer was given: what attention read, and which facts the answer really needs.

    python examples/why.py

Attention says what was read; leaving a fact out and asking again says whether it mattered.
"""

from memnet.models import SHIPPED
from memnet.reader import Reader
from memnet.training.checkpoint import load_checkpoint

FACTS = [
    "Mary travelled to the office.",
    "Mary got the football there.",
    "John went to the kitchen.",
    "Mary went back to the garden.",
]
QUESTION = "Where is the football?"

reader = Reader(load_checkpoint(SHIPPED))
answer = reader.ask_facts(FACTS, QUESTION)
print(f"{QUESTION} {answer.text}")
for hop in answer.hops:
    most = hop.attention[0]
    print(f"  hop {hop.hop} read: {FACTS[most.seq - 1]} ({most.weight:.2f})")
for left_out in FACTS:
    without = reader.ask_facts([fact for fact in FACTS if fact != left_out], QUESTION)
    changed = "changes the answer" if without.text != answer.text else "changes nothing"
    print(f"  without '{left_out}' {changed}")
