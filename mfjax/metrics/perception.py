"""Metrics that model human vision: visual information, contrast sensitivity."""

import numpy as np

from mfjax.metrics.common import Image, UndefinedError, correlate_same, correlate_valid, gaussian, sobel, stretch_levels
from mfjax.metrics.registry import LIU, TANG, VIFB, metric


@metric("VIF", least=0, source="Sheikh, Bovik, IEEE TIP 15(2), 2006", agrees_with=TANG)
def visual_information(ir: Image, vis: Image, fused: Image) -> float:
    """VIF: pixel-domain visual information fidelity to both sources, summed (Sheikh, Bovik, IEEE TIP 15(2), 2006)."""
    return sum(_visual_information(source, fused) for source in (ir, vis))


def _visual_information(reference: Image, image: Image) -> float:
    tiny, noise = 1e-10, 2.0
    kept = all_there = 0.0
    for scale in range(1, 5):
        size = 2 ** (5 - scale) + 1
        window = gaussian(size, size / 5)
        if scale > 1:
            reference, image = (correlate_valid(x, window)[::2, ::2] for x in (reference, image))
        mean_r, mean_i = correlate_valid(reference, window), correlate_valid(image, window)
        var_r = np.maximum(correlate_valid(reference**2, window) - mean_r**2, 0)
        var_i = np.maximum(correlate_valid(image**2, window) - mean_i**2, 0)
        covariance = correlate_valid(reference * image, window) - mean_r * mean_i
        gain = covariance / (var_r + tiny)
        rest = var_i - gain * covariance
        flat = var_r < tiny
        gain, rest, var_r = np.where(flat, 0, gain), np.where(flat, var_i, rest), np.where(flat, 0, var_r)
        flat = var_i < tiny
        gain, rest = np.where(flat, 0, gain), np.where(flat, 0, rest)
        rest, gain = np.where(gain < 0, var_i, rest), np.maximum(gain, 0)
        rest = np.maximum(rest, tiny)
        kept += np.sum(np.log(1 + gain**2 * var_r / (rest + noise)))
        all_there += np.sum(np.log(1 + var_r / noise))
    if all_there == 0:
        raise UndefinedError("a source is constant and holds no information")
    return float(kept / all_there)


@metric("Q_CB", least=0, most=1, source="Chen, Blum, Image Vis. Comput. 27, 2009", agrees_with=LIU)
def chen_blum(ir: Image, vis: Image, fused: Image) -> float:
    """Q_CB: perceived local contrast that the fused image keeps of the sources (Chen, Blum, 2009); 0 to 1."""
    return _chen_blum(*(stretch_levels(x / 255) for x in (ir, vis, fused)))


@metric("Q_CB_double_input", least=0, most=1, agrees_with=VIFB, variant_of="Q_CB")
def chen_blum_double(ir: Image, vis: Image, fused: Image) -> float:
    """Q_CB_double_input: Q_CB of levels up to 255, whose stretch can round a tie the other way; also VIFB's Q_CB."""
    return _chen_blum(*(stretch_levels(x) for x in (ir, vis, fused)))


def _chen_blum(*images: Image) -> float:
    a, b, f = (_perceived_contrast(x) for x in images)
    with np.errstate(divide="ignore", invalid="ignore"):
        kept_a, kept_b = (np.where(x < f, x / f, f / x) for x in (a, b))
        share = a**2 / (a**2 + b**2)
        quality = np.mean(share * kept_a + (1 - share) * kept_b)
    if not np.isfinite(quality):
        raise UndefinedError("an image has places without any contrast")
    return float(quality)


def _perceived_contrast(x: Image) -> Image:
    rows, cols = _frequencies(x.shape)
    radius = np.hypot(cols * x.shape[1] / 30, rows * x.shape[0] / 30)
    seen = _filtered(x, np.exp(-((radius / 15.3870) ** 2)) - 0.7622 * np.exp(-((radius / 1.3456) ** 2)))
    narrow, wide = (correlate_same(seen, _gaussian_not_normalised(sigma)) for sigma in (2, 4))
    with np.errstate(divide="ignore", invalid="ignore"):
        contrast = np.abs(narrow / wide - 1)
    return contrast**3 / (contrast**2 + 1e-4)


def _gaussian_not_normalised(sigma: float) -> Image:
    offset = np.arange(-15, 16)
    squares = offset[:, None] ** 2 + offset**2
    return np.asarray(np.exp(-squares / (2 * sigma**2)) / (2 * np.pi * sigma**2))


@metric("Q_CV", best="lower", least=0, source="Chen, Varshney, Inf. Fusion 8(2), 2007", agrees_with=LIU)
def chen_varshney(ir: Image, vis: Image, fused: Image) -> float:
    """Q_CV: perceived error to the sources by the edges of each 16×16 block (Chen, Varshney, 2007); lower is better."""
    size, power = 16, 5
    a, b, f = (stretch_levels(x) for x in (ir, vis, fused))
    weighted = total = 0.0
    for source in (a, b):
        saliency = _blocks(np.hypot(*sobel(source)) ** power, size).sum(axis=(1, 3))
        difference = source - f
        rows, cols = _frequencies(difference.shape)
        radius = np.hypot(cols * difference.shape[1] / 8, rows * difference.shape[0] / 8)
        seen = _filtered(difference, 2.6 * (0.0192 + 0.144 * radius) * np.exp(-((0.144 * radius) ** 1.1)))
        weighted += np.sum(saliency * _blocks(seen**2, size).mean(axis=(1, 3)))
        total += np.sum(saliency)
    if total == 0:
        raise UndefinedError("the sources have no edges")
    return float(weighted / total)


def _blocks(x: Image, size: int) -> Image:
    """Returns an image `[h, w]` as blocks, `[h / size, size, w / size, size]`, with zeros beyond its ends."""
    h, w = x.shape
    x = np.pad(x, ((0, -h % size), (0, -w % size)))
    return x.reshape(x.shape[0] // size, size, -1, size)


def _frequencies(shape: tuple[int, ...]) -> tuple[Image, Image]:
    """Returns the frequencies of rows `[h, 1]` and columns `[1, w]`, in [−1, 1), in the order of `np.fft.fftshift`."""
    rows, cols = ((np.arange(n) - n // 2) * 2 / n for n in shape)
    return rows[:, None], cols[None]


def _filtered(x: Image, response: Image) -> Image:
    """Returns an image filtered in the Fourier domain."""
    return np.asarray(np.fft.ifft2(np.fft.ifftshift(np.fft.fftshift(np.fft.fft2(x)) * response)).real)
