"""Random appearance: the same scene as other cameras, exposures and weathers would show it, for training."""

import cv2
import numpy as np
from numpy.typing import NDArray


def changed(rng: np.random.Generator, image: NDArray, *, inverted: float) -> NDArray[np.float32]:
    """Returns an image with other tones, sharpness, noise and lighting.

    Args:
        rng: the source of randomness.
        image: luma in [0, 1], float32, `[h, w]`.
        inverted: the probability that dark and bright change places.
    """
    image = image.astype(np.float32)
    if rng.random() < inverted:
        image = 1 - image
    if rng.random() < 0.5:
        image = _curve(rng, image)
    if rng.random() < 0.3:  # uneven light
        h, w = image.shape
        light = cv2.resize(rng.uniform(0.4, 1.3, (3, 3)).astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC)
        image = image * light
    if rng.random() < 0.25:  # fewer pixels
        h, w = image.shape
        factor = rng.uniform(1.2, 4)
        small = cv2.resize(image, (max(8, int(w / factor)), max(8, int(h / factor))), interpolation=cv2.INTER_AREA)
        image = cv2.resize(small, (w, h), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.3:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 2))
    if rng.random() < 0.5:
        image = image + rng.normal(0, rng.uniform(0, 0.06), image.shape).astype(np.float32)
    if rng.random() < 0.1:  # stripes of an uncooled sensor
        image = image + rng.normal(0, 0.03, (1, image.shape[1])).astype(np.float32)
    return np.clip(image, 0, 1)


def _curve(rng: np.random.Generator, image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns an image through a random curve that rises, and now and then falls for a stretch."""
    steps = rng.exponential(1, 8)
    if rng.random() < 0.3:
        steps[rng.integers(8)] *= -0.7
    points = np.concatenate([[0], np.cumsum(steps)])
    points = (points - points.min()) / max(np.ptp(points), 1e-6)
    low, high = rng.uniform(0, 0.3), rng.uniform(0.6, 1)
    return np.interp(image, np.linspace(0, 1, 9), low + (high - low) * points).astype(np.float32)
