"""Batches of random crops, a pure function of seed and step, read ahead by threads (Grain)."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import grain
import numpy as np

from mfjax.data.degradation import canvases, crop_with_margin
from mfjax.data.pairs import Pair, PairSource
from mfjax.data.selection import divide, open_sources

logger = logging.getLogger("mfjax")


@dataclass(frozen=True)
class DataConfig:
    """Where training images come from and how they are cut."""

    roots: tuple[str, ...] = ()
    """Folders with ir/ and vis/, folders of such folders, or built data sets: DIR, or DIR@SPLIT for a split of one."""
    pairs: int = 0
    """Pairs to choose, by `pairs_seed` and evenly over folders and data sets; 0 for all."""
    held_out: int = 0
    """How many of the chosen pairs are kept from training, to validate on."""
    pairs_seed: int = 0
    """Another seed is another choice of pairs."""
    weights: dict[str, float] = field(default_factory=dict)
    """By a folder's or built data set's name, how often each of its pairs is drawn; 1 where nothing is said."""
    crop: int = 128
    """Side of the high-resolution crops in pixels."""
    batch: int = 4
    """Pairs a step."""
    scales: tuple[int, int] = (10, 30)
    """Smallest and largest down-sampling factor in tenths; one is drawn for each source and step."""
    min_detail: float = 0.0
    """Standard deviation in [0, 1] that a crop of one of the sources must reach; a few draws are made for it."""

    def __post_init__(self) -> None:
        if isinstance(self.roots, str):
            raise ValueError(f"roots is {self.roots!r}; it must be a tuple of folders")
        if min(self.pairs, self.held_out) < 0:
            raise ValueError(f"pairs is {self.pairs} and held_out {self.held_out}; neither can be negative")
        if self.crop < 8:
            raise ValueError(f"crop is {self.crop}; it must be at least 8 pixels")
        if self.batch < 1:
            raise ValueError(f"batch is {self.batch}; it must be at least 1")
        if not 10 <= self.scales[0] <= self.scales[1]:
            raise ValueError(f"scales is {self.scales}; it must be two tenths, 10 <= smallest <= largest")
        if any(weight <= 0 for weight in self.weights.values()):
            raise ValueError(f"weights is {self.weights}; every weight must be positive")


class Batch(NamedTuple):
    """High-resolution crops with margin, uint8 `[n, s, s, 1]`, and the two scales' numerators (see `degradation`)."""

    ir: np.ndarray
    vis: np.ndarray
    numerators: np.ndarray  # int32 [2]: infrared, visible


def batches(config: DataConfig, seed: int, *, start: int = 0, part: int = 0, parts: int = 1) -> Iterator[Batch]:
    """Batches from step `start` on, without end. The batch of a step depends on configuration and seed only.

    Of several processes each gets one of `parts` equal parts of every batch, and the same scales.

    Raises:
        ValueError: there are no pairs, or fewer than are to be chosen; at once, as for images too small for a crop with
            its margin in a built data set. Of those in files it is found when they are read.
    """
    sources = training_pairs(config)
    for name in config.weights.keys() - {source.name for source in sources}:
        logger.warning("data.weights names %s, but no training folder is called so", name)
    weights = [len(source) * config.weights.get(source.name, 1.0) for source in sources]
    cut = _Crop(crop_with_margin(canvases(config.crop, *config.scales)), config.min_detail)
    for source in sources:
        _check_sizes(source, cut.side)

    def crops(source: PairSource, number: int) -> grain.MapDataset:
        return grain.MapDataset.source(source).seed(seed + number).shuffle().repeat().random_map(cut)

    of_sources = [crops(source, number) for number, source in enumerate(sources)]
    mixed = grain.MapDataset.mix(of_sources, [w / sum(weights) for w in weights])
    share = mixed.slice(slice(start * config.batch, None)).batch(config.batch // parts)
    pairs = share.slice(slice(part, None, parts))
    reader = pairs.to_iter_dataset(grain.ReadOptions(num_threads=2, prefetch_buffer_size=8))
    steps = enumerate(reader, start)
    return (Batch(ir, vis, draw_numerators(config, seed, step)) for step, (ir, vis) in steps)


def training_pairs(config: DataConfig) -> list[PairSource]:
    """What is trained on: all pairs, or those chosen and not held out.

    Raises:
        ValueError: there are none, or fewer than are to be chosen.
    """
    return _divided(config)[0]


def validation_pairs(config: DataConfig) -> list[PairSource]:
    """The `held_out` pairs, which `batches` never draws.

    Raises:
        ValueError: as `training_pairs`.
    """
    return _divided(config)[1]


def _divided(config: DataConfig) -> tuple[list[PairSource], list[PairSource]]:
    sources = open_sources(config.roots)
    if not sources:
        raise ValueError("no training data: name a folder with ir/ and vis/, --data.roots DIR")
    return divide(sources, config.pairs, config.held_out, config.pairs_seed)


def _check_sizes(source: PairSource, side: int) -> None:
    """Refuses a source that is known to have images too small for a crop, before a run starts."""
    small = [index for index, size in enumerate(source.sizes or ()) if min(size) < side]
    if source.sizes and small:
        h, w = source.sizes[small[0]]
        raise ValueError(
            f"{len(small):,} of {len(source):,} pairs of {source.name} are too small, such as {source.names[small[0]]} "
            f"of {h}x{w}; training needs images of {side}x{side} or more: build it with --min-side {side} or lower "
            "data.crop"
        )


def draw_numerators(config: DataConfig, seed: int, step: int) -> np.ndarray:
    """The two scales of a step, drawn independently and evenly, in tenths, int32 `[2]`."""
    smallest, largest = config.scales
    return np.random.default_rng([seed, step]).integers(smallest, largest + 1, 2, dtype=np.int32)


class _Crop(grain.transforms.RandomMap):
    """A random crop of a pair, flipped at random: uint8 `[s, s, 1]` each."""

    draws = 8  # for one with enough detail; the best is kept when none has

    def __init__(self, side: int, min_detail: float):
        self.side = side
        self.min_detail = min_detail

    def random_map(self, element: Pair, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        pair = np.stack([element.ir, element.vis], axis=-1)  # [h, w, 2]
        free = np.array(pair.shape[:2]) - self.side
        if free.min() < 0:
            h, w = pair.shape[:2]
            raise ValueError(
                f"{element.name} is {h}x{w}; training needs images of {self.side}x{self.side} or more: "
                f"leave it out or lower data.crop"
            )
        best, best_detail = pair, -1.0
        for _ in range(self.draws if self.min_detail > 0 else 1):
            row, col = rng.integers(0, free + 1)
            crop = pair[row : row + self.side, col : col + self.side]
            detail = crop.std(axis=(0, 1)).max() / 255
            if detail > best_detail:
                best, best_detail = crop, detail
            if detail >= self.min_detail:
                break
        best = best[:: rng.choice([1, -1]), :: rng.choice([1, -1])]
        ir, vis = np.ascontiguousarray(best.transpose(2, 0, 1))[..., None]
        return ir, vis
