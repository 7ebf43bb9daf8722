"""Training of the descriptor on registered pairs, seen through random warps and with random appearance.

    python -m mfjax.training.descriptor data/roadscene data/msrs data/llvip data/m3fd data/m3svd --out align.safetensors

The bundled file is 3,000 steps of 8 scenes (`--batch 8 --rate 2e-3`), then from there on (`--start`) 1,100 of 12 scenes
(`--rate 1.5e-3 --steps 6000`, stopped) and 2,600 (`--rate 1.2e-3 --seed 5`): two hours on two CPU cores with much other
work beside. Result: 31 % of all places are found at once among the 1,728 of the other view, flat ones included.
"""

import queue
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import cv2
import jax
import jax.numpy as jnp
import numpy as np
import optax
import tyro
from safetensors.numpy import save_file

from mfjax.alignment.descriptor import Descriptor
from mfjax.alignment.random_warps import Warps, known_views
from mfjax.alignment.views import Descriptions
from mfjax.data.pairs import find_sources
from mfjax.training.appearance import changed

VIEW = 144, 192  # pixels of a view
PLACES = 256  # of each view that are looked for in the other
LIMITS = Warps(shift=0.15, degrees=6, scales=(0.82, 1.22), perspective=0.03)  # the search leaves no more


class Batch(NamedTuple):
    """Views of some scenes, and where places of one are in the other."""

    ir: np.ndarray  # [n, h, w, 1]
    vis: np.ndarray  # [n, h, w, 1]
    matrix: np.ndarray  # [n, 3, 3], from the visible to the infrared view, in unit coordinates


