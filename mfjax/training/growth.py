"""Grows a network: a larger one starts with the results of a trained smaller one (Net2Net, ICLR 2016).

The first channels of every layer take over the smaller network's parameters. Parameters by which new channels, blocks
and hidden units add to the old ones start at zero, all other new parameters at random. So training continues from the
state of the smaller network.
"""

import re
from typing import Any

import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from mfjax.model import ModelConfig
from mfjax.model.resampling import TAPS

SIZES = ("blocks", "width", "growth", "features", "compensations", "hidden")  # fields that may be larger


def can_grow(small: ModelConfig, large: ModelConfig) -> bool:
    """Returns true if an architecture's super-resolution branches differ from smaller ones in size only.

    Args:
        small: the smaller architecture.
        large: the larger architecture.
    """
    alike = (small.share_branches, small.base, small.stride) == (large.share_branches, large.base, large.stride)
    return alike and all(getattr(small, name) <= getattr(large, name) for name in SIZES)


def grow(trained: dict[str, Any], small: ModelConfig, initial: dict[str, Any], large: ModelConfig) -> dict[str, Any]:
    """Returns larger super-resolution branches that give the same results as trained smaller ones.

    Args:
        trained: parameters of the branches of the architecture `small`.
        small: the smaller architecture.
        initial: random parameters of the branches of the architecture `large`, from which new ones are taken.
        large: the larger architecture (`can_grow`).

    Returns:
        Parameters like `initial`.
    """
    old, grown = flatten_dict(trained, sep="/"), {}
    for name, value in flatten_dict(initial, sep="/").items():
        new = np.array(value)
        if name.endswith(("/weights/kernel_1", "/weights/bias_1")):
            _fill_filters(new, old.get(name), small.features, large.features)
        elif name in old:
            _fill(new, np.asarray(old[name]), _groups(name))
        elif "/bottleneck/" in name:  # a new block, whose output is added to that of the old ones
            new[..., : small.width] = 0
        grown[name] = new
    return unflatten_dict(grown, sep="/")


def _groups(name: str) -> int:
    """Returns the number of concatenated maps that a layer takes, by the layer's name."""
    if dense := re.search(r"/rfu3_(\d+)/conv/", name):
        return int(dense[1]) + 1
    return 7 if re.search(r"/block_\d+/bottleneck/", name) else 1


def _fill(new: np.ndarray, old: np.ndarray, groups: int) -> None:
    """Writes a trained layer's kernel `[…, in, out]` or bias `[out]` over the first channels of a larger one's."""
    if new.ndim < 2:
        new[(slice(old.size),) * new.ndim] = old  # the slope of a PReLU is one number
        return
    inputs, outputs = old.shape[-2:]
    new[..., :outputs] = 0
    channels = np.arange(groups)[:, None] * (new.shape[-2] // groups) + np.arange(inputs // groups)
    new[..., channels.ravel(), :outputs] = old


def _fill_filters(new: np.ndarray, old: np.ndarray | None, features: int, more: int) -> None:
    """Writes a smaller network's weights of predicted filters, `[…, 9 c c]`, over a larger one's."""
    filters = new.reshape(*new.shape[:-1], TAPS * TAPS, more, more)  # a view
    filters[..., :features] = 0
    if old is not None:
        old = np.asarray(old).reshape(*old.shape[:-1], TAPS * TAPS, features, features)
        rows = (slice(len(old)),) if old.ndim == 4 else ()
        filters[(*rows, ..., slice(features), slice(features))] = old
