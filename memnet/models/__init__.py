"""The checkpoint that memnet ships with."""

from pathlib import Path

SHIPPED = Path(__file__).parent / "memn2n-joint"
"""Folder of the shipped checkpoint; its README.md is the model card."""