def example(rng: np.random.Generator, ir: np.ndarray, vis: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns two views of a registered pair as two cameras might show them, and the map between them.

    Args:
        rng: the source of randomness.
        ir: the infrared image, uint8 `[h, w]`.
        vis: the visible image, of the same size.
    """
    if rng.random() < 0.08:  # one image twice: exactly registered, and of all the contents that cameras see
        ir = vis
    if rng.random() < 0.5:
        ir, vis = ir[:, ::-1], vis[:, ::-1]
    seen = known_views(rng, ir, vis, LIMITS, largest=rng.uniform(0.35, 0.97))
    a, b = (
        cv2.resize(np.ascontiguousarray(view), VIEW[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        for view in (seen.ir, seen.vis)
    )
    return changed(rng, a, inverted=0.2), changed(rng, b, inverted=0.05), seen.matrix


def batches(
    pairs: Sequence[tuple[np.ndarray, np.ndarray]], weights: np.ndarray, size: int, seed: int
) -> Iterator[Batch]:
    """Yields batches without end, made in a thread beside the training.

    Args:
        pairs: registered pairs.
        weights: the chance of each to be drawn.
        size: scenes of a batch.
        seed: of all that is random.
    """
    ready: queue.Queue[Batch] = queue.Queue(4)

    def fill() -> None:
        rng = np.random.default_rng(seed)
        while True:
            chosen = rng.choice(len(pairs), size, p=weights)
            ir, vis, matrix = zip(*(example(rng, *pairs[i]) for i in chosen), strict=True)
            ready.put(Batch(np.stack(ir)[..., None], np.stack(vis)[..., None], np.stack(matrix).astype(np.float32)))

    threading.Thread(target=fill, daemon=True).start()
    while True:
        yield ready.get()


def places(size: tuple[int, int]) -> jax.Array:
    """Returns the unit coordinates (x, y) of all places of a map of descriptions, `[h w, 2]`.

    Args:
        size: rows and columns of the map.
    """
    rows, cols = jnp.meshgrid(
        (jnp.arange(size[0]) + 0.5) / size[0], (jnp.arange(size[1]) + 0.5) / size[1], indexing="ij"
    )
    return jnp.stack([cols, rows], axis=-1).reshape(-1, 2)


def lookup_loss(found: jax.Array, there: jax.Array, matrix: jax.Array, sharpness: jax.Array, chosen: jax.Array) -> Any:
    """Returns the cross-entropy of finding chosen places of one map in another, and the share of right finds.

    Args:
        found: descriptions of one view, `[h, w, c]`.
        there: descriptions of the other view.
        matrix: the map from the first view to the other.
        sharpness: what products of descriptions are multiplied by.
        chosen: numbers of the places of the first view.
    """
    h, w, c = there.shape
    points = places((h, w))[chosen] @ matrix[:, :2].T + matrix[:, 2]
    points = points[:, :2] / points[:, 2:]
    at = points * jnp.array([w, h]) - 0.5  # in places
    valid = ((at >= 0) & (at <= jnp.array([w - 1, h - 1]))).all(axis=-1)
    across = jnp.maximum(1 - jnp.abs(jnp.arange(w) - at[:, :1]), 0)
    down = jnp.maximum(1 - jnp.abs(jnp.arange(h) - at[:, 1:]), 0)
    target = down[:, :, None] * across[:, None]
    logits = sharpness * jnp.einsum("kc,hwc->khw", found.reshape(-1, c)[chosen], there)
    logs = jax.nn.log_softmax(logits.reshape(len(chosen), -1))
    loss = -(target.reshape(len(chosen), -1) * logs).sum(axis=-1)
    best = logs.argmax(axis=-1)
    near = (jnp.hypot(best % w - at[:, 0], best // w - at[:, 1]) < 1.5) & valid
    count = jnp.maximum(valid.sum(), 1)
    return jnp.where(valid, loss, 0).sum() / count, near.sum() / count


def loss_fn(params: Any, batch: Batch, key: jax.Array, model: Descriptor) -> tuple[jax.Array, jax.Array]:
    """Returns the loss of finding places of each view in the other, and the share of right finds.

    Args:
        params: the descriptor's parameters.
        batch: the views.
        key: of the places that are looked for.
        model: the descriptor.
    """
    ir: Any = model.apply(params, jnp.asarray(batch.ir), "ir")
    vis: Any = model.apply(params, jnp.asarray(batch.vis), "vis")
    sharpness = params["params"]["sharpness"]
    n, h, w = ir.shape[:3]
    chosen = jax.random.randint(key, (2, n, PLACES), 0, h * w)
    back = jnp.linalg.inv(batch.matrix)
    look = jax.vmap(lookup_loss, (0, 0, 0, None, 0))
    one, right = look(ir, vis, back, sharpness, chosen[0])
    other, too = look(vis, ir, jnp.asarray(batch.matrix), sharpness, chosen[1])
    return (one.mean() + other.mean()) / 2, (right.mean() + too.mean()) / 2


def main(
    roots: Annotated[tuple[Path, ...], tyro.conf.Positional],
    *,
    out: Path = Path("align.safetensors"),
    steps: int = 3_000,
    batch: int = 8,
    rate: float = 2e-3,
    width: int = 48,
    start: Path | None = None,
    seed: int = 0,
) -> None:
    """Trains the descriptor and writes its weights, which `mfjax.alignment.views.Descriptions.load` reads.

    Args:
        roots: Folders of registered pairs.
        out: The file to write.
        steps: Steps of training.
        batch: Scenes of a step.
        rate: The highest learning rate.
        width: Channels of the descriptor.
        start: A weights file to begin with, instead of random parameters.
        seed: Of all that is random.
    """
    pairs, weights = [], []
    for source in find_sources(roots):
        found = [source[i] for i in range(len(source.names))]
        pairs += [(pair.ir, pair.vis) for pair in found]
        weights += [len(found) ** -0.5] * len(found)  # a source counts as the root of its number
    chances = np.array(weights) / sum(weights)
    model = Descriptor(width)
    shape = jnp.zeros((1, *VIEW, 1))

    @jax.jit
    def init(key: jax.Array) -> Any:
        params = model.init(key, shape, "ir")
        other = model.init(key, shape, "vis")
        return {"params": other["params"] | params["params"]}

    params = Descriptions.load(start).params if start else init(jax.random.key(seed))
    schedule = optax.warmup_cosine_decay_schedule(0, rate, 200, steps, rate / 50)
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=1e-4))
    state = optimizer.init(params)

    @partial(jax.jit, donate_argnums=(0, 1))
    def step(params: Any, state: Any, batch: Batch, key: jax.Array) -> Any:
        (loss, right), gradients = jax.value_and_grad(loss_fn, has_aux=True)(params, batch, key, model)
        updates, state = optimizer.update(gradients, state, params)
        return optax.apply_updates(params, updates), state, loss, right

    key = jax.random.key(seed + 1)
    losses, rights = [], []
    for i, each in zip(range(1, steps + 1), batches(pairs, chances, batch, seed), strict=False):
        params, state, loss, right = step(params, state, each, jax.random.fold_in(key, i))
        losses.append(loss)
        rights.append(right)
        if i % 100 == 0 or i == steps:
            print(f"step {i:,} of {steps:,}: loss {np.mean(losses):.3f}, found {np.mean(rights):.1%}", flush=True)
            losses, rights = [], []
            save_file(flat(params), out)


def flat(params: Any) -> dict[str, np.ndarray]:
    """Returns parameters by their path, such as "params/out/kernel".

    Args:
        params: the parameters.
    """
    leaves = jax.tree_util.tree_leaves_with_path(params)
    return {jax.tree_util.keystr(path, simple=True, separator="/"): np.asarray(leaf) for path, leaf in leaves}


if __name__ == "__main__":
    tyro.cli(main)
