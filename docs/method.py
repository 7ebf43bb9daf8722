"""Draws the pictures of docs/method.md from rendered scenes, and prints the numbers beside them.

python docs/method.py  # a minute; needs matplotlib
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import jax
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mfjax import metrics, weights
from mfjax.data.synthetic import scene
from mfjax.model import FusionNetwork, ModelConfig
from mfjax.model.attention import PositionAttention, channel_attention, channel_relation
from mfjax.model.grids import Grid
from mfjax.model.network import Branch
from mfjax.model.resampling import WeightPredictor

FOLDER = Path(__file__).parent
HEIGHT, WIDTH = 240, 320  # of the output; infrared has half of it
SEED = 7


def filters(config: ModelConfig, params: Mapping[str, Any], numerator: int, denominator: int) -> np.ndarray:
    """Returns the filters from each feature to itself at a factor, by offset: [rows, cols, 3, 3, features].

    Args:
        config: the architecture.
        params: the network's parameters.
        numerator: the factor is numerator / denominator.
        denominator: see there; both in lowest terms.
    """
    grid = Grid.between((16 * denominator, 16 * denominator), (16 * numerator, 16 * numerator))
    predictor = WeightPredictor(config.features, config.hidden)
    predict = predictor.apply({"params": params["branch"]["upscale"]["weights"]})
    weights_of = predict(grid.vectors(grid.rows.offsets, grid.cols.offsets))
    count = config.features
    whole = np.asarray(weights_of).reshape(numerator, numerator, 3, 3, count, count)
    rows, cols = (np.argsort(np.asarray(axis.offsets)) for axis in (grid.rows, grid.cols))
    return np.einsum("ijabcc->ijabc", whole)[rows][:, cols]


def draw_filters(config: ModelConfig, params: Mapping[str, Any]) -> Figure:
    """Returns a picture of what meta-upscale predicts at ×2 and ×1.3, for the feature whose filters differ most."""
    whole, odd = (filters(config, params, *factor) for factor in ((2, 1), (13, 10)))
    feature = int(odd.std(axis=(0, 1)).sum(axis=(0, 1)).argmax())
    figure, axes = plt.subplots(1, 2, figsize=(7, 3.6), layout="constrained")
    for axis, made, title in zip(axes, (whole, odd), ("×2: 2×2 filters", "×1.3: 13×13 filters"), strict=True):
        count = len(made)
        gap = np.full((count, count, 4, 4), np.nan, np.float32)
        gap[:, :, :3, :3] = made[..., feature]
        mosaic = gap.transpose(0, 2, 1, 3).reshape(4 * count, 4 * count)[:-1, :-1]
        shown = axis.imshow(mosaic, cmap="RdBu_r", vmin=-1, vmax=1)
        axis.set(title=title, xticks=[], yticks=[], xlabel="column offset, 0 to 1", ylabel="row offset, 0 to 1")
    figure.colorbar(shown, ax=axes, shrink=0.8)
    return figure


def attention(params: Mapping[str, Any], branch: Branch) -> tuple[np.ndarray, np.ndarray]:
    """Returns a source's position weights [h, w] and channel weights [features].

    Args:
        params: the network's parameters.
        branch: the source's branch.
    """
    position = {"params": params["fusion"]["module"]["attention"]["position"]}
    by_position = PositionAttention().apply(position, branch.upscaled)
    by_channel = channel_attention(channel_relation(branch.upscaled))
    return np.asarray(by_position)[0, ..., 0], np.asarray(by_channel).ravel()


def draw_attention(looked: Mapping[str, list[tuple[np.ndarray, np.ndarray]]], sources: list[np.ndarray]) -> Figure:
    """Returns a picture of both sources, and of the position and channel weights of each model.

    Args:
        looked: what `attention` gives for infrared and visible, by the model's name.
        sources: both super-resolved images, [h, w].
    """
    figure, axes = plt.subplots(2, 4, figsize=(9, 3.5), layout="constrained")
    for i, name in enumerate(("infrared", "visible")):
        axes[i, 0].imshow(sources[i], cmap="gray", vmin=0, vmax=1)
        axes[i, 0].set_ylabel(name)
        for column, (model, weighed) in enumerate(looked.items(), 1):
            by_position, by_channel = weighed[i]
            smooth = by_position.reshape(HEIGHT // 4, 4, WIDTH // 4, 4).mean(axis=(1, 3))
            shown = axes[i, column].imshow(smooth, cmap="magma")
            figure.colorbar(shown, ax=axes[i, column], shrink=0.7)
            offsets = np.arange(len(by_channel)) + 0.4 * column - 0.6
            axes[i, 3].bar(offsets, by_channel, 0.4, label=model)
            print(
                f"{model}, {name}: positions {by_position.min():.2f} to {by_position.max():.2f}, means of 4×4 "
                f"{smooth.min():.3f} to {smooth.max():.3f}, standard deviation {by_position.std():.3f} and "
                f"{smooth.std():.3f}; channels {by_channel.round(2)}"
            )
        axes[i, 3].set(xticks=range(len(by_channel)), ylim=(0, 0.4))
        axes[i, 3].axhline(1 / len(by_channel), color="0.5", linewidth=1)
        for axis in axes[i, :3]:
            axis.set(xticks=[], yticks=[])
    titles = ["super-resolved", *(f"positions, {model}" for model in looked), "channels"]
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title, fontsize=10)
    axes[0, 3].legend(fontsize=8, loc="upper left", ncol=2)
    return figure


def compensation(params: Mapping[str, Any], branch: Branch) -> list[np.ndarray]:
    """Returns what each compensation module adds to a super-resolved image, [h, w] each.

    The reconstruction is linear, so it is what this makes of each residual alone.

    Args:
        params: the network's parameters.
        branch: the source's branch.
    """
    kernel = params["branch"]["reconstruction"]["conv"]["kernel"]
    layout = ("NHWC", "HWIO", "NHWC")
    added = [
        jax.lax.conv_general_dilated(r, kernel, (1, 1), "SAME", dimension_numbers=layout) for r in branch.residuals
    ]
    return [np.asarray(each)[0, ..., 0] for each in added]


def draw_compensation(params: Mapping[str, Any], branch: Branch, source: np.ndarray, truth: np.ndarray) -> Figure:
    """Returns a picture of bicubic enlargement, and what upscaled features and the compensation module add to it."""
    bicubic = cv2.resize(source, truth.shape[::-1], interpolation=cv2.INTER_CUBIC)
    image = np.asarray(branch.image)[0, ..., 0]
    (added,) = compensation(params, branch)
    part = slice(90, 190), slice(120, 280)
    panels = [
        ("bicubic", bicubic),
        ("upscaled features add", image - added - bicubic),
        ("the RCM adds", added),
        ("super-resolved", image),
    ]
    print(f"bicubic {decibel(bicubic, truth)}, without RCM {decibel(image - added, truth)}, {decibel(image, truth)} dB")
    figure, axes = plt.subplots(2, 2, figsize=(7, 4.8), layout="constrained")
    for axis, (title, panel) in zip(axes.ravel(), panels, strict=True):
        limits = (-0.05, 0.05) if "add" in title else (0, 1)
        axis.imshow(panel[part], cmap="RdBu_r" if "add" in title else "gray", vmin=limits[0], vmax=limits[1])
        axis.set(title=title, xticks=[], yticks=[])
    return figure


def decibel(image: np.ndarray, truth: np.ndarray) -> str:
    """Returns the PSNR of an image in [0, 1] against the truth, as text."""
    return f"{metrics.psnr(*(np.clip(each, 0, 1).astype(np.float32) for each in (truth, image))):.2f}"


def main() -> None:
    """Writes the three pictures."""
    made = scene(SEED, HEIGHT, WIDTH)
    ir = cv2.resize(made.ir, (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA)
    vis = cv2.cvtColor(made.vis, cv2.COLOR_RGB2GRAY)
    looked = {}
    for name in ("paper", "default"):
        config, params, _ = weights.load(name)
        branches = FusionNetwork(config).apply(
            {"params": params}, ir[None, ..., None], vis[None, ..., None], size=(HEIGHT, WIDTH), method="branches"
        )
        looked[name] = [attention(params, branch) for branch in branches]
        image = np.asarray(branches[0].image)[0, ..., 0]
        without = [image - sum(compensation(params, branches[0])[i:]) for i in range(config.compensations)]
        print(f"{name}, infrared after each step: {', '.join(decibel(each, made.ir) for each in (*without, image))} dB")
    pictures = {
        "filters": draw_filters(config, params),
        "attention": draw_attention(looked, [np.asarray(branch.image)[0, ..., 0] for branch in branches]),
        "compensation": draw_compensation(params, branches[0], ir, made.ir),
    }
    for name, figure in pictures.items():
        figure.savefig(FOLDER / f"method_{name}.jpg", dpi=100, pil_kwargs={"quality": 85})


if __name__ == "__main__":
    main()
