"""All fusion metrics by name, with what a number means, where it comes from and whose numbers it can stand beside.

A metric is registered beside its code, and nothing else has to know of it:

    @metric("Q_MAX", least=0, most=1, source="this example")
    def brighter(ir: Image, vis: Image, fused: Image) -> float:
        \"\"\"Q_MAX: share of pixels at which the fused image is as bright as the brighter source.\"\"\"
        return float(np.mean(fused >= np.maximum(ir, vis)))

A file of this folder is imported by itself. Another package names its module in an entry point of the group
`mfjax.metrics` (see `mfjax.plugins`).

Popular codes give different numbers for one metric, and some have mistakes that are in published tables. So each such
form is a metric of its own, a variant, and the plain name means the default form. Most of the field's tables come from
three codes: imageFusionMetrics (Z. Liu), Evaluation-for-Image-Fusion (L. Tang), VIFB (X. Zhang). All metrics take gray
levels: luma in 8 bits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mfjax.metrics.common import Image

VIFB = "VIFB (Zhang, Ye, Xiao, CVPRW 2020)"
LIU = "imageFusionMetrics"
TANG = "Evaluation-for-Image-Fusion"

PAPER = ("Q_TE", "Q_Y", "Q_SF", "Q_MI", "Q_STD", "Q_AG")  # the paper's metrics, in the order of its tables
# The metrics of the field's comparisons, over which mean ranks are taken; others that they report follow from these.
FIELD = (*PAPER, "EN", "SF", "MI", "SCD", "VIF", "Qabf", "Nabf", "SSIM")
STRUCTURE_LOST = ("structure_lost_ir", "structure_lost_vis")  # always shown beside the others, which don't see it

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
    """The default form of the metric; None for a metric that is not a variant."""

    @property
    def formula(self) -> str:
        """Returns what the metric measures, in words: the function's docstring without the name."""
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
    docstring is its name, a colon and what it measures. It raises `UndefinedError` for images without a value.

    Args:
        name: the metric's name in tables and on command lines.
        best: the better values: "higher", "lower" or "zero" (those nearer to 0).
        least: the smallest possible value; by default there is none.
        most: the largest possible value; by default there is none.
        source: the paper that defines the metric.
        agrees_with: popular code that gives the same number.
        variant_of: the default form of the metric, if this is another form.

    Raises:
        ValueError: another function has registered this name. The same function, imported again, replaces itself.
    """

    def add(function: Function) -> Function:
        there = METRICS.get(name)
        if there is not None and _home(there.function) != _home(function):
            raise ValueError(f"{_home(function)} can't be the metric {name!r}, which {_home(there.function)} is")
        METRICS[name] = Metric(name, function, best, least, most, source, agrees_with, variant_of)
        return function

    return add


def default_names() -> tuple[str, ...]:
    """Returns the names of all metrics except variants."""
    return tuple(name for name, each in METRICS.items() if each.variant_of is None)


def sort_metrics() -> None:
    """Sorts `METRICS`, once all files are imported: the paper's metrics first, variants last."""

    def place(name: str) -> tuple[bool, int]:
        return METRICS[name].variant_of is not None, PAPER.index(name) if name in PAPER else len(PAPER)

    ordered = {name: METRICS[name] for name in sorted(METRICS, key=place)}
    METRICS.clear()
    METRICS.update(ordered)


def _home(function: Function) -> str:
    return f"{function.__module__}.{getattr(function, '__qualname__', function)}"
