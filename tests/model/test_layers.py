import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mfjax.model.layers import Conv


@pytest.mark.parametrize(("size", "dilation"), [(1, 1), (3, 1), (3, 5), (5, 1)])
@pytest.mark.parametrize("outputs", [2, 4, 40])  # few channels are convolved in another way
def test_a_convolution_and_its_gradients_are_those_of_the_plain_one(size, dilation, outputs):
    rng = np.random.default_rng(0)
    maps = [jnp.asarray(rng.normal(size=(2, 9, 7, c)), jnp.float32) for c in (3, 2)]
    conv = Conv(outputs, size, dilation)
    variables = jax.jit(conv.init)(jax.random.key(0), maps)

    def ours(variables, maps):
        return jnp.sin(conv.apply(variables, maps)).sum(axis=(1, 2))

    def plain(variables, maps):
        (layer,) = variables["params"].values()
        kernel = layer["kernel"].reshape(size, size, 5, outputs)
        out = jax.lax.conv_general_dilated(
            jnp.concatenate(maps, axis=-1),
            kernel,
            (1, 1),
            "SAME",
            rhs_dilation=(dilation, dilation),
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )
        return jnp.sin(out + layer["bias"]).sum(axis=(1, 2))

    def value_and_gradients(function):
        return lambda *args: (function(*args), jax.grad(lambda *args: function(*args).sum(), (0, 1))(*args))

    expected = jax.jit(value_and_gradients(plain))(variables, maps)
    found = [jax.jit(value_and_gradients(ours))]
    if (size, dilation) == (3, 1):  # without jit every operation is a program of its own
        found.append(value_and_gradients(ours))
    for each in found:
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-5), each(variables, maps), expected)
