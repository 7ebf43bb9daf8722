"""Selects the pairs that a run trains on and those that it holds out, by seed."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mfjax.data.pairs import LumaPair, PairSource, find_sources
from mfjax.data.sets.built import BuiltPairs, find_built
from mfjax.errors import MfjaxError


class Selection(NamedTuple):
    """Indices of pairs, ascending and disjoint."""

    training: list[int]
    validation: list[int]


def select(names: Sequence[str], count: int, validation: int, seed: int) -> Selection:
    """Chooses `count` of the named pairs at random, and `validation` of these to validate on.

    This is a pure function of the names and the seed. The order of the names doesn't matter, and a larger `count`
    chooses everything that a smaller one does. Each name draws a number, its hash with the seed; the smallest win.

    Args:
        names: the names of all pairs, all different.
        count: number of pairs to choose for both uses together.
        validation: number of chosen pairs that are held out from training.
        seed: of the choice.

    Raises:
        MfjaxError: there are fewer pairs than `count`, or more should be held out than chosen.
    """
    if not 0 <= validation <= count <= len(names):
        raise MfjaxError(f"{validation:,} pairs to hold out of {count:,} to choose of {len(names):,} is impossible")
    ranks = [hashlib.sha256(f"{seed}/{name}".encode("utf-8", "surrogateescape")).digest() for name in names]
    chosen = sorted(range(len(names)), key=ranks.__getitem__)[:count]
    return Selection(sorted(chosen[validation:]), sorted(chosen[:validation]))


def shares(sizes: Sequence[int], count: int) -> list[int]:
    """Returns how many pairs to take from each set: as equal numbers as the sizes allow, all of a small set.

    Args:
        sizes: number of pairs in each set.
        count: number of pairs to take, at most the sum of `sizes`.
    """
    taken = [0] * len(sizes)
    for done, index in enumerate(sorted(range(len(sizes)), key=lambda index: sizes[index])):
        taken[index] = min(sizes[index], (count - sum(taken)) // (len(sizes) - done))
    return taken


def proportions(sizes: Sequence[int], count: int) -> list[int]:
    """Returns how many pairs to take from each set: in proportion to the sizes, leaving at least one in each.

    Args:
        sizes: number of pairs in each set.
        count: number of pairs to take.

    Raises:
        MfjaxError: there are too few.
    """
    most = [max(size - 1, 0) for size in sizes]
    if count > sum(most):
        raise MfjaxError(
            f"{count:,} pairs are to be held out of {sum(sizes):,} in {len(sizes)} folders; leave some of each to train"
        )
    ideal = [size * count / sum(sizes) for size in sizes]
    taken = [min(limit, int(share)) for limit, share in zip(most, ideal, strict=True)]
    while sum(taken) < count:
        short = [index for index, limit in enumerate(most) if taken[index] < limit]
        taken[max(short, key=lambda index: ideal[index] - taken[index])] += 1
    return taken


class Subset:
    """Some of the pairs of a source, as a source."""

    def __init__(self, source: PairSource, indices: Sequence[int]):
        self.source, self.indices = source, indices
        self.name = source.name
        self.names = [source.names[index] for index in indices]
        self.sizes = None if source.sizes is None else [source.sizes[index] for index in indices]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> LumaPair:
        return self.source[self.indices[index]]

    def stored(self, index: int) -> LumaPair:
        """Returns a pair as the source's files hold it."""
        return self.source.stored(self.indices[index])


def open_sources(roots: Sequence[str]) -> list[PairSource]:
    """Returns the sources of several roots.

    Args:
        roots: folders of pairs, folders of such folders, and built data sets; a data set by its folder, or as
            PATH@SPLIT for another split than "train".

    Raises:
        MfjaxError: a root is none of these.
    """
    sources: list[PairSource] = []
    for root in roots:
        path, _, split = root.rpartition("@")
        if path and not Path(root).exists() and find_built(Path(path)):
            sources.append(BuiltPairs(Path(path), split))
        elif find_built(Path(root)):
            sources.append(BuiltPairs(Path(root)))
        else:
            sources += find_sources([Path(root)])
    return sources


def divide(
    sources: Sequence[PairSource], count: int, validation: int, seed: int
) -> tuple[list[PairSource], list[PairSource]]:
    """Returns the sources to train on and those to validate on, none of them empty.

    Pairs are chosen from the sources in as equal numbers as their sizes allow, as the paper takes equally many from
    each of its two. Pairs are held out in proportion to the number chosen from each source.

    Args:
        sources: the sources to choose from.
        count: number of pairs to choose; 0 for all.
        validation: number of chosen pairs to hold out.
        seed: of the choice.

    Raises:
        MfjaxError: there are fewer pairs than `count`, or none would be left to train on.
    """
    if not count and not validation:
        return list(sources), []
    sizes = [len(source) for source in sources]
    if count > sum(sizes):
        raise MfjaxError(
            f"{count:,} pairs are to be chosen, but there are {sum(sizes):,}: name more folders, "
            "or lower data.pairs and data.held_out (pairs 0 takes all, held_out 0 holds none out)"
        )
    chosen = shares(sizes, count or sum(sizes))
    parts: tuple[list[PairSource], list[PairSource]] = ([], [])
    for source, taken, held_out in zip(sources, chosen, proportions(chosen, validation), strict=True):
        selection = select([f"{source.name}/{name}" for name in source.names], taken, held_out, seed)
        for part, indices in zip(parts, selection, strict=True):
            if indices:
                part.append(Subset(source, indices))
    return parts
