"""`memnet babi verify`."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from memnet.babi.dataset import data_dir
from memnet.babi.verify import Finding, Verification
from memnet.babi.verify import verify as compare


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def verify(ctx: click.Context, directory: Path | None, as_json: bool) -> None:
    """Compare a folder with the official tasks, file by file.

    Names every file that is missing, altered or extra. The exit code is 0 when nothing is missing or
    altered, else 1. DIRECTORY is MEMNET_BABI_DIR or the downloaded data by default.
    """
    verification = compare(data_dir(directory))
    if as_json:
        click.echo(json.dumps(_record(verification)))
    else:
        for line in _lines(verification):
            click.echo(line)
    ctx.exit(0 if verification.whole else 1)


def _record(verification: Verification) -> dict[str, object]:
    return {
        "directory": str(verification.directory),
        "whole": verification.whole,
        "checked": verification.checked,
        "unpinned": verification.unpinned,
        "findings": [asdict(finding) for finding in verification.findings],
    }


def _lines(verification: Verification) -> list[str]:
    lines = []
    absent = _absent_splits(verification)
    for split, count in absent.items():
        lines.append(f"missing  {split}/ ({count} files)")
    for finding in verification.findings:
        if finding.state != "missing" or _split(finding) not in absent:
            detail = f": {finding.detail}" if finding.detail else ""
            lines.append(f"{finding.state:<7}  {finding.path}{detail}")
    missing, altered, extra = (verification.count(state) for state in ("missing", "altered", "extra"))
    official = verification.checked - missing - altered
    lines.append(
        f"{verification.directory}: {official} of {verification.checked} files are official, "
        f"{missing} missing, {altered} altered, {extra} extra"
    )
    if verification.unpinned:
        lines.append(
            f"{verification.unpinned} files of other splits were not checked: their hashes are not known"
        )
    return lines


def _absent_splits(verification: Verification) -> Counter[str]:
    """Splits without a folder, and how many files they have: one line each is enough."""
    return Counter(
        _split(finding)
        for finding in verification.findings
        if finding.state == "missing"
        and "/" in finding.path
        and not (verification.directory / _split(finding)).is_dir()
    )


def _split(finding: Finding) -> str:
    return finding.path.partition("/")[0]
