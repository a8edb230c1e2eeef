"""Options that several commands of `memnet babi` share."""

from __future__ import annotations

from pathlib import Path

import click

from memnet.babi.dataset import SPLITS
from memnet.models import SHIPPED

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder with en/, en-10k/ …; MEMNET_BABI_DIR by default.",
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
