"""Labels of training data: nothing is called official that is not."""

from __future__ import annotations

from memnet.babi.verify import official_files
from memnet.evaluation.labels import official_tasks, training_labels

TASK_1 = "qa1_single-supporting-fact_train.txt"
TASK_3 = "qa3_three-supporting-facts_train.txt"


def record(task: int, name: str, sha256: str, *notes: str, split: str = "en-10k") -> dict:
    file = {"name": name, "sha256": sha256, "questions": 1000}
    return {"split": split, "files": {str(task): file}, "notes": list(notes)}


def test_an_official_file_is_called_so_by_its_identity():
    data = record(1, TASK_1, official_files()[f"en-10k/{TASK_1}"])

    assert training_labels(data) == {1: "official 10k"}
    assert official_tasks(data) == [1]


def test_the_official_1k_file_in_a_10k_run_is_not_what_published_results_had():
    data = record(3, TASK_3, official_files()[f"en/{TASK_3}"], "task 3: 1,000 training questions from x")

    assert training_labels(data) == {3: "official 1k (1,000 questions)"}
    assert official_tasks(data) == []


def test_other_data_keep_the_words_they_were_trained_with():
    note = "task 3: synthetic training stories, original test (qa3_synthetic.txt)"
    data = record(
        3, "qa3_synthetic.txt", "0" * 64, note, "5,000 cross questions added to the training stories"
    )

    assert training_labels(data) == {3: "synthetic training stories, original test (qa3_synthetic.txt)"}
    assert official_tasks(data) == []


def test_an_official_name_is_not_enough():
    assert training_labels(record(1, TASK_1, "0" * 64)) == {1: f"{TASK_1}, not the official file"}
    assert training_labels(record(3, TASK_3, "0" * 64)) == {3: f"{TASK_3}, identity not checked"}


def test_a_checkpoint_without_a_record_has_no_labels():
    assert training_labels({}) == {}
    assert official_tasks({}) == []
