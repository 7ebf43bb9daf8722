"""That the installed JAX is not one of those that miscompute on CPU (github.com/jax-ml/jax/issues/39103)."""

import jax
import jax.numpy as jnp


def test_jitted_matrix_vector_products_and_reductions_equal_eager_ones():
    i = jnp.arange(32_769, dtype=jnp.float32)
    x = jnp.stack((i, jnp.zeros_like(i), jnp.zeros_like(i)), axis=1)

    def squares(x):
        return jax.vmap(lambda row: jnp.sum((jnp.eye(3) @ row) ** 2))(x)

    assert jax.jit(squares)(x)[-1] == squares(x)[-1] == 32_768.0**2
