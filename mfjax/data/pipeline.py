"""Batches of random crops, a pure function of seed and step, read ahead by threads (Grain)."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import grain
import numpy as np

from mfjax.data.degradation import canvases, crop_with_margin
from mfjax.data.pairs import PairFiles, pair_folders, read_pair

logger = logging.getLogger("mfjax")


@dataclass(frozen=True)
class DataConfig:
    """Where training images come from and how they are cut."""

    roots: tuple[str, ...] = ()
    """Folders with ir/ and vis/, or folders of such folders."""
    weights: dict[str, float] = field(default_factory=dict)
    """By a folder's name, how often each of its pairs is drawn; 1 where nothing is said."""
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


def batches(config: DataConfig, seed: int, *, start: int = 0) -> Iterator[Batch]:
    """Batches from step `start` on, without end. The batch of a step depends on configuration and seed only.

    Raises:
        ValueError: there are no pairs, or an image is smaller than a crop with its margin.
    """
    folders = pair_folders([Path(root) for root in config.roots])
    if not folders:
        raise ValueError("no training data: name a folder with ir/ and vis/, --data.roots DIR")
    for name in config.weights.keys() - {folder.name for folder in folders}:
        logger.warning("data.weights names %s, but no training folder is called so", name)
    weights = [len(folder.files) * config.weights.get(folder.name, 1.0) for folder in folders]
    cut = _Crop(crop_with_margin(canvases(config.crop, *config.scales)), config.min_detail)

    def crops(files: Sequence[PairFiles], number: int) -> grain.MapDataset:
        return grain.MapDataset.source(files).seed(seed + number).shuffle().repeat().random_map(cut)

    sources = [crops(folder.files, number) for number, folder in enumerate(folders)]
    mixed = grain.MapDataset.mix(sources, [w / sum(weights) for w in weights])
    pairs = mixed.slice(slice(start * config.batch, None)).batch(config.batch)
    reader = pairs.to_iter_dataset(grain.ReadOptions(num_threads=2, prefetch_buffer_size=8))
    for step, (ir, vis) in enumerate(reader, start):
        yield Batch(ir, vis, draw_numerators(config, seed, step))


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

    def random_map(self, element: PairFiles, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        pair = np.stack(read_pair(element), axis=-1)  # [h, w, 2]
        free = np.array(pair.shape[:2]) - self.side
        if free.min() < 0:
            h, w = pair.shape[:2]
            raise ValueError(
                f"{element.ir} is {h}x{w}; training needs images of {self.side}x{self.side} or more: "
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
