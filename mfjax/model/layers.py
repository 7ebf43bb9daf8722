"""The two layers that build the whole network: a convolution, and one followed by the paper's activation."""

import functools
import itertools
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from mfjax.model.extent import EVERYWHERE, AnyExtent

LEAKY_SLOPE = 0.2  # "a negative scope of 0.2", Section III.A

# PyTorch's default, and so the authors'. It has a third of the variance that keeps a signal's size, so six blocks of
# residual connections don't blow the signal up.
KERNEL_INIT = nn.initializers.variance_scaling(1 / 3, "fan_in", "uniform")

NARROW = 192  # products a pixel, up to which a convolution has few channels

Maps = list[jax.Array]


class Conv(nn.Module):
    """A convolution that keeps height and width (zero padding), `[n, h, w, c]` to `[n, h, w, features]`.

    A list of maps is convolved as one map that has the channels of all of them.
    """

    features: int
    size: int = 3
    dilation: int = 1
    zero_init: bool = False  # start as the zero map, as for a correction of something already good

    @nn.compact
    def __call__(self, x: jax.Array | Maps) -> jax.Array:
        maps = x if isinstance(x, list) else [x]
        inputs = sum(each.shape[-1] for each in maps)
        shape = (inputs, self.features) if self.size == 1 else (self.size, self.size, inputs, self.features)
        init = nn.initializers.zeros if self.zero_init else KERNEL_INIT
        name = "dense" if self.size == 1 else "conv"
        return _Linear(shape, init, self.dilation, name=name)(maps)


class _Linear(nn.Module):
    """A convolution's parameters, `kernel` and `bias`, applied in the type of the input."""

    shape: tuple[int, ...]
    kernel_init: Callable[..., Any]
    dilation: int

    @nn.compact
    def __call__(self, maps: Maps) -> jax.Array:
        kernel = self.param("kernel", self.kernel_init, self.shape).astype(maps[0].dtype)
        bias = self.param("bias", nn.initializers.zeros, self.shape[-1:]).astype(maps[0].dtype)
        return _convolve_saving_memory(maps, kernel, self.dilation) + bias


def _convolve(maps: Maps, kernel: jax.Array, dilation: int) -> jax.Array:
    """Returns the convolution of the concatenated maps."""
    x = jnp.concatenate(maps, axis=-1)
    if kernel.ndim == 2:  # a 1×1 convolution: on CPU a matrix product is more than twice as fast as `lax.conv`
        return x @ kernel
    return jax.lax.conv_general_dilated(
        x, kernel, (1, 1), "SAME", rhs_dilation=(dilation, dilation), dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def _convolve_on_cpu(maps: Maps, kernel: jax.Array, dilation: int) -> jax.Array:
    """Returns the same by the fastest way in XLA:CPU, which is slow where channels are few or concatenated."""
    ends = np.cumsum([x.shape[-1] for x in maps])[:-1]
    if kernel.size <= NARROW and kernel.ndim == 4 and kernel.shape[-1] <= 2:  # each output's sum is code of its own
        return _convolve_planes(maps, kernel, dilation)
    if kernel.size <= NARROW or kernel.ndim == 4:  # else one matrix product is faster
        parts = zip(maps, jnp.split(kernel, ends, axis=-2), strict=True)
        return functools.reduce(jnp.add, (_convolve([x], part, dilation) for x, part in parts))
    return _convolve(maps, kernel, dilation)


def _convolve_planes(maps: Maps, kernel: jax.Array, dilation: int) -> jax.Array:
    """Returns the same as a sum of shifted maps."""
    taps, _, inputs, outputs = kernel.shape
    reach = taps // 2 * dilation
    h, w = maps[0].shape[1:3]
    padded = [jnp.pad(x, ((0, 0), (reach, reach), (reach, reach), (0, 0))) for x in maps]
    # One plane a channel. Barriers keep XLA from undoing that, and from making one slow loop of all outputs.
    planes = jax.lax.optimization_barrier(jnp.concatenate([jnp.moveaxis(x, 3, 1) for x in padded], axis=1))

    def output(o: int) -> jax.Array:  # [n, h, w]
        shifted = (
            kernel[i, j, c, o] * planes[:, c, i * dilation : i * dilation + h, j * dilation : j * dilation + w]
            for c, i, j in itertools.product(range(inputs), range(taps), range(taps))
        )
        return functools.reduce(jnp.add, shifted)

    return jnp.stack([jax.lax.optimization_barrier(output(o)) for o in range(outputs)], axis=-1)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def _convolve_saving_memory(maps: Maps, kernel: jax.Array, dilation: int) -> jax.Array:
    """Returns the same by the fastest way, or, where a gradient is asked for, in half the memory."""
    convolve = _convolve_on_cpu if jax.default_backend() == "cpu" else _convolve
    return convolve(maps, kernel, dilation)


def _forward(maps: Maps, kernel: jax.Array, dilation: int) -> tuple[jax.Array, tuple[Maps, jax.Array]]:
    # It saves the maps, not a concatenated copy. The way of `_convolve_on_cpu` would take an eighth more memory.
    return _convolve(maps, kernel, dilation), (maps, kernel)


def _backward(dilation: int, saved: tuple[Maps, jax.Array], g: jax.Array) -> tuple[Maps, jax.Array]:
    maps, kernel = saved
    # The kernel's gradient reads the input transposed. XLA would transpose it as soon as it is there and hold that from
    # the forward pass on, half of a training step's memory. It can't where the input depends on the gradient.
    late = 0 * g.ravel()[0]
    _, gradient = jax.vjp(lambda m, k: _convolve(m, k, dilation), [x + late for x in maps], kernel)
    return gradient(g)


_convolve_saving_memory.defvjp(_forward, _backward)


class LeakyConv(nn.Module):
    """A convolution followed by LeakyReLU, `[n, h, w, c]` to `[n, h, w, features]`.

    Outside the extent the result is zero: a map padded to a larger size gives exactly what it gives unpadded.
    """

    features: int
    size: int = 3
    extent: AnyExtent = EVERYWHERE

    @nn.compact
    def __call__(self, x: jax.Array | Maps) -> jax.Array:
        return self.extent.inside(nn.leaky_relu(Conv(self.features, self.size, name="linear")(x), LEAKY_SLOPE))
