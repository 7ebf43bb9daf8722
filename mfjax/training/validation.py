"""Measures a model, while it is trained, on pairs that it is not trained on.

All pairs are cut to one size and all scales run through one program, as in training: the scale is traced, and the
degraded sources lie in the top left corner of a canvas, with an extent that says how far they reach.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from mfjax import images, representation
from mfjax.data.degradation import TENTHS, Canvas, degrade_with_opencv
from mfjax.data.pairs import PairSource
from mfjax.errors import MfjaxError
from mfjax.metrics import PAPER, STRUCTURE_LOST, psnr, score, ssim
from mfjax.model import FusionNetwork, ModelConfig

LARGEST_SQUARE = 192  # pixels: larger images tell little more and cost time
SMALLEST_SQUARE = 12  # SSIM needs 11
GRID_SCALE = 20  # tenths
GAP, CAPTION = 4, 22  # pixels around the pictures of a grid and for the words above them
COLUMNS = ("infrared, half size", "visible, half size", "infrared, SR", "visible, SR", "fused")

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class ValidationConfig:
    """Choice of what is measured during a run, and how often."""

    roots: tuple[str, ...] = ()
    """Folders and data sets to validate on, named as for data.roots; by default the pairs that data.held_out keeps."""
    every: int = 0
    """Number of steps between validations; 0 for none."""
    pairs: int = 8
    """Number of pairs that are measured, evenly spread over the sorted ones; 0 for all."""
    scales: tuple[int, ...] = (15, 20, 30)
    """Down-sampling factors in tenths."""
    grid: int = 3
    """Number of pairs shown as pictures; 0 for none."""

    __repr__ = representation.config

    def __post_init__(self) -> None:
        if isinstance(self.roots, str):
            raise MfjaxError(f"roots is {self.roots!r}; it must be a tuple of folders")
        for name in ("every", "pairs", "grid"):
            if getattr(self, name) < 0:
                raise MfjaxError(f"{name} is {getattr(self, name)}; it must be 0 or more")
        if not self.scales or min(self.scales) < TENTHS:
            raise MfjaxError(f"scales is {self.scales}; it must be one or more tenths, each at least {TENTHS}")


class _Truth(NamedTuple):
    ir: Image  # [s, s]
    vis: Image


class Validation:
    """Measures a model on pairs that are read once and cut, centrally, to the largest square that all of them hold.

    The square's side is at most 192 pixels, and every scale divides it into whole pixels: for 1.5, 2 and 3 it is a
    multiple of 6. Sources are degraded as by `benchmarks/sr_psnr.py`: OpenCV's `cv2.INTER_LINEAR`, 8 bits.

    Args:
        config: what to measure.
        model: the network's architecture.
        sources: pairs that are not trained on.

    Raises:
        MfjaxError: there are no pairs, one can't be read, or an image is too small for the scales.
    """

    def __init__(self, config: ValidationConfig, model: ModelConfig, sources: Sequence[PairSource]):
        self.config = config
        scales = {*config.scales, GRID_SCALE}
        pairs = _read(config, sources, step=math.lcm(*(n // math.gcd(n, TENTHS) for n in scales)))
        self.pairs, self.side = pairs, pairs[0].ir.shape[0]
        canvas = Canvas(self.side * TENTHS // min(scales), max(scales))
        network = FusionNetwork(model)

        @jax.jit
        def super_resolve(params: Any, sources: tuple[jax.Array, jax.Array], numerator: jax.Array) -> Any:
            placement = canvas.placement(self.side, numerator, jnp.array(False))
            size = (self.side, self.side)
            return network.apply({"params": params}, *sources, size=size, placements=(placement, placement))

        self._canvas, self._apply = canvas, super_resolve

    def measure(self, params: Mapping[str, Any]) -> dict[str, float]:
        """Returns means over the pairs, by names such as `psnr_ir_x1.5`, `ssim_vis_x2` and `Q_MI_x3`.

        For each source and scale: `psnr` in dB and `ssim` against the truth, of 8-bit images, and `gain`, the dB by
        which PSNR is above that of bicubic resampling. For each scale: the paper's fusion metrics against the truths,
        NaN where they are undefined for a fused image, and the structure lost, over the pairs in which the source has
        the stronger structure anywhere.

        Args:
            params: nested parameters of the network.
        """
        params = jax.device_put(params)
        scores: dict[str, list[float]] = {}
        for numerator in self.config.scales:
            for pair in self.pairs:
                small = [degrade_with_opencv(image, numerator) for image in pair]
                fused, *results = self._run(params, small, numerator)
                for metric, value in score(pair.ir, pair.vis, fused, names=(*PAPER, *STRUCTURE_LOST)).items():
                    scores.setdefault(f"{metric}_x{numerator / TENTHS:g}", []).append(value)
                for name, truth, low, result in zip(pair._fields, pair, small, results, strict=True):
                    cubic = cv2.resize(low, truth.shape[::-1], interpolation=cv2.INTER_CUBIC)
                    ours = psnr(truth, result)
                    values = {"psnr": ours, "ssim": ssim(truth, result), "gain": ours - psnr(truth, cubic)}
                    for metric, value in values.items():
                        scores.setdefault(f"{metric}_{name}_x{numerator / TENTHS:g}", []).append(value)
        return {name: _mean(name, values) for name, values in scores.items()}

    def grid(self, params: Mapping[str, Any]) -> Image:
        """Returns a picture of the first pairs at ×2, gray uint8 `[H, W]`, with a row for each pair.

        From left to right it shows both sources, as coarse as they are; both super-resolved; the fused image.

        Args:
            params: nested parameters of the network.
        """
        params = jax.device_put(params)
        rows = [_captions(self.side)]
        for pair in self.pairs[: self.config.grid]:
            small = [degrade_with_opencv(image, GRID_SCALE) for image in pair]
            fused, *super_resolved = self._run(params, small, GRID_SCALE)
            size = (self.side, self.side)
            coarse = [cv2.resize(image, size, interpolation=cv2.INTER_NEAREST) for image in small]
            rows.append(np.hstack([_framed(image) for image in (*coarse, *super_resolved, fused)]))
        return np.vstack(rows)

    def _run(self, params: Mapping[str, Any], small: list[Image], numerator: int) -> list[Image]:
        """Returns the fused image and both super-resolved sources, clipped, 8 bits."""
        sources = []
        for image in small:
            source = np.zeros((1, self._canvas.size, self._canvas.size, 1), np.float32)
            source[0, : image.shape[0], : image.shape[1], 0] = images.to_float(image)
            sources.append(source)
        output = jax.device_get(self._apply(params, tuple(sources), np.int32(numerator)))
        # A model that diverged gives NaN, which is shown and measured as black.
        return [images.from_float(np.nan_to_num(np.clip(image[0, ..., 0], 0, 1))) for image in output]


def in_words(measured: Mapping[str, float]) -> str:
    """Returns the most important of what `Validation.measure` returned on one line, means over the scales.

    Args:
        measured: the values by name.
    """

    def mean(start: str) -> float:
        return float(np.mean([value for name, value in measured.items() if name.startswith(f"{start}_x")]))

    lost = " and ".join(f"{mean(name):.3f}" for name in STRUCTURE_LOST)
    gains = f"{mean('gain_ir'):+.2f} dB over bicubic (infrared), {mean('gain_vis'):+.2f} dB (visible)"
    return f"validation {gains}, structure lost {lost}"


def _read(config: ValidationConfig, sources: Sequence[PairSource], step: int) -> list[_Truth]:
    """Returns the pairs to measure on, cut to one square whose side is a multiple of `step`."""
    places = [(source, index) for source in sources for index in range(len(source))]
    if not places:
        raise MfjaxError("there are no pairs to validate on; name a folder, --validation.roots DIR")
    count = min(config.pairs or len(places), len(places))
    pairs = []
    for place in np.linspace(0, len(places) - 1, count).round().astype(int):
        source, index = places[place]
        name, ir, vis = source[index]
        side = min(*ir.shape, LARGEST_SQUARE) // step * step
        if side < SMALLEST_SQUARE:
            raise MfjaxError(
                f"{name} is {ir.shape[0]}x{ir.shape[1]}; validating at scales of {config.scales} tenths needs "
                f"a multiple of {step} pixels from {SMALLEST_SQUARE} to {LARGEST_SQUARE} a side: leave it out or "
                f"choose other scales"
            )
        pairs.append(_Truth(_centre(ir, side), _centre(vis, side)))
    side = min(pair.ir.shape[0] for pair in pairs)
    return [_Truth(*(_centre(image, side) for image in pair)) for pair in pairs]


def _mean(name: str, values: list[float]) -> float:
    """Returns the mean over pairs; that of lost structure leaves out pairs in which there is none to lose."""
    if name.startswith(STRUCTURE_LOST):
        values = [value for value in values if not math.isnan(value)]
    return float(np.mean(values)) if values else math.nan


def _centre(image: Image, side: int) -> Image:
    top, left = ((length - side) // 2 for length in image.shape)
    return image[top : top + side, left : left + side].copy()


def _framed(image: NDArray) -> NDArray:
    return np.pad(image, GAP // 2, constant_values=255)


def _captions(side: int) -> Image:
    """Returns a strip with the words above the columns."""
    strips = []
    for text in COLUMNS:
        strip = np.full((CAPTION, side + GAP), 255, np.uint8)
        cv2.putText(strip, text, (GAP // 2, CAPTION - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.45, 0, 1, cv2.LINE_AA)
        strips.append(strip)
    return np.hstack(strips)
