"""Where the multi-head network begins: as MemN2N does, in one space, and with reads that are of use.

What a hop reads stands in the space that the next hop matches with. Heads begin as far as their mechanism
lets them: those with matrices of their own look for the symbol of one role and take that of another; plain
dot products can only match a role with itself.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from memnet.nn.multihead import MultiHeadMemory

_START = (
    ((0,), (0, 1), (3,), 2),
    ((0,), (1,), (0,), 2),
    ((2,), (0,), (3,), 1),
    ((2,), (3,), (0,), 1),
    ((1,), (0,), (3,), 2),
    ((1,), (1, 3), (0,), 2),
    ((0, 2), (0, 3), (0, 3), 1),
    ((), (), (0, 3), 2),
)
"""What each head does when training begins: roles of the state that it asks with, roles of a fact that it
finds by, roles of the fact that it takes, and the role of the state that it puts them in. The last role holds
the last symbol of a sentence, so the first head finds who is asked about and takes where they went."""


@torch.no_grad()
def begin(network: MultiHeadMemory) -> None:
    """Give a network its first weights, from torch's own generator."""
    c, d, ds, F = network.config, network.dim, network.config.symbol_dim, network.config.waves
    kind = c.mechanism
    projections = (
        network.ask,
        *([network.W_K] if kind.keys else []),
        *([network.W_V] if kind.values else []),
    )
    for module in projections:
        nn.init.normal_(module.weight, std=0.3 / math.sqrt(d))
    for module in (network.W_O, network.contract):
        nn.init.normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
    nn.init.zeros_(network.ask.bias)
    network.start.weight.copy_(torch.eye(d))
    nn.init.zeros_(network.start.bias)
    asks, takes = network.query_dim + 2 * F + 2, network.value_dim + 2 * F + 2
    for head in range(c.num_heads):
        put = _START[head % len(_START)][3]
        _begin_asking(network, head, slice(head * asks, (head + 1) * asks))
        taken = slice(head * takes, head * takes + network.value_dim)
        if kind.values:
            _pass(network, network.W_O.weight[:, taken].T, (put,), 0.5)
        else:
            network.W_O.weight[:, taken] += 0.5 * torch.eye(d)
    if not kind.linear:
        # Around b = 1 tanh is concave: a symbol and itself, whose numbers all add up or all cancel, come
        # to less than two symbols that have nothing in common. v < 0 makes it more.
        network.v.fill_(-1 / math.sqrt(ds))
    if not kind.query:
        # What is said is 48 numbers where a symbol is one unit vector: let them weigh about the same.
        network.read_norm.gain[c.roles * ds :] = 1 / math.sqrt(c.language_dim)
    if c.write:
        for module in (network.write, network.written):
            nn.init.normal_(module.weight, std=0.3 / math.sqrt(d))
            for role in range(2):
                _pass(network, module.weight[_columns(network, role)], (role,), 1.0)
        nn.init.zeros_(network.write.bias)


def _begin_asking(network: MultiHeadMemory, head: int, rows: slice) -> None:
    """What a head looks for. One symbol that is asked for adds about a nat or two to a fact's score."""
    c, ds, F = network.config, network.config.symbol_dim, network.config.waves
    asked, found, taken, _ = _START[head % len(_START)]
    own = slice(head * ds, (head + 1) * ds)
    weight, bias = network.ask.weight[rows], network.ask.bias[rows]
    if c.mechanism.keys:
        asking, finding = (1.0, 1.0) if c.mechanism.linear else (1.5, 3.0)
        _pass(network, weight[:ds], asked, asking)
        _pass(network, network.W_K.weight[own], found, finding)
    elif c.mechanism.query:
        # A product of two matrices has less noise than one matrix of theirs.
        weight[: network.query_dim] *= 0.2
        for role in found:
            _pass(network, weight[_columns(network, role)], asked, 1.0)
    if c.mechanism.values:
        _pass(network, network.W_V.weight[own], taken, 1.0)
    # Newer facts first, gently: up to about half a nat per frequency.
    bias[network.query_dim :][:F] = 0.6 * head / max(1, c.num_heads - 1)
    if not c.mechanism.linear:
        bias[:ds] = 1.0


def _pass(network: MultiHeadMemory, weight: Tensor, roles: tuple[int, ...], strength: float) -> None:
    """Let a projection pass the symbols of some roles."""
    for role in roles:
        weight[:, _columns(network, role)] += strength * torch.eye(network.config.symbol_dim)


def _columns(network: MultiHeadMemory, role: int) -> slice:
    """Where a role's symbol stands in a fact or state; the last role for any that there are not."""
    role = min(role, network.config.roles - 1)
    return slice(role * network.config.symbol_dim, (role + 1) * network.config.symbol_dim)
