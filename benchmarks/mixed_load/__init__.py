"""A mixed load on a server of several workers: who sent what, what was acknowledged, and what was seen."""
