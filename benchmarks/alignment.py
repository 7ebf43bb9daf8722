"""Errors of alignments of pairs seen through known warps: the tables of docs/align.md.

    python benchmarks/alignment.py DIR [DIR ...] [--warps 20] [--model homography] [--peers]
    python benchmarks/alignment.py DIR [DIR ...] --calibrate

DIR holds ir/ and vis/ of registered pairs. Two views of each pair are cut out of it, so that both lie wholly in its
images: the infrared one with half the resolution, the visible one shifted by up to 10 % of the width, turned by up to
5°, scaled by 0.7 to 1.5 and, for homographies, with corners moved by up to 3 %. An error is the mean distance at the
four corners of the infrared view in pixels at 512 pixels width. The pairs themselves are not registered better than to
1 to 3 such pixels. "Wrong but confident" is the share of maps with a confidence of 0.9 or more that are off by more
than 10 pixels. --calibrate prints the constants of `mfjax.alignment.estimate`: use training pairs for it.
"""

import itertools
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple

import cv2
import numpy as np
import tyro
from numpy.typing import NDArray
from tqdm import tqdm

from mfjax.alignment import Model, geometry, warps
from mfjax.alignment.estimate import EVIDENCE, estimate
from mfjax.alignment.random_warps import Views, Warps, known_views
from mfjax.data.pairs import find_sources, read_pair

LIMITS = (1, 2, 3, 5, 10)
CONFIDENT, WRONG = 0.9, 10
RIGHT = 10  # pixels up to which a map counts as right in calibration
WIDTH = 512  # pixels of the infrared view in which peers work


class Result(NamedTuple):
    """An alignment of two views."""

    error: float
    seconds: float
    confidence: float
    evidence: tuple[float, ...] = ()


