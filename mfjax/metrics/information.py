"""Metrics of the entropy and mutual information of gray levels."""

import numpy as np
from numpy.typing import NDArray

from mfjax.metrics.common import Image, UndefinedError, stretch_levels
from mfjax.metrics.registry import LIU, TANG, VIFB, metric

CVEJIC = (
    "Cvejic, Canagarajah, Bull, Electron. Lett. 42(11), 2006; Nava, Cristobal, Escalante-Ramirez, SPIE Newsroom, 2007"
)

LEVELS = 256
TSALLIS_ORDER = 0.43137  # q of Nava, Cristobal, Escalante-Ramirez, 2007


@metric("EN", least=0, most=8, source="Roberts, van Aardt, Ahmed, J. Appl. Remote Sens. 2, 2008", agrees_with=TANG)
def entropy(ir: Image, vis: Image, fused: Image) -> float:
    """EN: Shannon entropy of the fused image's gray levels, bits."""
    return _entropy(_histogram(fused))


@metric("MI", least=0, most=16, source="Qu, Zhang, Yan, Electron. Lett. 38(7), 2002", agrees_with=TANG)
def mutual_information(ir: Image, vis: Image, fused: Image) -> float:
    """MI: mutual information of the fused image's gray levels with each source's, summed, bits.

    As in popular code, levels 254 and 255 count as one in joint histograms, but not in single ones.
    """
    total = 0.0
    for source in (ir, vis):
        joint = _joint(np.minimum(source, LEVELS - 2), np.minimum(fused, LEVELS - 2))
        total += _entropy(_histogram(source)) + _entropy(_histogram(fused)) - _entropy(joint)
    return total


@metric("VIFB_Mutinf", least=0, most=11.1, agrees_with=VIFB, variant_of="MI")
def mutual_information_vifb(ir: Image, vis: Image, fused: Image) -> float:
    """VIFB_Mutinf: MI of stretched images in nats, without merging levels."""
    a, b, f = (np.zeros_like(x) if x.min() == x.max() else stretch_levels(x) for x in (ir, vis, fused))
    return float(np.log(2) * (_information(_joint(a, f)) + _information(_joint(b, f))))


@metric("Q_MI", least=0, most=2, source="Hossny, Nahavandi, Creighton, Electron. Lett. 44(18), 2008", agrees_with=LIU)
def normalised_mutual_information(ir: Image, vis: Image, fused: Image) -> float:
    """Q_MI: mutual information of stretched images over the mean of their entropies, from 0 to 2."""
    f = stretch_levels(fused)
    return sum(_normalised_information(stretch_levels(source), f) for source in (ir, vis))


@metric("Q_TE", source=CVEJIC, agrees_with=LIU)
def tsallis(ir: Image, vis: Image, fused: Image) -> float:
    """Q_TE: Tsallis mutual information with both sources, normalised, with the marginals of the reference code.

    That code swaps the indices of both marginals, as do the published values.
    """
    return _tsallis(ir, vis, fused, swapped=True)


@metric("Q_TE_true_marginals", source=CVEJIC, variant_of="Q_TE")
def tsallis_true_marginals(ir: Image, vis: Image, fused: Image) -> float:
    """Q_TE_true_marginals: Q_TE as its formula is meant."""
    return _tsallis(ir, vis, fused, swapped=False)


@metric("Q_TE_q185", source=CVEJIC, agrees_with=LIU, variant_of="Q_TE")
def tsallis_q185(ir: Image, vis: Image, fused: Image) -> float:
    """Q_TE_q185: the sum of Tsallis mutual informations of order 1.85, swapped marginals, not normalised."""
    f = stretch_levels(fused)
    return sum(_tsallis_information(_joint(stretch_levels(source), f), 1.85, swapped=True) for source in (ir, vis))


@metric("Q_NCIE", least=0, most=1, source="Wang, Shen, Jin, 2008", agrees_with=LIU)
def nonlinear_correlation(ir: Image, vis: Image, fused: Image) -> float:
    """Q_NCIE: distance from equal eigenvalues of the three images' nonlinear correlation matrix, 0 to 1."""
    images = [stretch_levels(x) for x in (ir, vis, fused)]
    matrix = np.eye(3)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        matrix[i, j] = matrix[j, i] = _information(_joint(images[i], images[j])) / 8
    shares = np.linalg.eigvalsh(matrix) / 3
    return float(1 + np.sum(shares * np.log2(shares) / 8))


@metric("VIFB_Cross_entropy", best="lower", agrees_with=VIFB, variant_of="EN")
def cross_entropy_vifb(ir: Image, vis: Image, fused: Image) -> float:
    """VIFB_Cross_entropy: mean divergence of the fused image's levels from the sources', bits; lower is better."""
    f = _histogram(fused)
    divergences = []
    for source in (ir, vis):
        p = _histogram(source)
        both = (p > 0) & (f > 0)
        divergences.append(np.sum(p[both] * np.log2(p[both] / f[both])))
    return float(np.mean(divergences))


def _tsallis(ir: Image, vis: Image, fused: Image, *, swapped: bool) -> float:
    a, b, f = (stretch_levels(x) for x in (ir, vis, fused))
    q = TSALLIS_ORDER
    information = sum(_tsallis_information(_joint(source, f), q, swapped=swapped) for source in (a, b))
    scale = _entropy(_histogram(a)) ** q + _entropy(_histogram(b)) ** q
    scale += _tsallis_information(_joint(a, b), q, swapped=swapped)
    if scale == 0:
        raise UndefinedError("both sources are constant")
    return float(information / scale)


def _tsallis_information(joint: NDArray, q: float, *, swapped: bool) -> float:
    rows, cols = joint.sum(axis=1), joint.sum(axis=0)
    product = np.outer(cols, rows) if swapped else np.outer(rows, cols)
    where = product > 0
    return float((1 - np.sum(joint[where] ** q * product[where] ** (1 - q))) / (1 - q))


def _normalised_information(a: Image, b: Image) -> float:
    joint = _joint(a, b)
    entropies = _entropy(joint.sum(axis=1)) + _entropy(joint.sum(axis=0))
    if entropies == 0:
        raise UndefinedError("both a source and the fused image are constant")
    return 2 * _information(joint) / entropies


def _information(joint: NDArray) -> float:
    return _entropy(joint.sum(axis=1)) + _entropy(joint.sum(axis=0)) - _entropy(joint)


def _entropy(p: NDArray) -> float:
    p = p[p > 0]
    return float(-np.sum(p * np.log2(p)))


def _histogram(x: Image) -> NDArray:
    """Returns the share of pixels of each level, `[256]`."""
    return np.bincount(x.astype(np.intp).ravel(), minlength=LEVELS) / x.size


def _joint(a: Image, b: Image) -> NDArray:
    """Returns the share of pixels of each pair of levels, `[256, 256]`."""
    pairs = LEVELS * a.astype(np.intp) + b.astype(np.intp)
    return (np.bincount(pairs.ravel(), minlength=LEVELS**2) / a.size).reshape(LEVELS, LEVELS)
