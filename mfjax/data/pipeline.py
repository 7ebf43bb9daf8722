"""Batches of random crops: a pure function of seed and step, read ahead by threads or processes (Grain)."""

import hashlib
import itertools
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Generator, Sequence
from typing import NamedTuple

import grain
import numpy as np
from absl import flags

from mfjax.data.config import DataConfig
from mfjax.data.degradation import canvases, crop_with_margin
from mfjax.data.pairs import LumaPair, PairSource
from mfjax.data.selection import divide, open_sources
from mfjax.errors import MfjaxError

logger = logging.getLogger("mfjax")


class Batch(NamedTuple):
    """High-resolution crops with a margin, uint8 `[n, s, s, 1]`, and both scales (see `degradation`)."""

    ir: np.ndarray
    vis: np.ndarray
    numerators: np.ndarray  # int32 [2]: infrared, visible


def batches(config: DataConfig, seed: int, *, start: int = 0, part: int = 0, parts: int = 1) -> Generator[Batch]:
    """Yields the batches from step `start` on, without end. Close the generator when done.

    The batch of a step depends on configuration and seed only, not on threads and workers. Each of several processes
    gets one of `parts` equal parts of every batch, and the same scales.

    Args:
        config: the choice of images.
        seed: of order, crops and scales.
        start: number of steps taken before.
        part: the number of this process's part.
        parts: number of processes.

    Raises:
        MfjaxError: there are no pairs, or fewer than should be chosen, or images are too small for a crop with its
            margin. The size of images in files is found when they are read, everything else before the first batch.
    """
    sources = training_pairs(config)
    for name in config.weights.keys() - {source.name for source in sources}:
        logger.warning("data.weights names %s, but no training folder is called so", name)
    cut = _Crop(crop_with_margin(canvases(config.crop, *config.scales)), config.min_detail)
    for source in sources:
        _check_sizes(source, cut.side)
    crops = _drawn(sources, config, seed).seed(seed).random_map(cut)
    # It stops before the end: Grain rounds `sys.maxsize` crops up to a number of batches that `len` can't return.
    rest = crops.slice(slice(start * config.batch, start * config.batch + 2**48))
    share = rest.batch(config.batch // parts)
    threads = config.threads or min(16, os.cpu_count() or 1)
    ahead = max(config.prefetch, threads)  # each thread makes a batch
    reader = share.slice(slice(part, None, parts)).to_iter_dataset(grain.ReadOptions(threads, ahead))
    if config.workers:
        if not flags.FLAGS.is_parsed():
            flags.FLAGS.mark_as_parsed()  # Grain reads flags, which only Abseil's own programs parse
        options = grain.multiprocessing.MultiprocessingOptions(config.workers, config.prefetch)
        reader = reader.mp_prefetch(options, worker_init_fn=_follow_parent)
    return _with_scales(reader, config, seed, start)


def names_hash(config: DataConfig) -> str:
    """Returns a short hash of the names of all training pairs, since other pairs are drawn in another order.

    Args:
        config: the choice of images.

    Raises:
        MfjaxError: there are no pairs, or fewer than should be chosen.
    """
    names = [f"{source.name}/{name}" for source in training_pairs(config) for name in source.names]
    return hashlib.sha256("\n".join(names).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def names_drawn(config: DataConfig, seed: int, step: int) -> list[str]:
    """Returns the names of the pairs whose crops the batch of a step holds, all processes' parts in their order.

    Args:
        config: the choice of images.
        seed: of the run.
        step: number of steps taken before.
    """
    pairs = _drawn(training_pairs(config), config, seed)
    return [pairs[index].name for index in range(step * config.batch, (step + 1) * config.batch)]


def _drawn(sources: Sequence[PairSource], config: DataConfig, seed: int) -> grain.MapDataset:
    """Returns the pairs in the order in which a run sees them, without end."""
    weights = [len(source) * config.weights.get(source.name, 1.0) for source in sources]
    shuffled = [
        grain.MapDataset.source(source).seed(seed + number).shuffle().repeat() for number, source in enumerate(sources)
    ]
    return grain.MapDataset.mix(shuffled, [w / sum(weights) for w in weights])


def _with_scales(reader: grain.IterDataset, config: DataConfig, seed: int, start: int) -> Generator[Batch]:
    crops = iter(reader)
    try:
        for step in itertools.count(start):
            ir, vis = next(crops)
            yield Batch(ir, vis, draw_numerators(config, seed, step))
    finally:
        crops.close()  # worker processes don't end by themselves


def training_pairs(config: DataConfig) -> list[PairSource]:
    """Returns the pairs to train on: all, or those that are chosen and not held out.

    Args:
        config: the choice of images.

    Raises:
        MfjaxError: there are no pairs, or fewer than should be chosen.
    """
    return _divided(config)[0]


def validation_pairs(config: DataConfig) -> list[PairSource]:
    """Returns the held out pairs, which `batches` never draws.

    Args:
        config: the choice of images.

    Raises:
        MfjaxError: there are no pairs, or fewer than should be chosen.
    """
    return _divided(config)[1]


def _divided(config: DataConfig) -> tuple[list[PairSource], list[PairSource]]:
    sources = open_sources(config.roots)
    if not sources:
        raise MfjaxError("no training data: name a folder with ir/ and vis/, --data.roots DIR")
    return divide(sources, config.pairs, config.held_out, config.pairs_seed)


def _follow_parent(*_: int) -> None:
    """Makes a worker process end with the run that it reads for: not before it and, if that is killed, not after it.

    Ctrl-C, and the SIGTERM of some schedulers, goes to all processes at once, and a run that stops reads a last batch.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)

    def wait() -> None:
        if (parent := multiprocessing.parent_process()) is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _check_sizes(source: PairSource, side: int) -> None:
    """Raises MfjaxError, before a run starts, if a source is known to have images too small for a crop."""
    small = [index for index, size in enumerate(source.sizes or ()) if min(size) < side]
    if source.sizes and small:
        h, w = source.sizes[small[0]]
        raise MfjaxError(
            f"{len(small):,} of {len(source):,} pairs of {source.name} are too small, such as {source.names[small[0]]} "
            f"of {h}x{w}; training needs images of {side}x{side} or more: build it with --min-side {side} or lower "
            "data.crop"
        )


def draw_numerators(config: DataConfig, seed: int, step: int) -> np.ndarray:
    """Returns the two scales of a step, drawn independently and uniformly, in tenths, int32 `[2]`.

    Args:
        config: the smallest and the largest scale.
        seed: of the run.
        step: number of steps taken before.
    """
    smallest, largest = config.scales
    return np.random.default_rng([seed, step]).integers(smallest, largest + 1, 2, dtype=np.int32)


class _Crop(grain.transforms.RandomMap):
    """A random crop of a pair, turned and flipped at random: two images, uint8 `[s, s, 1]`."""

    draws = 8  # attempts to find a crop with enough detail; the best is kept when none has

    def __init__(self, side: int, min_detail: float):
        self.side = side
        self.min_detail = min_detail

    def random_map(self, element: LumaPair, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        pair = np.stack([element.ir, element.vis], axis=-1)  # [h, w, 2]
        free = np.array(pair.shape[:2]) - self.side
        if free.min() < 0:
            h, w = pair.shape[:2]
            raise MfjaxError(
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
        best = np.rot90(best[:: rng.choice([1, -1])], int(rng.integers(4)))
        ir, vis = np.ascontiguousarray(best.transpose(2, 0, 1))[..., None]
        return ir, vis
