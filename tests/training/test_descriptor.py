"""Training of the descriptor, by which images are aligned."""

import jax
import jax.numpy as jnp
import numpy as np

from mfjax.alignment.descriptor import Descriptor
from mfjax.data.synthetic import scene
from mfjax.training import descriptor


def test_a_step_of_training_learns_from_both_sensors() -> None:
    model = Descriptor(width=8, channels=4)
    image = jnp.asarray(scene(3, 48, 64).vis.mean(axis=-1, dtype=np.float32)[None, ..., None])
    params = (
        model.init(jax.random.key(0), image, "ir")["params"] | model.init(jax.random.key(0), image, "vis")["params"]
    )
    batch = descriptor.Batch(image, image, np.eye(3, dtype=np.float32)[None])
    gradient = jax.jit(jax.grad(descriptor.loss_fn, has_aux=True), static_argnums=3)
    gradients, right = gradient({"params": params}, batch, jax.random.key(1), model)
    assert 0 <= right <= 1
    for name, leaves in gradients["params"].items():
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(leaves)), name
    assert np.abs(gradients["params"]["ir_0"]["kernel"]).max() > 0
    assert np.abs(gradients["params"]["vis_0"]["kernel"]).max() > 0


def test_places_that_are_like_no_others_are_found_by_the_loss() -> None:
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(6, 8, 16)).astype(np.float32)
    maps /= np.linalg.norm(maps, axis=-1, keepdims=True)
    loss, right = descriptor.lookup_loss(maps, maps, jnp.eye(3), jnp.float32(30), jnp.arange(48))
    assert right == 1
    assert loss < 0.1
