"""Runs as training and benchmarks leave them, made on the spot."""

from __future__ import annotations

import json
from pathlib import Path

from memnet import recipes
from memnet.babi.dataset import load_task
from memnet.training.checkpoint import load_checkpoint, save_checkpoint
from tests.models import untrained_checkpoint


def recorded_checkpoint(folder: Path, babi_dir: Path) -> Path:
    """An untrained network that says it was trained on task 1 of the repository's extract."""
    checkpoint = load_checkpoint(untrained_checkpoint(folder, babi_dir))
    file = load_task(babi_dir, "en", 1, "train")
    record = {"name": file.path.name, "sha256": file.sha256, "questions": file.num_questions}
    training = {
        "recipe": {"seed": 3},
        "data": {"split": "en", "files": {"1": record}, "notes": []},
        "history": [
            {"epoch": 1, "linear": True, "learning_rate": 0.005, "loss": 2.5, "validation_error": 0.7},
            {"epoch": 2, "linear": False, "learning_rate": 0.005, "loss": 1.5, "validation_error": None},
        ],
    }
    save_checkpoint(folder, checkpoint.network, checkpoint.vocabulary, training)
    return folder


def benchmark_results(folder: Path, *, tasks: tuple[int, ...] = (1, 19), name: str = "1k-single-bow") -> Path:
    """Three restarts per task: the second has the lowest training error and not the lowest test error."""
    folder.mkdir()
    settings = recipes.load("1k-single-bow").to_dict() | {"name": name, "restarts": 3, "tasks": list(tasks)}
    (folder / "benchmark.json").write_text(json.dumps(settings))
    for task in tasks:
        restarts = [
            {"seed": seed, "training_error": train, "validation_error": 0.2, "test_errors": {str(task): test}}
            for seed, (train, test) in enumerate([(0.3, 0.1), (0.1, 0.4), (0.2, 0.7)])
        ]
        file = {"name": "own.txt", "sha256": "0" * 64, "questions": 900}
        note = f"task {task}: 900 training questions from own.txt, not the official file"
        data = {"split": "en", "files": {str(task): file}, "notes": [note]}
        result = {"restarts": restarts, "data": data, "elapsed_s": 50.0}
        (folder / f"task-{task}.json").write_text(json.dumps(result))
    return folder
