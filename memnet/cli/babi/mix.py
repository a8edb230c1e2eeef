"""`memnet babi mix`."""

from __future__ import annotations

from pathlib import Path

import click
import torch

from memnet.babi.dataset import data_dir
from memnet.babi.tasks import parse_tasks
from memnet.cli.babi.options import data_option, parse_train_files, train_files_option
from memnet.errors import InputError
from memnet.training.checkpoint import CONFIG, load_checkpoint, save_checkpoint
from memnet.training.multihead.data import MultiHeadRunSpec
from memnet.training.multihead.mixing import mixed, record_of
from memnet.training.multihead.recipe import MultiHeadRecipe


@click.command()
@click.argument("run", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--from",
    "begun",
    required=True,
    type=click.Path(path_type=Path),
    metavar="CHECKPOINT",
    help="What RUN began from.",
)
@click.option(
    "--share",
    "shares",
    multiple=True,
    type=float,
    default=(0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    show_default=True,
    help="Of RUN's weights; several are tried.",
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the mix."
)
@data_option
@train_files_option
def mix(
    run: Path,
    begun: Path,
    shares: tuple[float, ...],
    out: Path,
    data: Path | None,
    train_files: tuple[str, ...],
) -> None:
    """Mix the weights of RUN with those that it began from, as far as validation stories like it best.

    The stories are those of the training files that training set aside, and generated ones; what each share
    gets wrong of them is said. Kept is the one with the smallest sum of bAbI's mean error and that of robust
    wording. Test files are not read.
    """
    torch.set_num_threads(1)
    if (out / CONFIG).exists():
        raise InputError(f"{out} already holds a run", hint="choose another --out, or remove the folder")
    ended, first = load_checkpoint(run), load_checkpoint(begun)
    trained = ended.training
    spec = MultiHeadRunSpec(
        data_dir(data),
        trained["data"]["split"],
        tuple(sorted(int(task) for task in trained["data"]["files"])),
        parse_train_files(train_files, parse_tasks("all")),
        MultiHeadRecipe.from_dict(trained["recipe"]),
    )
    tried = mixed(ended, first, shares, spec)
    chosen = min(tried, key=lambda each: each.both)
    for each in tried:
        worded = f", robust wording {each.errors[0]:.2%}" if 0 in each.errors else ""
        kept = "  (kept)" if each is chosen else ""
        click.echo(f"share {each.share:g}: validation error bAbI {each.babi:.2%}{worded}{kept}")
    save_checkpoint(out, chosen.network, ended.vocabulary, record_of(ended, chosen, tried))
