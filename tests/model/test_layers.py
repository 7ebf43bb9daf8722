import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mfjax.model.layers import Conv


@pytest.mark.parametrize(("size", "dilation"), [(1, 1), (3, 1), (3, 5), (5, 1)])
def test_gradients_of_a_convolution_are_those_of_the_plain_one(size, dilation):
    rng = np.random.default_rng(0)
    maps = [jnp.asarray(rng.normal(size=(2, 9, 7, c)), jnp.float32) for c in (3, 2)]
    conv = Conv(4, size, dilation)
    variables = conv.init(jax.random.key(0), maps)

    def ours(variables, maps):
        return jnp.sum(jnp.sin(conv.apply(variables, maps)))

    def plain(variables, maps):
        (layer,) = variables["params"].values()
        kernel = layer["kernel"].reshape(size, size, 5, 4)
        out = jax.lax.conv_general_dilated(
            jnp.concatenate(maps, axis=-1),
            kernel,
            (1, 1),
            "SAME",
            rhs_dilation=(dilation, dilation),
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )
        return jnp.sum(jnp.sin(out + layer["bias"]))

    expected = jax.grad(plain, (0, 1))(variables, maps)
    for found in (jax.grad(ours, (0, 1)), jax.jit(jax.grad(ours, (0, 1)))):
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), found(variables, maps), expected)
