"""All fusion metrics by name, with what a number means, where it comes from and whose numbers it can stand beside.

A metric is registered beside its code, and nothing else has to know of it:

    @metric("Q_MAX", least=0, most=1, source="this example")
    def brighter(ir: Image, vis: Image, fused: Image) -> float:
        \"\"\"Q_MAX: share of pixels at which the fused image is as bright as the brighter source.\"\"\"
        return float(np.mean(fused >= np.maximum(ir, vis)))

A file of this folder is imported by itself. Another package names its module in an entry point of the group
`mfjax.metrics` (see `mfjax.plugins`).

Popular codes disagree under one name, and some have mistakes that published tables contain. So each such form is a
metric of its own, a variant, and the default is the one under the plain name. "MATLAB" is the code that most of the
field's tables come from: imageFusionMetrics (Z. Liu), Evaluation-for-Image-Fusion (L. Tang), VIFB (X. Zhang). All take
gray levels: the luma of 8 bits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mfjax.metrics.common import Image

VIFB = "VIFB (Zhang, Ye, Xiao, CVPRW 2020)"
LIU = "imageFusionMetrics"
TANG = "Evaluation-for-Image-Fusion"

PAPER = ("Q_TE", "Q_Y", "Q_SF", "Q_MI", "Q_STD", "Q_AG")  # Section IV.B, in the order of its tables
# What the field's comparisons report, other than in forms that follow from these: mean ranks are over them.
FIELD = (*PAPER, "EN", "SF", "MI", "SCD", "VIF", "Qabf", "Nabf", "SSIM")
STRUCTURE_LOST = ("structure_lost_ir", "structure_lost_vis")  # beside all others: what those pay for

INF = float("inf")

Function = Callable[[Image, Image, Image], float]


@dataclass(frozen=True)
class Metric:
    """A fusion metric: a function of infrared, visible and fused levels, float64 `[h, w]` from 0 to 255."""

    name: str
    function: Function
    best: Literal["higher", "lower", "zero"]
    least: float
    most: float
    source: str
    """The paper that defines it."""
    agrees_with: str
    """Popular code that gives the same number."""
    variant_of: str | None = None
    """Of a variant, the metric that is meant by default."""

    @property
    def formula(self) -> str:
        """What it measures, in words."""
        said = " ".join((self.function.__doc__ or "").split()).removeprefix(f"{self.name}: ")
        return said[:1].upper() + said[1:]


METRICS: dict[str, Metric] = {}
"""The paper's six first, then the others by their files, variants last."""


def metric(
    name: str,
    *,
    best: Literal["higher", "lower", "zero"] = "higher",
    least: float = -INF,
    most: float = INF,
    source: str = "",
    agrees_with: str = "none",
    variant_of: str | None = None,
) -> Callable[[Function], Function]:
    """Returns a decorator that adds a function to `METRICS`.

    The function takes infrared, visible and fused levels, each float64 `[h, w]` from 0 to 255, all of one size. Its
    docstring says what it measures. It raises `UndefinedError` for images that it has no value for.

    Args:
        name: what tables and command lines call the metric.
        best: which values are better; "zero": those nearer to it.
        least: the smallest value that is possible.
        most: the largest.
        source: the paper that defines it.
        agrees_with: popular code that gives the same number.
        variant_of: of another form of a metric, that metric.

    Raises:
        ValueError: another metric is called so. A file that is read again brings no other one.
    """

    def add(function: Function) -> Function:
        there = METRICS.get(name)
        if there is not None and _home(there.function) != _home(function):
            raise ValueError(f"{_home(function)} can't be the metric {name!r}, which {_home(there.function)} is")
        METRICS[name] = Metric(name, function, best, least, most, source, agrees_with, variant_of)
        return function

    return add


def default_names() -> tuple[str, ...]:
    """Returns the names of all metrics but variants."""
    return tuple(name for name, each in METRICS.items() if each.variant_of is None)


def sort() -> None:
    """Brings `METRICS` into its order, once all files are imported."""

    def place(name: str) -> tuple[bool, int]:
        return METRICS[name].variant_of is not None, PAPER.index(name) if name in PAPER else len(PAPER)

    ordered = {name: METRICS[name] for name in sorted(METRICS, key=place)}
    METRICS.clear()
    METRICS.update(ordered)


def _home(function: Function) -> str:
    return f"{function.__module__}.{getattr(function, '__qualname__', function)}"
