"""Networks: tensors in, tensors out. Nothing here knows of SQL, FAISS or HTTP."""

import os

import torch

if hasattr(os, "register_at_fork"):
    # A child inherits OpenMP's belief in threads that only the parent has, and would wait for them for ever.
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))
