"""Metrics of the spread of gray levels, of differences between neighbours, and of correlation and error."""

import numpy as np

from mfjax.metrics.common import Image, UndefinedError, sobel
from mfjax.metrics.registry import LIU, TANG, VIFB, metric

ZHENG = "Zheng, Essock, Hansen, Haun, Inf. Fusion 8(2), 2007"


@metric("Q_STD", least=0, most=127.5, source="Rao, Meas. Sci. Technol. 8, 1997", agrees_with=VIFB)
def standard_deviation(ir: Image, vis: Image, fused: Image) -> float:
    """Q_STD: standard deviation of the fused image's levels, over all its pixels."""
    return float(fused.std())


@metric("STD_sample", least=0, most=128, agrees_with="MATLAB's std2", variant_of="Q_STD")
def standard_deviation_sample(ir: Image, vis: Image, fused: Image) -> float:
    """STD_sample: sample standard deviation, over one pixel less than Q_STD."""
    return float(fused.std(ddof=1))


@metric(
    "Q_AG",
    least=0,
    most=255,
    source="Cui, Feng, Xu, Li, Chen, Opt. Commun. 341, 2015",
    agrees_with="the formula as printed",
)
def average_gradient(ir: Image, vis: Image, fused: Image) -> float:
    """Q_AG: mean over pixels of √((Δx² + Δy²) / 2), forward differences."""
    dx, dy = np.diff(fused, axis=1)[:-1], np.diff(fused, axis=0)[:, :-1]
    return float(np.mean(np.sqrt((dx**2 + dy**2) / 2)))


@metric("AG_central", least=0, most=255, agrees_with=f"{TANG}, {VIFB}", variant_of="Q_AG")
def average_gradient_central(ir: Image, vis: Image, fused: Image) -> float:
    """AG_central: Q_AG by central differences, as two popular evaluation codes have it; up to 27 % lower."""
    dy, dx = np.gradient(fused)
    h, w = fused.shape
    return float(np.sum(np.sqrt((dx**2 + dy**2) / 2)) / ((h - 1) * (w - 1)))


@metric("VIFB_Edge_intensity", least=0, most=1443, agrees_with=VIFB, variant_of="Q_AG")
def edge_intensity_vifb(ir: Image, vis: Image, fused: Image) -> float:
    """VIFB_Edge_intensity: mean magnitude of the Sobel gradient, borders replicated."""
    dx, dy = (d[1:-1, 1:-1] for d in sobel(np.pad(fused, 1, mode="edge")))
    return float(np.mean(np.hypot(dx, dy)))


@metric("SF", least=0, most=361, source="Eskicioglu, Fisher, IEEE TCOM 43(12), 1995", agrees_with=TANG)
def spatial_frequency(ir: Image, vis: Image, fused: Image) -> float:
    """SF: root of the mean squared differences to the right and below, each over its own count."""
    return float(np.sqrt(sum(np.mean(np.diff(fused, axis=axis) ** 2) for axis in (0, 1))))


@metric("VIFB_SF", least=0, most=361, agrees_with=VIFB, variant_of="SF")
def spatial_frequency_vifb(ir: Image, vis: Image, fused: Image) -> float:
    """VIFB_SF: SF with both sums divided by the number of pixels."""
    return float(np.sqrt(sum(np.sum(np.diff(fused, axis=axis) ** 2) for axis in (0, 1)) / fused.size))


@metric("Q_SF", best="zero", least=-1, source=ZHENG, agrees_with=LIU)
def spatial_frequency_error(ir: Image, vis: Image, fused: Image) -> float:
    """Q_SF: relative error of the spatial frequency in four directions; 0 is best, above 0 it is sharper than sources.

    The reference frequency is that of the larger of both sources' differences at each pixel.
    """
    reached = reference = 0.0
    for weight, d_ir, d_vis, d_fused in zip(
        (1.0, 1.0, np.sqrt(0.5), np.sqrt(0.5)), *map(_four_differences, (ir, vis, fused)), strict=True
    ):
        reached += weight * np.sum(d_fused**2)
        reference += weight * np.sum(np.maximum(np.abs(d_ir), np.abs(d_vis)) ** 2)
    if reference == 0:
        raise UndefinedError("both sources are constant")
    return float((np.sqrt(reached) - np.sqrt(reference)) / np.sqrt(reference))


