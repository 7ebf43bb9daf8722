"""The network at any factor as a pure function: the steps that `stepping` plans, on JAX arrays of static sizes."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from mfjax.alignment import geometry
from mfjax.alignment.frames import View, check_view, common_rectangle, faded, soft_mask
from mfjax.alignment.rig import checked_matrix
from mfjax.alignment.warping import resampled_purely
from mfjax.alignment.windows import Window
from mfjax.errors import MfjaxError
from mfjax.inference import sizes, stepping, windows
from mfjax.model import FusionNetwork, FusionOutput, ModelConfig
from mfjax.model.network import SuperResolutionBranch
from mfjax.model.placement import Placement
from mfjax.size import Size


def fuse_luma(
    config: ModelConfig,
    params: Mapping[str, Any],
    ir: ArrayLike,
    vis: ArrayLike,
    *,
    size: Size,
    alignment: ArrayLike | None = None,
    view: View = "visible",
    largest_factor: float = stepping.LARGEST_FACTOR,
    exact: bool = False,
) -> FusionOutput:
    """Returns fused and super-resolved luma, linear (not clipped). It is pure, for `jax.jit`, `jax.vmap`, `jax.grad`.

    Args:
        config: the network's architecture (static under `jax.jit`).
        params: its parameters.
        ir: infrared luma in [0, 1], [h, w] or a batch [n, h, w].
        vis: visible luma in [0, 1] of the same view, [h', w'] or [n, h', w'].
        size: the output's (H, W), any (static under `jax.jit`).
        alignment: the map from visible to infrared coordinates, [3, 3], as `Alignment.matrix`; may be traced, and
            differentiated. By default both show the same field of view.
        view: with an alignment, what the output shows (static under `jax.jit`): "visible" or "infrared", that camera's
            view, in which the fused image softly becomes that camera's where the other shows nothing, and the other's
            image is 0; or "overlap", the largest upright rectangle of the visible image that both show. That depends on
            the map's values, so there it can't be traced.
        largest_factor: the largest factor by which the network enlarges in one pass, usually that of its training
            (static under `jax.jit`); larger factors are reached in steps. A source that is larger than the output is
            averaged to it first.
        exact: predict all filters, also at odd factors, where interpolated ones are several times as fast and give the
            same to 0.05 gray levels (static under `jax.jit`).

    Returns:
        `.fused .ir .vis`, each [H, W] or [n, H, W].

    Raises:
        MfjaxError: the sources are not both [h, w] or both [n, h, w] of one n, are integers, or the size is empty; the
            map has another shape, or maps no image to an image (as far as it is not traced); there is no such view, or
            its map is traced and must not be, or there is none.
    """
    sizes.check_requested_size(size, None)
    if not sizes.are_luma(np.shape(ir), np.shape(vis)):
        raise MfjaxError(
            f"infrared has shape {np.shape(ir)} and visible {np.shape(vis)}; pass luma, both [h, w] or both [n, h, w]"
        )
    for name, image in (("infrared", ir), ("visible", vis)):
        if not jnp.issubdtype(jnp.result_type(image), jnp.floating):
            raise MfjaxError(f"{name} is {jnp.result_type(image)}; pass floats in [0, 1]")
    sources = [jnp.asarray(image, jnp.float32)[..., None] for image in (ir, vis)]  # [(n,) h, w, 1]
    single = sources[0].ndim == 3
    if single:
        sources = [image[None] for image in sources]
    to_other: Any = None  # the map from the output to the source that need not fill it
    seen: Any = None
    check_view(view, aligned=alignment is not None)
    if alignment is not None:
        *sources, to_other = _seen_through(sources[0], sources[1], alignment, view)
    if to_other is not None:
        seen = soft_mask(to_other, size, xp=jnp)[..., None] > 0
    options: Any = {"size": size, "largest_factor": largest_factor, "seen": seen, "exact": exact}
    out = fuse_any(config, params, *sources, **options)  # each [n, H, W, 1]
    if to_other is not None:
        own, other = (out.ir, out.vis) if view == "infrared" else (out.vis, out.ir)
        fused = faded(out.fused[..., 0], own[..., 0], to_other, xp=jnp)[..., None]
        other = jnp.where(seen, other, 0)
        out = FusionOutput(fused, *((own, other) if view == "infrared" else (other, own)))
    return jax.tree.map(lambda image: image[0, ..., 0] if single else image[..., 0], out)


def _seen_through(
    ir: jax.Array, vis: jax.Array, alignment: ArrayLike, view: View
) -> tuple[jax.Array, jax.Array, jax.Array | None]:
    """Returns both sources as a view shows them, one resampled to the size of the larger, and the map to that one.

    The map is None if both show all of the view.
    """
    if np.shape(alignment) != (3, 3):
        raise MfjaxError(f"the alignment has shape {np.shape(alignment)}; it is a map, [3, 3]")
    is_traced = isinstance(alignment, jax.core.Tracer)
    if not is_traced:
        alignment = checked_matrix(alignment)
    if view == "overlap":
        if is_traced:
            raise MfjaxError(
                "the alignment is traced, and the rectangle of view='overlap' depends on its values; pass 'visible' or "
                "'infrared', or a map that jax.jit, jax.grad and jax.vmap do not trace"
            )
        whole = vis.shape[1], vis.shape[2]
        rows, cols = common_rectangle(np.asarray(alignment), whole, view)
        vis = vis[:, rows, cols]
        part = geometry.cropped(rows.start, cols.start, (vis.shape[1], vis.shape[2]), whole)
        alignment = np.asarray(alignment) @ part
    matrix = jnp.asarray(alignment, jnp.float32)
    matrix = matrix / matrix[2, 2]
    sides = max((vis.shape[1:3], ir.shape[1:3]), key=math.prod)
    if view == "infrared":
        matrix = jnp.linalg.inv(matrix)
        return ir, resampled_purely(vis, matrix, (sides[0], sides[1])), matrix / matrix[2, 2]
    return resampled_purely(ir, matrix, (sides[0], sides[1])), vis, None if view == "overlap" else matrix


def fuse_any(
    config: ModelConfig,
    params: Mapping[str, Any],
    ir: jax.Array,
    vis: jax.Array,
    *,
    size: Size,
    largest_factor: float,
    dtype: Any = jnp.float32,
    seen: jax.Array | None = None,
    places: tuple[Window | None, Window | None] = (None, None),
    exact: bool = False,
) -> FusionOutput:
    """Returns the three reconstructions `[n, H, W, 1]`, linear (not clipped).

    Args:
        config: the network's architecture.
        params: its parameters.
        ir: infrared luma in [0, 1], `[n, h, w, 1]`.
        vis: visible luma in [0, 1] of the same view, `[n, h', w', 1]`.
        size: the output's (H, W).
        largest_factor: the largest factor by which the network enlarges in one pass.
        dtype: the type in which the extractor computes.
        seen: true where both sources show something, `[H, W, 1]`; by default they do so everywhere.
        places: the parts of the output that infrared and visible cover; None: they cover it exactly.
        exact: as of `fuse_luma`; it is for sources that cover the output exactly.
    """

    def placed(image: jax.Array, to: Size) -> Placement:
        placement = Placement.between((image.shape[1], image.shape[2]), to)
        return placement if exact else placement.interpolated()

    prepared, placements = [], []
    for branch, image, place in zip(branches_of(config, params), (ir, vis), places, strict=True):
        cover = size if place is None else place.cover(size)
        source = _prepared(SuperResolutionBranch(config, dtype), branch, image, cover, largest_factor, placed)
        own = source.shape[1], source.shape[2]
        prepared.append(source)
        placements.append(placed(source, size) if place is None else windows.covering(own, size, place))
    options: Any = {"size": size, "placements": tuple(placements), "seen": seen}
    out: Any = FusionNetwork(config, dtype).apply({"params": params}, *prepared, **options)
    shown = (
        source if place is None and stepping.is_average((image.shape[1], image.shape[2]), size) else made
        for image, source, made, place in zip((ir, vis), prepared, out[1:], places, strict=True)
    )
    return FusionOutput(out.fused, *shown)


def branches_of(config: ModelConfig, params: Mapping[str, Any]) -> tuple[Any, Any]:
    """Returns the parameters of the infrared and the visible super-resolution branch, the same if they are shared.

    Args:
        config: the network's architecture.
        params: its parameters.
    """
    names = ("branch", "branch") if config.share_branches else ("branch_ir", "branch_vis")
    return params[names[0]], params[names[1]]


def _prepared(
    branch: SuperResolutionBranch,
    params: Any,
    image: jax.Array,
    size: Size,
    largest: float,
    placed: Callable[[jax.Array, Size], Placement],
) -> jax.Array:
    """Returns a source that is no larger than the output, and that the network can enlarge to it in one pass."""
    first, *larger = stepping.plan_sizes((image.shape[1], image.shape[2]), size, largest)
    image = averaged(image, first)
    for step in larger:
        made: Any = branch.apply({"params": params}, image, placed(image, step))
        image = averaged(jnp.clip(made.image, 0, 1), size)
    return image


def averaged(image: jax.Array, size: Size) -> jax.Array:
    """Returns images averaged along each axis that is longer than a size's, as `stepping.averaged` does.

    Args:
        image: the images, `[n, h, w, c]`.
        size: the (height, width) to average to; a side that is not shorter leaves its axis unchanged.
    """
    for axis, length in enumerate(size, start=1):
        if length < image.shape[axis]:
            matrix = stepping.averaging_matrix(image.shape[axis], length)
            product = jnp.tensordot(matrix, image, (1, axis), precision=jax.lax.Precision.HIGHEST)
            image = jnp.moveaxis(product, 0, axis)
    return image
