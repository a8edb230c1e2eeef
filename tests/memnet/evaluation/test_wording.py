"""How questions about worded stories are counted."""

from __future__ import annotations

from dataclasses import replace

from memnet.calibration import UNCALIBRATED, Doubt
from memnet.evaluation.wording import FAMILIAR_SEED, put
from memnet.models import SHIPPED
from memnet.reader import Reader
from memnet.training.checkpoint import load_checkpoint
from memnet.wording import generate

STORIES = generate(40, seed=FAMILIAR_SEED, unanswerable=0.0)


def asked(**calibration):
    checkpoint = load_checkpoint(SHIPPED)
    return list(put(Reader(replace(checkpoint, calibration=replace(UNCALIBRATED, **calibration))), STORIES))


def test_a_right_answer_that_is_declined_counts_as_lost_and_a_wrong_one_does_not():
    given = asked()
    declined = asked(doubt=Doubt(50, 0, 0, 0, 0, limit=0.5))

    assert all(each.declined and not each.right for each in declined)
    answered = [pair for pair in zip(given, declined, strict=True) if not pair[0].declined]
    assert [before.right for before, _ in answered] == [after.lost for _, after in answered]
    assert 0 < sum(before.right for before, _ in answered) < len(answered)
    assert not any(each.lost for each in given if not each.declined)
