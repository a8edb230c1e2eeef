"""memnet: a memory that answers."""

__version__ = "0.1.0"
