"""Progress within an image: the parts of sources whose features are extracted, and the tiles of the output.

Work is counted in pixels, weighted by what one takes; only ratios count.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import jax

from mfjax.inference.request import Request
from mfjax.inference.stepping import plan_sizes
from mfjax.model import ModelConfig
from mfjax.size import Size

# Microseconds of a pixel on two cores, measured with `default` and `small`: extraction takes some, and more for each
# parameter of the extractor; super-resolving a pixel, or fusing it, takes the others.
EXTRACTION, PARAMETER, COMPOSITION = 1.5, 5.5e-5, 4.0

Tell = Callable[[Size, float], None]


@dataclass
class _Work:
    tell: Tell
    size: Size = (0, 0)
    extraction: float = 0.0  # work of a pixel
    total: float = math.inf
    done: float = 0.0

    def add(self, work: float) -> None:
        self.done += work
        self.tell(self.size, min(self.done / self.total, 1.0))


_watched: ContextVar[_Work | None] = ContextVar("watched", default=None)


@contextmanager
def watched(tell: Tell) -> Iterator[None]:
    """Tells a function how far each image is that is fused in a block, by this thread.

    Args:
        tell: it is called with the output's size and the share of the work that is done: 0 before it begins, then after
            each part, and 1 at its end.
    """
    token = _watched.set(_Work(tell))
    try:
        yield
    finally:
        _watched.reset(token)


@contextmanager
def image(request: Request, config: ModelConfig, params: Mapping[str, Any], largest_factor: float) -> Iterator[None]:
    """Begins an image, and ends it with the block.

    Args:
        request: the image that is to be made.
        config: the network's architecture.
        params: its parameters.
        largest_factor: the largest factor by which it enlarges in one pass.
    """
    if (work := _watched.get()) is None:
        yield
        return
    leaves = jax.tree_util.tree_leaves_with_path(params)
    size = sum(leaf.size for path, leaf in leaves if any("extractor" in str(key) for key in path))
    branches = 1 if config.share_branches else 2
    work.extraction = EXTRACTION + PARAMETER * size / branches / config.stride**2
    work.size, work.done, work.total = request.size, 0.0, 2 * COMPOSITION * math.prod(request.size)
    for source, window in zip((request.ir, request.vis), request.windows, strict=True):
        own, cover = (source.shape[0], source.shape[1]), request.size if window is None else window.cover(request.size)
        for step in plan_sizes(own, cover, largest_factor):
            work.total += work.extraction * math.prod(map(min, step, cover))
        for step in itertools.islice(plan_sizes(own, cover, largest_factor), 1, None):
            work.total += COMPOSITION * math.prod(step)
    work.add(0)
    yield
    work.add(work.total)


def extracted(pixels: int) -> None:
    """Counts pixels of a source whose features are extracted.

    Args:
        pixels: their number.
    """
    if (work := _watched.get()) is not None:
        work.add(work.extraction * pixels)


def composed(pixels: int) -> None:
    """Counts pixels that are super-resolved or fused.

    Args:
        pixels: their number.
    """
    if (work := _watched.get()) is not None:
        work.add(COMPOSITION * pixels)
