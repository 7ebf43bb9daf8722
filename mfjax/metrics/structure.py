"""Metrics built on structural similarity (Wang, Bovik, Sheikh, Simoncelli, IEEE TIP 13(4), 2004)."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax.metrics.common import Image, UndefinedError, correlate_valid, gaussian
from mfjax.metrics.registry import LIU, TANG, VIFB, metric

WANG = "Wang, Bovik, Sheikh, Simoncelli, IEEE TIP 13(4), 2004"

WINDOW = gaussian(11, 1.5)
YANG_WINDOW = gaussian(7, 1.5)
YANG_C = 2e-16  # the reference's constant, far below rounding errors


class LocalMoments(NamedTuple):
    """Means, variances and covariance of two images under a window at every place where it fits."""

    mean_a: Image
    mean_b: Image
    variance_a: Image
    variance_b: Image
    covariance: Image


@metric("SSIM", least=-1, most=1, source=WANG, agrees_with="MATLAB's ssim")
def ssim_255(ir: Image, vis: Image, fused: Image) -> float:
    """SSIM: mean of the fused image's SSIM to both sources, borders replicated, levels up to 255."""
    return _mean_ssim(ir, vis, fused, peak=255)


@metric("SSIM_L1", least=-1, most=1, agrees_with=TANG, variant_of="SSIM")
def ssim_1(ir: Image, vis: Image, fused: Image) -> float:
    """SSIM_L1: SSIM as popular code calls it, with constants for levels up to 1 on levels up to 255."""
    return _mean_ssim(ir, vis, fused, peak=1)


@metric("VIFB_Ssim", least=-2, most=2, agrees_with=VIFB, variant_of="SSIM")
def ssim_vifb(ir: Image, vis: Image, fused: Image) -> float:
    """VIFB_Ssim: the sum over both sources, only where the window fits."""
    return float(sum(ssim_map(local_moments(source, fused, WINDOW), 255).mean() for source in (ir, vis)))


@metric("MS_SSIM", least=0, most=1, source="Ma, Zeng, Wang, IEEE TIP 24(11), 2015", agrees_with=TANG)
def multi_exposure_ssim(ir: Image, vis: Image, fused: Image) -> float:
    """MS_SSIM: the MEF-SSIM of Ma, Zeng, Wang, IEEE TIP 24(11), 2015, at three scales; not the classic MS-SSIM."""
    if min(fused.shape) < 44:
        raise UndefinedError(f"images are {fused.shape[0]}x{fused.shape[1]}; three scales need 44 pixels a side")
    exponents = np.array([0.0448, 0.2856, 0.3001])
    qualities = []
    for _ in exponents:
        qualities.append(_multi_exposure_quality([ir, vis], fused))
        ir, vis, fused = (_halved(x) for x in (ir, vis, fused))
    return float(np.prod(np.maximum(qualities, 0) ** (exponents / exponents.sum())))


@metric("Q_Y", least=-1, most=1, source="Yang, Zhang, Wang, Liu, Inf. Fusion 9(2), 2008", agrees_with=LIU)
def yang(ir: Image, vis: Image, fused: Image) -> float:
    """Q_Y: structural similarity to both sources, weighted by variance, or to the better one where they differ.

    Means, variances and covariances of windows in which an image is constant are exact, and where both sources are
    constant they have equal weights; the reference leaves both to rounding errors.
    """
    ab, af, bf = (local_moments(x, y, YANG_WINDOW, exact=True) for x, y in ((ir, vis), (ir, fused), (vis, fused)))
    similarity_ab, similarity_af, similarity_bf = (similarity_map(each, YANG_C, YANG_C) for each in (ab, af, bf))
    both = ab.variance_a + ab.variance_b
    share = np.where(both > 0, ab.variance_a / np.where(both > 0, both, 1), 0.5)
    weighted = share * similarity_af + (1 - share) * similarity_bf
    better = np.maximum(similarity_af, similarity_bf)
    return float(np.mean(np.where(similarity_ab >= 0.75, weighted, better)))


@metric("Q_S", least=-1, most=1, source="Piella, Heijmans, ICIP 2003", agrees_with=LIU)
def piella(ir: Image, vis: Image, fused: Image) -> float:
    """Q_S: SSIM to both sources, weighted by their shares of local variance (Piella, Heijmans, ICIP 2003)."""
    local_ir, local_vis = (local_moments(source, fused, WINDOW, exact=True) for source in (ir, vis))
    flat = 0.5 * ((local_ir.variance_a == 0) & (local_vis.variance_a == 0))
    share = (local_ir.variance_a + flat) / (local_ir.variance_a + local_vis.variance_a + 2 * flat)
    return float(np.mean(share * ssim_map(local_ir, 255) + (1 - share) * ssim_map(local_vis, 255)))


@metric("Q_C", least=-1, most=1, source="Cvejic, Loza, Bull, Canagarajah, 2005", agrees_with=LIU)
def cvejic(ir: Image, vis: Image, fused: Image) -> float:
    """Q_C: Q_Y's similarities, weighted by the covariance with each source; ill-conditioned where that is near 0."""
    local_ir, local_vis = (local_moments(source, fused, YANG_WINDOW, exact=True) for source in (ir, vis))
    total = local_ir.covariance + local_vis.covariance
    share = np.where(total != 0, local_ir.covariance / np.where(total != 0, total, 1), 0.5)
    similarity_ir, similarity_vis = (similarity_map(local, YANG_C, YANG_C) for local in (local_ir, local_vis))
    value = share * similarity_ir + (1 - share) * similarity_vis
    return float(np.mean(np.where(share < 0, 0, np.where(share > 1, 1, value))))


