"""An untrained multi-head network with the record of a run on the repository's extract of bAbI."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch

from memnet.lexicon import UNDECIDED, Lexicon
from memnet.nn.multihead import MultiHeadConfig, MultiHeadMemory
from memnet.training.checkpoint import save_checkpoint

TRAIN = "qa1_single-supporting-fact_train.txt"


def untrained_multihead(folder: Path, babi_dir: Path) -> Path:
    lexicon = Lexicon(["where", "is", "the", "went", "back", "to", "moved"], [UNDECIDED, "no", "yes"])
    torch.manual_seed(5)
    network = MultiHeadMemory(MultiHeadConfig(vocab_size=len(lexicon), num_answers=3, num_hops=2))
    digest = hashlib.sha256((babi_dir / "en" / TRAIN).read_bytes()).hexdigest()
    record = {
        "recipe": {"validation": 0.5, "worded": 10, "seed": 0},
        "data": {
            "split": "en",
            "files": {"1": {"name": TRAIN, "sha256": digest, "questions": 10}},
            "notes": [],
        },
    }
    save_checkpoint(folder, network, lexicon, record)
    return folder
