"""Options that several commands of `memnet babi` share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from memnet.babi.dataset import SPLITS
from memnet.errors import InputError
from memnet.models import SHIPPED

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder with en/, en-10k/ …; else MEMNET_BABI_DIR, else what `download` fetched.",
)
split_option = click.option(
    "--split", type=click.Choice(SPLITS), default="en", show_default=True, help="Folder of the archive."
)
tasks_option = click.option(
    "--tasks", default="all", show_default=True, help="`all`, `1`, `1,2,5`, `1-5,19`."
)
run_argument = click.argument(
    "run", type=click.Path(path_type=Path, file_okay=False), default=SHIPPED, required=False
)
train_files_option = click.option(
    "--train-file",
    "train_files",
    multiple=True,
    metavar="TASK=FILE",
    help="Train a task on another file than the official one; results say so.",
)


def parse_train_files(given: Sequence[str], tasks: Sequence[int]) -> Mapping[int, Path]:
    """Read `TASK=FILE` choices.

    Raises:
        InputError: Not of this form, or not one of the chosen tasks.
    """
    files = {}
    for item in given:
        task, equals, path = item.partition("=")
        if not equals or not task.isdigit() or int(task) not in tasks:
            raise InputError(f"--train-file needs TASK=FILE with one of the chosen tasks; got '{item}'")
        files[int(task)] = Path(path)
    return files
