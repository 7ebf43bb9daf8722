"""Draws the learning curve of runs from their logs.

    python examples/learning_curve.py runs/cpu/log.jsonl [MORE.jsonl ...] [--out docs/learning_curve.svg]

The upper part shows the super-resolution loss: every logged value, faint, and the running mean. The lower part, for
runs that were validated, shows by how many dB the PSNR of both super-resolved sources is above that of bicubic. Phase
two is shaded, which leaves both unchanged.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

COLOURS = ("#2a6f97", "#c8553d", "#588157", "#7b5ea7")  # one for each run
STYLES = ("-", "--", ":")  # one for each scale
MEAN_OVER = 25  # number of logged values that a running mean covers

Series = tuple[NDArray, NDArray]  # steps and values


def main(
    logs: Annotated[tuple[Path, ...], tyro.conf.Positional], *, out: Path = Path("docs/learning_curve.svg")
) -> None:
    """Writes a picture; the suffix of its name, such as .svg or .png, chooses the format.

    Args:
        logs: The log.jsonl of a run, or of several to compare.
        out: Where to write.
    """
    runs = [[json.loads(line) for line in path.read_text().splitlines()] for path in logs]
    sources = [s for s in ("ir", "vis") if any(_scales(lines, s) for lines in runs)]
    figure = Figure(figsize=(8, 6 if sources else 3.2), layout="constrained")
    rows: list[Any] = [["loss"] * max(1, len(sources)), *([sources] if sources else [])]
    axes: dict[str, Axes] = figure.subplot_mosaic(rows)
    for source in sources[1:]:
        axes[source].sharey(axes[sources[0]])
    for number, (path, lines) in enumerate(zip(logs, runs, strict=True)):
        colour = COLOURS[number % len(COLOURS)]
        _draw_loss(axes["loss"], lines, colour, label=path.resolve().parent.name)
        for source in sources:
            _draw_gains(axes[source], lines, source, colour, named=number == 0)
    axes["loss"].set(yscale="log", title="super-resolution loss")
    axes["loss"].yaxis.set_major_formatter("{x:g}")
    axes["loss"].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes["loss"].yaxis.set_minor_formatter(NullFormatter())
    if len(runs) > 1:
        axes["loss"].legend(frameon=False)
    for source in sources:
        name = {"ir": "infrared", "vis": "visible"}[source]
        axes[source].set(title=f"{name}: PSNR over bicubic in dB")
        axes[source].axhline(0, color="0.6", linewidth=0.8)
    for axis in axes.values():
        _tidy(axis)
        if len(runs) == 1:
            _shade_phase_two(axis, runs[0])
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=150)
    print(out)


def _draw_loss(axis: Axes, lines: list[dict[str, Any]], colour: str, label: str) -> None:
    steps, values = _series(lines, "sr")
    axis.plot(steps, values, color=colour, alpha=0.25, linewidth=0.7)
    number = np.arange(len(values))
    reach = np.minimum(MEAN_OVER // 2, np.minimum(number, number[::-1]))  # to both sides; less near the ends
    sums = np.cumsum(np.insert(values, 0, 0.0))
    means = (sums[number + reach + 1] - sums[number - reach]) / (2 * reach + 1)
    axis.plot(steps, means, color=colour, linewidth=1.8, label=label)


def _draw_gains(axis: Axes, lines: list[dict[str, Any]], source: str, colour: str, *, named: bool) -> None:
    for scale, style in zip(_scales(lines, source), STYLES * 9, strict=False):
        steps, values = _series(lines, f"gain_{source}_x{scale}")
        axis.plot(steps, values, style, color=colour, linewidth=1.6)
        if named and len(steps):
            axis.annotate(f" ×{scale}", (steps[-1], values[-1]), color="0.3", va="center", annotation_clip=False)


def _scales(lines: list[dict[str, Any]], source: str) -> list[str]:
    """Returns the scales for which a log has gains, as written there, the smallest first."""
    start = f"gain_{source}_x"
    return sorted({name.removeprefix(start) for line in lines for name in line if name.startswith(start)}, key=float)


def _series(lines: list[dict[str, Any]], name: str) -> Series:
    """Returns the steps and values that were logged under a name, without null, which stands for NaN and infinity."""
    pairs = [(line["step"], line[name]) for line in lines if line.get(name) is not None]
    steps, values = np.array(pairs, float).reshape(-1, 2).T
    return steps, values


def _shade_phase_two(axis: Axes, lines: list[dict[str, Any]]) -> None:
    ends = [line["step"] for line in lines if line["phase"] == 1]
    if ends and lines[-1]["phase"] == 2:
        axis.axvspan(max(ends), lines[-1]["step"], color="0.93", linewidth=0, zorder=0)


def _tidy(axis: Axes) -> None:
    axis.title.set(fontsize=10, ha="left", x=0)
    axis.set_xlabel("step", fontsize=9)
    axis.tick_params(labelsize=9)
    axis.spines[["top", "right"]].set_visible(False)
    axis.xaxis.set_major_formatter("{x:,.0f}")
    axis.xaxis.set_major_locator(MaxNLocator(6))
    axis.margins(x=0.02)


if __name__ == "__main__":
    tyro.cli(main)