def _mean_ssim(ir: Image, vis: Image, fused: Image, peak: float) -> float:
    def padded(x: Image) -> Image:
        return np.pad(x, len(WINDOW) // 2, mode="edge")

    return float(np.mean([ssim_map(local_moments(padded(s), padded(fused), WINDOW), peak).mean() for s in (ir, vis)]))


def ssim_map(local: LocalMoments, peak: float) -> Image:
    """Returns the structural similarity of two images in each window.

    Args:
        local: their moments.
        peak: the largest level that images can have.
    """
    return similarity_map(local, (0.01 * peak) ** 2, (0.03 * peak) ** 2)


def similarity_map(local: LocalMoments, c1: float, c2: float) -> Image:
    """Returns the product of luminance, contrast and structure in each window (Wang et al., Eqs. 6, 9, 10).

    Args:
        local: the moments of two images.
        c1: constant that keeps the luminance term stable where both images are black.
        c2: constant that keeps the other terms, with C3 = C2 / 2, stable where both are flat.
    """
    luminance = (2 * local.mean_a * local.mean_b + c1) / (local.mean_a**2 + local.mean_b**2 + c1)
    return luminance * (2 * local.covariance + c2) / (local.variance_a + local.variance_b + c2)


def local_moments(a: Image, b: Image, window: Image, *, exact: bool = False) -> LocalMoments:
    """Returns the moments of two images under a window at every place where it fits.

    Args:
        a: an image, `[h, w]`.
        b: another image of the same size.
        window: weights that sum to 1, `[s, s]`.
        exact: replace the rounding errors of windows in which an image is constant by exact values.

    Raises:
        UndefinedError: the images are smaller than the window.
    """
    mean_a, mean_b = correlate_valid(a, window), correlate_valid(b, window)
    variance_a, variance_b = correlate_valid(a * a, window) - mean_a**2, correlate_valid(b * b, window) - mean_b**2
    covariance = correlate_valid(a * b, window) - mean_a * mean_b
    if exact:
        flat_a, level_a = _flat(a, len(window))
        flat_b, level_b = _flat(b, len(window))
        mean_a, mean_b = np.where(flat_a, level_a, mean_a), np.where(flat_b, level_b, mean_b)
        variance_a, variance_b = np.where(flat_a, 0, variance_a), np.where(flat_b, 0, variance_b)
        covariance = np.where(flat_a | flat_b, 0, covariance)
    return LocalMoments(mean_a, mean_b, variance_a, variance_b, covariance)


def _flat(x: Image, size: int) -> tuple[NDArray[np.bool_], Image]:
    """Returns true where all levels in a window are equal, and the level at the window's centre."""
    kernel, edge = np.ones((size, size), np.uint8), size // 2
    level = x[edge:-edge, edge:-edge]
    highest, lowest = (f(x, kernel)[edge:-edge, edge:-edge] for f in (cv2.dilate, cv2.erode))
    return np.equal(highest, lowest), level


def _multi_exposure_quality(sources: list[Image], fused: Image) -> float:
    """Returns the mean structure quality at one scale."""
    size, tiny = 11, np.finfo(np.float64).eps
    uniform, count = np.full((size, size), 1 / size**2), size**2
    means = [correlate_valid(x, uniform) for x in sources]
    energies = [
        np.sqrt(np.maximum(count * (correlate_valid(x * x, uniform) - m**2), 0)) + 0.001
        for x, m in zip(sources, means, strict=True)
    ]
    both, mean_both = sources[0] + sources[1], means[0] + means[1]
    # ‖x_A + x_B − mean‖ over the pixels of the window.
    energy_both = np.sqrt(np.maximum(count * (correlate_valid(both * both, uniform) - mean_both**2), 0))
    energy_each = sum(e - 0.001 for e in energies)
    agreement = np.minimum((energy_both + tiny) / (energy_each + tiny), 1 - tiny)
    power = np.minimum(np.tan(np.pi / 2 * agreement), 10)
    weights = [(e / size) ** power + tiny for e in energies]
    total = weights[0] + weights[1]
    # The reference patch is r = Σ_k s_k (x_k − m_k), with one factor s_k for each window, so moments of x_k suffice.
    factors = [w / total / e for w, e in zip(weights, energies, strict=True)]
    norm = np.sqrt(
        np.maximum(
            sum(
                factors[i]
                * factors[j]
                * count
                * (correlate_valid(sources[i] * sources[j], uniform) - means[i] * means[j])
                for i in range(2)
                for j in range(2)
            ),
            0,
        )
    )
    largest = np.maximum(*energies)
    scale = np.where(norm > 0, largest / np.where(norm > 0, norm, 1), 1)
    factors = [scale * f for f in factors]
    gauss = [correlate_valid(x, WINDOW) for x in sources]
    mean_f = correlate_valid(fused, WINDOW)
    variance_f = correlate_valid(fused * fused, WINDOW) - mean_f**2
    covariance = sum(
        f * (correlate_valid(x * fused, WINDOW) - m * mean_f) for f, x, m in zip(factors, sources, gauss, strict=True)
    )
    variance_r = sum(
        factors[i] * factors[j] * (correlate_valid(sources[i] * sources[j], WINDOW) - gauss[i] * gauss[j])
        for i in range(2)
        for j in range(2)
    )
    c = (0.03 * 255) ** 2
    return float(np.mean((2 * covariance + c) / (variance_r + variance_f + c)))


def _halved(x: Image) -> Image:
    """Returns an image of half the size, by 2×2 means; an odd last row or column is repeated."""
    x = np.pad(x, ((0, 1), (0, 1)), mode="edge")
    return ((x[:-1, :-1] + x[1:, :-1] + x[:-1, 1:] + x[1:, 1:]) / 4)[::2, ::2]