def main(
    folders: Annotated[tuple[Path, ...], tyro.conf.Positional],
    *,
    warps: int = 20,
    model: Model = "homography",
    peers: bool = False,
    calibrate: bool = False,
    stride: int = 1,
    seed: int = 0,
) -> None:
    """Prints a Markdown row for each method, and the reliability of confidences.

    Args:
        folders: Folders of registered pairs.
        warps: Random warps of each pair; 0 for the pairs as they are.
        model: The kind of maps, of the warps and of what is sought; only homographies have perspective.
        peers: Also align by methods of OpenCV.
        calibrate: Fit the constants of confidence instead, also by pairs of different scenes.
        stride: Only every so many pairs.
        seed: Of the warps.
    """
    pairs = [read_pair(files) for source in find_sources(folders) for files in source.files[::stride]]
    methods: dict[str, Callable[[NDArray, NDArray], NDArray]] = {"no alignment": lambda ir, vis: np.eye(3)}
    if peers:
        methods |= {"phase correlation": phase, "ECC, affine": ecc, "SIFT on edges, RANSAC": sift}
    limits = Warps() if model == "homography" else Warps(perspective=0)
    results: dict[str, list[Result]] = {name: [] for name in (*methods, f"mfjax, {model}")}
    strangers = []
    for number, (ir, vis) in enumerate(tqdm(pairs)):
        rng = np.random.default_rng([seed, number])
        for _ in range(max(warps, 1)):
            seen = views(rng, ir, vis, limits if warps else None)
            for name, method in methods.items():
                results[name].append(scored(method, seen))
            results[f"mfjax, {model}"].append(scored(partial(estimate, model=model), seen))
        if calibrate:
            other = cv2.resize(pairs[number - len(pairs) // 2][1], ir.shape[::-1], interpolation=cv2.INTER_AREA)
            strangers.append(scored(partial(estimate, model=model), views(rng, ir, other, limits)))
    if calibrate:
        print_calibration(results[f"mfjax, {model}"], strangers)
        return
    shares = " | ".join(f"below {limit}" for limit in LIMITS)
    print(f"| {len(pairs)} pairs, {warps} warps each | median | 90 % | {shares} | seconds |")
    print("|---" * (len(LIMITS) + 4) + "|")
    for name, found in results.items():
        errors = np.array([each.error for each in found])
        below = " | ".join(f"{np.mean(errors < limit):.0%}" for limit in LIMITS)
        seconds = np.median([each.seconds for each in found])
        print(f"| {name} | {np.median(errors):.1f} | {np.percentile(errors, 90):.1f} | {below} | {seconds:.2f} |")
    print_reliability(found)


def views(rng: np.random.Generator, ir: NDArray, vis: NDArray, limits: Warps | None) -> Views:
    """Returns two views in [0, 1], the infrared one with half the resolution.

    Args:
        rng: the source of randomness.
        ir: the infrared image, uint8.
        vis: the visible image.
        limits: how far the views may differ; None: both are the whole images.
    """
    seen = known_views(rng, ir, vis, limits) if limits else Views(ir, vis, np.eye(3), np.eye(3))
    half = cv2.resize(seen.ir, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return seen._replace(ir=half.astype(np.float32) / 255, vis=seen.vis.astype(np.float32) / 255)


def scored(method: Callable, seen: Views) -> Result:
    """Returns the result of a method that returns an estimate, or a matrix alone.

    Args:
        method: a function of the infrared and the visible view.
        seen: the views.
    """
    start = time.perf_counter()
    found = method(seen.ir, seen.vis)
    seconds = time.perf_counter() - start
    matrix = getattr(found, "matrix", found)
    error = warps.corner_error(matrix, seen.matrix, seen.ir.shape[:2])
    return Result(error, seconds, getattr(found, "confidence", 0.0), getattr(found, "evidence", ()))


def print_reliability(found: list[Result]) -> None:
    """Prints how often maps of some confidence are how good.

    Args:
        found: the results.
    """
    error, confidence = (np.array([getattr(each, name) for each in found]) for name in ("error", "confidence"))
    print("\n| confidence | share of pairs | median | below 5 | below 10 |\n|---|---|---|---|---|")
    edges = (0, 0.5, 0.7, 0.9, 1.0001)
    for low, high in itertools.pairwise(edges):
        if (use := (confidence >= low) & (confidence < high)).any():
            some = error[use]
            shares = f"{np.mean(some < 5):.0%} | {np.mean(some < 10):.0%}"
            print(f"| {low:g} to {min(high, 1):g} | {use.mean():.0%} | {np.median(some):.1f} | {shares} |")
    print(f"\nwrong but confident: {np.mean((confidence >= CONFIDENT) & (error > WRONG)):.1%}")


def print_calibration(found: list[Result], strangers: list[Result]) -> None:
    """Prints the logistic regression of right maps on the evidence.

    Args:
        found: results of pairs of one scene.
        strangers: results of pairs of two scenes, which are all wrong.
    """
    x = np.array([each.evidence for each in (*found, *strangers)])
    right = np.array([each.error < RIGHT for each in found] + [False] * len(strangers), float)
    mean, deviation = x.mean(axis=0), x.std(axis=0) + 1e-9
    z = np.c_[(x - mean) / deviation, np.ones(len(x))]
    theta = np.zeros(z.shape[1])
    for _ in range(50):  # Newton, with a little ridge
        p = 1 / (1 + np.exp(-z @ theta))
        gradient = z.T @ (p - right) + 0.1 * theta
        theta -= np.linalg.solve((z * (p * (1 - p))[:, None]).T @ z + 0.1 * np.eye(len(theta)), gradient)
    weights = theta[:-1] / deviation
    told = ", ".join(f"{weight:.3g}" for weight in weights)
    print(f"EVIDENCE {EVIDENCE}\nWEIGHTS = ({told})\nBIAS = {theta[-1] - weights @ mean:.3g}")


def _edges(image: NDArray) -> NDArray[np.float32]:
    smooth = cv2.GaussianBlur(image.astype(np.float32), (0, 0), 1.5)
    return np.log(1e-2 + np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)))


def _same_size(ir: NDArray, vis: NDArray) -> tuple[NDArray, NDArray]:
    size = WIDTH, round(WIDTH * ir.shape[0] / ir.shape[1])
    return cv2.resize(ir, size, interpolation=cv2.INTER_CUBIC), cv2.resize(vis, size, interpolation=cv2.INTER_AREA)


def phase(ir: NDArray, vis: NDArray) -> NDArray:
    """Returns the shift by OpenCV's phase correlation of logarithms of gradients.

    Args:
        ir: the infrared view.
        vis: the visible view.
    """
    a, b = map(_edges, _same_size(ir, vis))
    (x, y), _ = cv2.phaseCorrelate(b - b.mean(), a - a.mean(), cv2.createHanningWindow(a.shape[::-1], cv2.CV_32F))
    return np.array([[1, 0, x / a.shape[1]], [0, 1, y / a.shape[0]], [0, 0, 1.0]])


def ecc(ir: NDArray, vis: NDArray) -> NDArray:
    """Returns the affine map by OpenCV's ECC on logarithms of gradients, from coarse to fine.

    Args:
        ir: the infrared view.
        vis: the visible view.
    """
    a, b = map(_edges, _same_size(ir, vis))
    to_vis = np.eye(3)
    for level in (8, 4, 2, 1):
        size = a.shape[1] // level, a.shape[0] // level
        small = [cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (a, b)]
        pixels = geometry.to_pixels(size[::-1])
        matrix = (pixels @ to_vis @ np.linalg.inv(pixels))[:2].astype(np.float32)
        criteria = cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-5
        try:
            _, matrix = cv2.findTransformECC(*small, matrix, cv2.MOTION_AFFINE, criteria, None, 5)  # type: ignore[call-overload]
        except cv2.error:  # it does not converge
            continue
        to_vis = np.linalg.inv(pixels) @ np.vstack([matrix, [0, 0, 1]]) @ pixels
    return np.linalg.inv(to_vis)


def sift(ir: NDArray, vis: NDArray) -> NDArray:
    """Returns the homography of SIFT's matches on images of gradients; none if there are too few.

    Args:
        ir: the infrared view.
        vis: the visible view.
    """
    both = _same_size(ir, vis)
    drawn = [(255 * (each - each.min()) / (np.ptp(each) + 1e-9)).astype(np.uint8) for each in map(_edges, both)]
    detector = cv2.SIFT_create()  # type: ignore[attr-defined]
    (points, of_ir), (others, of_vis) = (detector.detectAndCompute(each, None) for each in drawn)
    if of_ir is None or of_vis is None or min(len(of_ir), len(of_vis)) < 2:
        return np.eye(3)
    matches = cv2.BFMatcher().knnMatch(of_vis, of_ir, k=2)
    good = [first for first, second in matches if first.distance < 0.8 * second.distance]
    if len(good) < 4:
        return np.eye(3)
    pixels = geometry.to_pixels(drawn[0].shape)
    ends = [np.array([each.pt for each in some]) for some in (others, points)]
    source, target = ends[0][[m.queryIdx for m in good]], ends[1][[m.trainIdx for m in good]]
    matrix, _ = cv2.findHomography(source, target, cv2.RANSAC, 4)
    if matrix is None or np.linalg.cond(matrix) > 1e8:
        return np.eye(3)
    return np.linalg.inv(pixels) @ matrix @ pixels


if __name__ == "__main__":
    tyro.cli(main)
