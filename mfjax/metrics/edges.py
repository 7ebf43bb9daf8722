"""Metrics of the sources' edges that the fused image keeps, and of those it makes up (Xydeas, Petrovic, followers)."""

import numpy as np

from mfjax.metrics.common import Image, UndefinedError, sobel
from mfjax.metrics.registry import LIU, TANG, VIFB, metric

XYDEAS = "Xydeas, Petrovic, Electron. Lett. 36(4), 2000"

TINY = 1e-5


@metric("Qabf", least=0, most=1, source=XYDEAS, agrees_with=f"{TANG}, {VIFB}")
def edges_kept(ir: Image, vis: Image, fused: Image) -> float:
    """Qabf: strength and direction of the sources' edges kept in the fused image, by strength, 0 to about 1."""
    strength_f, angle_f = _edges(fused)
    kept = total = 0.0
    for source in (ir, vis):
        strength, angle = _edges(source)
        larger = np.maximum(strength, strength_f)
        ratio = np.minimum(strength, strength_f) / np.where(larger > 0, larger, 1)
        ratio = np.where(strength == strength_f, strength_f, ratio)  # as in the reference, though 1 is meant
        aligned = 1 - np.abs(angle - angle_f) / (np.pi / 2)
        quality = 0.9994 / (1 + np.exp(-15 * (ratio - 0.5))) * 0.9879 / (1 + np.exp(-22 * (aligned - 0.8)))
        kept += np.sum(quality * strength)
        total += np.sum(strength)
    if total == 0:
        raise UndefinedError("the sources have no edges")
    return float(kept / total)


def _edges(x: Image) -> tuple[Image, Image]:
    """Returns the strength of edges, and their direction in (−π/2, π/2]."""
    dx, dy = sobel(x)
    return np.hypot(dx, dy), np.where(dx == 0, np.pi / 2, np.arctan(-dy / np.where(dx == 0, 1, dx)))


@metric("Q_G_toolbox", least=0, most=1, source="Xydeas, Petrovic, SPIE 4051, 2000", agrees_with=LIU, variant_of="Qabf")
def edges_kept_toolbox(ir: Image, vis: Image, fused: Image) -> float:
    """Q_G_toolbox: the gradient-based metric of the fusion metrics toolbox, much like Qabf, but a mean over pixels."""
    strength_f, angle_f = _edges_never_zero(fused)
    kept = total = np.zeros_like(fused)
    for source in (ir, vis):
        strength, angle = _edges_never_zero(source)
        ratio = np.minimum(strength, strength_f) / np.maximum(strength, strength_f)
        aligned = np.abs(np.abs(angle - angle_f) - np.pi / 2) * 2 / np.pi
        kept = kept + strength / (1 + np.exp(-10 * (ratio - 0.5))) / (1 + np.exp(-20 * (aligned - 0.75)))
        total = total + strength
    return float(np.mean(kept / total))


def _edges_never_zero(x: Image) -> tuple[Image, Image]:
    """Returns the strength of edges and their direction in (−π/2, π/2), with a tiny number in place of zeros."""
    dx, dy = sobel(x)
    strength = np.hypot(dx, dy)
    return np.where(strength == 0, TINY, strength), np.arctan(dy / np.where(dx == 0, TINY, dx))


@metric(
    "Nabf",
    best="lower",
    least=0,
    most=1,
    source="Shreyamsha Kumar, Signal Image Video Process. 7, 2013",
    agrees_with="its author's own",
)
def artefacts(ir: Image, vis: Image, fused: Image) -> float:
    """Nabf: share of edges that are stronger in the fused image than in both sources, so artefacts; lower is better."""
    return _artefacts(ir, vis, fused)


@metric("Nabf_as_called", best="lower", least=0, most=1, agrees_with=TANG, variant_of="Nabf")
def artefacts_as_called(ir: Image, vis: Image, fused: Image) -> float:
    """Nabf_as_called: what a popular evaluation code reports, with its arguments in the wrong order."""
    return _artefacts(vis, fused, ir)


def _artefacts(a: Image, b: Image, fused: Image) -> float:
    strength_f, angle_f = _edges_mirrored(fused)
    made_up, total = np.zeros_like(fused), np.zeros_like(fused)
    new = np.ones(fused.shape, bool)
    for source in (a, b):
        strength, angle = _edges_mirrored(source)
        larger = np.maximum(strength, strength_f)
        ratio = np.minimum(strength, strength_f) / np.where(larger > 0, larger, 1)
        aligned = np.abs(np.abs(angle - angle_f) - np.pi / 2) * 2 / np.pi
        quality = np.sqrt(0.9999 / (1 + np.exp(-19 * (ratio - 0.5))) * 0.9995 / (1 + np.exp(-22 * (aligned - 0.5))))
        weight = np.where(strength >= 2, strength**1.5, 0.001)
        made_up += (1 - quality) * weight
        total += weight
        new &= strength_f > strength
    return float(np.sum(made_up[new]) / np.sum(total))


def _edges_mirrored(x: Image) -> tuple[Image, Image]:
    dx, dy = (d[1:-1, 1:-1] / 8 for d in sobel(np.pad(x, 1, mode="reflect")))
    flat = (dx == 0) & (dy == 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        angle = np.arctan(dx / dy)
    return np.hypot(dx, dy), np.where(flat, 0, angle)