def _four_differences(x: Image) -> tuple[Image, ...]:
    """Returns the differences to the right, below, and along both diagonals."""
    return np.diff(x, axis=1), np.diff(x, axis=0), x[1:, 1:] - x[:-1, :-1], x[1:, :-1] - x[:-1, 1:]


@metric("SCD", least=-2, most=2, source="Aslantas, Bendes, AEU 69(12), 2015", agrees_with=TANG)
def sum_of_correlations_of_differences(ir: Image, vis: Image, fused: Image) -> float:
    """SCD: correlation of the difference to each source with the other source, summed, from −2 to 2."""
    return _correlation(fused - vis, ir) + _correlation(fused - ir, vis)


@metric("CC", least=-1, most=1, source="Deshmukh, Bhosale, IJIP 4(5), 2010", agrees_with=TANG)
def correlation(ir: Image, vis: Image, fused: Image) -> float:
    """CC: mean correlation of the fused image with both sources, from −1 to 1."""
    return (_correlation(ir, fused) + _correlation(vis, fused)) / 2


def _correlation(a: Image, b: Image) -> float:
    a, b = a - a.mean(), b - b.mean()
    scale = np.sqrt(np.sum(a * a) * np.sum(b * b))
    if scale == 0:
        raise UndefinedError("an image, or a difference of two, is constant, so it correlates with nothing")
    return float(np.sum(a * b) / scale)


@metric("MSE", best="lower", least=0, most=1, source="Jagalingam, Hegde, 2015", agrees_with=TANG)
def mean_squared_error(ir: Image, vis: Image, fused: Image) -> float:
    """MSE: mean of the squared errors to both sources, of levels in [0, 1]; lower is better."""
    return float(np.mean([np.mean((source - fused) ** 2) for source in (ir, vis)]) / 255**2)


@metric("PSNR", least=0, source="Jagalingam, Hegde, 2015", agrees_with="its formula")
def peak_signal_to_noise_ratio(ir: Image, vis: Image, fused: Image) -> float:
    """PSNR: 10 log₁₀(1 / MSE) in dB, of the mean of both sources' squared errors."""
    error = mean_squared_error(ir, vis, fused)
    return float(-10 * np.log10(error)) if error > 0 else float("inf")


@metric("PSNR_255", least=48.13, agrees_with=TANG, variant_of="PSNR")
def peak_signal_to_noise_ratio_shifted(ir: Image, vis: Image, fused: Image) -> float:
    """PSNR_255: PSNR as popular code has it, with a peak of 255 for levels in [0, 1]: 48.13 dB more."""
    return peak_signal_to_noise_ratio(ir, vis, fused) + 20 * float(np.log10(255))


@metric("VIFB_Rmse", best="lower", least=0, agrees_with=VIFB, variant_of="MSE")
def root_mean_squared_error_vifb(ir: Image, vis: Image, fused: Image) -> float:
    """VIFB_Rmse: mean over the sources of √(sum of squared errors) / pixels, which is not a true RMSE."""
    return _vifb_error(ir, vis, fused)


@metric("VIFB_Psnr", least=0, agrees_with=VIFB, variant_of="PSNR")
def peak_signal_to_noise_ratio_vifb(ir: Image, vis: Image, fused: Image) -> float:
    """VIFB_Psnr: 20 log₁₀(255 / √e), with e as in VIFB_Rmse."""
    error = _vifb_error(ir, vis, fused)
    return float(20 * np.log10(255 / np.sqrt(error))) if error > 0 else float("inf")


def _vifb_error(ir: Image, vis: Image, fused: Image) -> float:
    return float(np.mean([np.sqrt(np.sum((source - fused) ** 2)) for source in (ir, vis)]) / fused.size)
