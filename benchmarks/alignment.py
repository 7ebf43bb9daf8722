"""Errors of alignments of pairs seen through known warps, beside peers: the tables of docs/align.md.

    python benchmarks/alignment.py DIR [DIR ...] --out OUT --page docs/align.md
    python benchmarks/alignment.py DIR [DIR ...] --calibrate

It is `mfjax evaluate --experiment alignment`, of several folders and with SimpleITK's mutual information among the
peers, where that is installed. 800 views of 40 pairs take an hour or two for each kind of maps; results are kept in
OUT, so the same command continues, and after a change of the method only that is measured again. --calibrate prints
the constants of `mfjax.alignment.estimate` instead, also by pairs of two scenes: give it training pairs.
"""

import importlib.util
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import tyro
from numpy.typing import NDArray
from tqdm import tqdm

from mfjax.alignment import ModelChoice, geometry, warps
from mfjax.alignment.estimate import EVIDENCE, estimate
from mfjax.alignment.random_warps import Views, Warps
from mfjax.cli import alignment_experiment
from mfjax.evaluation.alignment import Method, opencv_peers, scenes
from mfjax.evaluation.alignment.measuring import Scene, read, views
from mfjax.evaluation.alignment.peers import same_size

RIGHT = 10  # pixels up to which a map counts as right in calibration
BINS = 50  # of the joint histogram


def main(
    folders: Annotated[tuple[Path, ...], tyro.conf.Positional],
    *,
    warps: int = 20,
    models: tuple[ModelChoice, ...] = ("auto", "homography"),
    peers: bool = True,
    out: Path | None = None,
    page: Path | None = None,
    calibrate: bool = False,
    stride: int = 1,
    seed: int = 0,
) -> None:
    """Prints tables of errors, and of how far confidences can be relied on.

    Args:
        folders: Folders of registered pairs.
        warps: Random warps of each pair; 0 for the pairs as they are.
        models: The kinds of maps to seek; only homographies see views with perspective.
        peers: Also align by methods of OpenCV and SimpleITK.
        out: Folder in which results are kept.
        page: A page in Markdown, in which the sections are replaced.
        calibrate: Fit the constants of confidence instead.
        stride: Only every so many pairs.
        seed: Of the warps.
    """
    if calibrate:
        print_calibration(folders, models[0], warps, stride, seed)
        return
    if peers and importlib.util.find_spec("SimpleITK") is None:
        print("SimpleITK is not installed: mutual information is left out (pip install SimpleITK)", file=sys.stderr)
    for folder in folders:
        alignment_experiment.run(
            folder,
            models=models,
            warps=warps,
            peers=all_peers if peers else None,
            seed=seed,
            stride=stride,
            out=out,
            page=page,
        )


def all_peers(model: ModelChoice) -> dict[str, Method]:
    """Returns OpenCV's methods and, where SimpleITK is installed, its mutual information.

    Args:
        model: the kind of maps that is sought.
    """
    found = opencv_peers(model)
    if importlib.util.find_spec("SimpleITK") is not None:
        found["mutual information, affine"] = mutual_information
    return found


def mutual_information(ir: NDArray, vis: NDArray) -> NDArray | None:
    """Returns the affine map by SimpleITK's mutual information (Mattes), from coarse to fine; None if it fails.

    Args:
        ir: the infrared view.
        vis: the visible view.
    """
    import SimpleITK as sitk  # noqa: N813  # as its manual does

    fixed, moving = (sitk.GetImageFromArray(each.astype(np.float32)) for each in same_size(ir, vis))
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(0.25)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(2.0, 1e-3, 200)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([8, 4, 2, 1])
    method.SetSmoothingSigmasPerLevel([4, 2, 1, 0])
    centred = sitk.CenteredTransformInitializer(
        fixed, moving, sitk.AffineTransform(2), sitk.CenteredTransformInitializerFilter.GEOMETRY
    )
    method.SetInitialTransform(centred, inPlace=False)
    try:
        to_vis = method.Execute(fixed, moving)
    except RuntimeError:  # too few samples lie in both
        return None
    places = np.array([[0, 0], [100, 0], [0, 100]], np.float32)
    moved = np.array([to_vis.TransformPoint(place.tolist()) for place in places], np.float32)
    matrix = np.vstack([cv2.getAffineTransform(places, moved), [0, 0, 1]])
    pixels = geometry.to_pixels((fixed.GetHeight(), fixed.GetWidth()))
    if np.linalg.cond(matrix) > 1e8:
        return None
    return np.linalg.inv(pixels) @ np.linalg.inv(matrix) @ pixels


def print_calibration(folders: tuple[Path, ...], model: ModelChoice, per_pair: int, stride: int, seed: int) -> None:
    """Prints the logistic regression of right maps on the evidence, of views of one scene and of two.

    Args:
        folders: folders of registered pairs.
        model: the kind of maps to seek.
        per_pair: number of warps of each pair.
        stride: take only every so many pairs.
        seed: of the warps.
    """
    pairs = scenes(folders, stride=stride)
    limits = Warps() if model == "homography" else Warps(perspective=0)
    evidence, right, counts = [], [], []
    count = Counter(scene.source for scene in pairs)

    def seen(of: Views, scene: Scene) -> None:
        found = estimate(of.ir, of.vis, model=model)
        counts.append(count[scene.source] ** -0.5)  # a source counts as the root of its number
        evidence.append(found.evidence)
        right.append(warps.corner_error(found.matrix, of.matrix, (of.ir.shape[0], of.ir.shape[1])) < RIGHT)

    for number, scene in enumerate(tqdm(pairs)):
        rng = np.random.default_rng([seed, number])
        ir, vis = read(scene.files)
        for _ in range(per_pair):
            seen(views(rng, ir, vis, limits), scene)
        other = read(pairs[number - len(pairs) // 2].files)[1]
        other = cv2.resize(other, vis.shape[::-1], interpolation=cv2.INTER_AREA)
        seen(views(rng, ir, other, limits), scene)
        right[-1] = False
    x, y, weight = np.array(evidence), np.array(right, float), np.array(counts) / np.mean(counts)
    mean, deviation = x.mean(axis=0), x.std(axis=0) + 1e-9
    z = np.c_[(x - mean) / deviation, np.ones(len(x))]
    theta = np.zeros(z.shape[1])
    for _ in range(50):  # Newton, with a little ridge
        p = 1 / (1 + np.exp(-z @ theta))
        gradient = z.T @ (weight * (p - y)) + 0.1 * theta
        theta -= np.linalg.solve((z * (weight * p * (1 - p))[:, None]).T @ z + 0.1 * np.eye(len(theta)), gradient)
    weights = theta[:-1] / deviation
    told = ", ".join(f"{each:.3g}" for each in weights)
    print(f"EVIDENCE {EVIDENCE}\nWEIGHTS = ({told})\nBIAS = {theta[-1] - weights @ mean:.3g}")


if __name__ == "__main__":
    tyro.cli(main)
