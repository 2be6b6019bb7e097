"""Uniform random numbers by name: every draw of a run has an address, so no draw can push another one aside.

A stream is addressed by (seed, replication, names); within it, row k belongs to unit k of its flow (or to calendar
day k, for day factors). Whoever adds a flow, a stage or a unit therefore changes nobody else's numbers, and
replication 57 alone draws what replication 57 of 100 draws.

One row is one 64-bit output of the bit generator, so row k is reached by `advance(k)` in logarithmic time: rows
a .. b - 1 drawn alone equal the same rows of the whole, which is what drawing a long run in chunks rests on.

The bit generator is PCG64DXSM: numpy documents it as the variant of PCG64 for very many parallel streams, it advances
by single outputs (Philox counts blocks of four), and numpy's compatibility policy (NEP 19) freezes its output and the
seeding of `SeedSequence`. Of `Generator` only `random` is used, 53 bits of one output; all shapes come from inverse
distribution functions.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Streams:
    """All the uniforms of one replication. `spawn_key` is stateless, `SeedSequence.spawn` would not be."""

    seed: int
    replication: int

    def uniforms(self, *names: str, count: int, skip: int = 0) -> NDArray[np.float64]:
        """Rows skip .. skip + count - 1 of the stream of these names: float64[count], 0 <= u < 1."""
        sequence = np.random.SeedSequence(self.seed, spawn_key=(self.replication, *words(names)))
        bits = np.random.PCG64DXSM(sequence)
        if skip:
            bits.advance(skip)
        return np.random.Generator(bits).random(count)


def words(names: tuple[str, ...]) -> tuple[int, ...]:
    """Four 32-bit words that stand for a tuple of names, the same on every machine.

    Each name is preceded by its length in bytes, so that ("ab", "c") and ("a", "bc") differ.
    """
    digest = hashlib.blake2b(digest_size=16)
    for name in names:
        text = name.encode("utf-8")
        digest.update(len(text).to_bytes(8, "little"))
        digest.update(text)
    return tuple(int(word) for word in np.frombuffer(digest.digest(), dtype="<u4"))
