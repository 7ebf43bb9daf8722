"""The descriptor: a small network that describes places of infrared and visible images by the same numbers.

The description of a place is a unit vector that is alike in both images, however different their tones, and unlike that
of other places. So two images are compared by products of vectors, as two equal images are by products of pixels.
"""

from typing import Literal

import flax.linen as nn
import jax
import jax.numpy as jnp

Sensor = Literal["ir", "vis"]

STRIDE = 4  # pixels of the image from one place to the next
NEAR = 8.0  # pixels: the deviation of the window in which contrast is made equal
FLOOR = 0.02  # standard deviation, of 1 from black to white, below which contrast is not raised much


def equal_contrast(image: jax.Array) -> jax.Array:
    """Returns images with a local mean of 0 and a local deviation of about 1, whatever their exposure.

    Args:
        image: luma in [0, 1], `[n, h, w, 1]`.
    """
    weight = _smooth(jnp.ones_like(image))
    centred = image - _smooth(image) / weight
    deviation = jnp.sqrt(_smooth(centred**2) / weight)
    return centred / (deviation + FLOOR)


def _smooth(image: jax.Array) -> jax.Array:
    """Returns images smoothed by a Gaussian window, zeros outside."""
    offsets = jnp.arange(-int(2.5 * NEAR), int(2.5 * NEAR) + 1)
    window = jnp.exp(-0.5 * (offsets / NEAR) ** 2)
    window = window / window.sum()
    for shape in ((-1, 1, 1, 1), (1, -1, 1, 1)):
        image = jax.lax.conv_general_dilated(
            image, window.reshape(shape), (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
    return image


class Descriptor(nn.Module):
    """Descriptions of the places of images, unit vectors `[n, h/4, w/4, channels]`.

    The first two layers are each sensor's own; the rest sees about 60 pixels and is shared.
    """

    width: int = 48
    channels: int = 32

    @nn.compact
    def __call__(self, image: jax.Array, sensor: Sensor) -> jax.Array:
        """Returns the descriptions.

        Args:
            image: luma in [0, 1], `[n, h, w, 1]`, both sides multiples of 4.
            sensor: the sensor it is from.
        """
        x = equal_contrast(image)
        # With these paddings the centre of place i is that of pixels 4i to 4i + 3.
        x = nn.silu(nn.Conv(16, (6, 6), strides=2, padding=2, name=f"{sensor}_0")(x))
        x = nn.silu(nn.Conv(self.width, (4, 4), strides=2, padding=1, name=f"{sensor}_1")(x))
        for i, dilation in enumerate((1, 2, 3, 1)):
            x = x + nn.silu(nn.Conv(self.width, (3, 3), kernel_dilation=dilation, name=f"shared_{i}")(x))
        x = nn.Conv(self.channels, (1, 1), name="out")(x)
        self.param("sharpness", nn.initializers.constant(10.0), ())  # `matching` multiplies products by it
        return x / jnp.sqrt((x**2).sum(axis=-1, keepdims=True) + 1e-6)
