"""The descriptor: a small network that describes places of infrared and visible images by the same numbers.

The description of a place is a unit vector that is alike in both images, however different their tones, and unlike that
of other places. So two images are compared by products of vectors, as two equal images are by products of pixels.
"""

from typing import Literal

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

Sensor = Literal["ir", "vis"]

STRIDE = 4  # pixels of the image from one place to the next
NEAR = 8.0  # pixels: the deviation of the window in which contrast is made equal
FLOOR = 0.02  # standard deviation, of 1 from black to white, below which contrast is not raised much


def equal_contrast(image: jax.Array) -> jax.Array:
    """Returns images with a local mean of 0 and a local deviation of about 1, whatever their exposure.

    Args:
        image: luma in [0, 1], `[n, h, w, 1]`.
    """
    centred = image - _smooth(image)
    deviation = jnp.sqrt(_smooth(centred**2))
    return centred / (deviation + FLOOR)


def _smooth(image: jax.Array) -> jax.Array:
    """Returns the means of images in a Gaussian window, of those pixels in it that are image."""
    rows, cols = (_window(side) for side in image.shape[1:3])
    # XLA takes 40 times as long for a convolution of so many taps and one channel.
    return jnp.einsum("ij,njkc,lk->nilc", rows, image, cols, precision="highest")


def _window(side: int) -> np.ndarray:
    """Returns the Gaussian window around each place of an axis, which adds up to 1, `[side, side]`."""
    apart = np.arange(side)[:, None] - np.arange(side)
    window = np.where(np.abs(apart) <= int(2.5 * NEAR), np.exp(-0.5 * (apart / NEAR) ** 2), 0)
    return np.asarray(window / window.sum(axis=1, keepdims=True), np.float32)


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
