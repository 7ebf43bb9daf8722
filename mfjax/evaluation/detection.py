"""Scoring a detector on fused images: its boxes against labels, by COCO's mean average precision.

Both are text files in YOLO's format, one for each image, with a line for each box: `class x y width height`, where x
and y are its centre, and lengths are shares of the image's width and height. A detector's box also has its confidence.
Any detector will do; mfjax has none.
"""

import contextlib
import io
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mfjax.errors import MfjaxError
from mfjax.evaluation.boards import listing

logger = logging.getLogger("mfjax")

CLASSES = "classes.txt"  # file beside the labels with the names of the classes, one a line
MOST_BOXES = 100  # boxes of the highest confidence that count for each image and class, as in COCO


class Box(NamedTuple):
    """A labelled or detected object; lengths are shares of the image's width and height."""

    kind: int  # number of its class
    x: float  # of its centre
    y: float  # of its centre
    width: float
    height: float
    confidence: float = 1.0


class AveragePrecision(NamedTuple):
    """The average precision of a class, from 0 to 1: 1 if every box is found and nothing else."""

    labels: int  # number of labelled boxes
    map50: float  # precision at an overlap (intersection over union) of at least 0.5
    map50_95: float  # mean over overlaps of at least 0.5, 0.55, … 0.95


def score_boxes(labels: Path, predictions: Path) -> dict[str, AveragePrecision]:
    """Returns the average precision of a detector by class, in the order of the classes' numbers.

    The images are those that have a file of labels, which may be empty. An image without a file of predictions counts
    as one in which nothing was found. This is logged, and so is everything that is left out.

    Args:
        labels: a folder with NAME.txt for each image, and classes.txt if classes have names.
        predictions: a folder with NAME.txt for each image.

    Raises:
        MfjaxError: a folder is missing or has no file of the images, a line is not a box, no box is labelled, or
            pycocotools is not installed.
    """
    truth = {name: _read(file, confidence=False) for name, file in _files(labels).items()}
    if not (kinds := sorted({box.kind for boxes in truth.values() for box in boxes})):
        raise MfjaxError(f"{labels} labels nothing; there is nothing to find")
    files = _files(predictions)
    missing = [name for name in truth if name not in files]
    if len(missing) == len(truth):
        raise MfjaxError(f"{predictions} has no file for any image that {labels} has, such as {missing[0]}.txt")
    if missing:
        count = f"{len(missing)} of {len(truth)} images"
        logger.warning("%s: no file for %s, which counts as nothing found: %s", predictions, count, listing(missing))
    if others := [name for name in files if name not in truth]:
        logger.warning("%s: left out, as %s has no such image: %s", predictions, labels, listing(others))
    found = {name: _read(files[name], confidence=True) for name in truth if name in files}
    if strange := sorted({box.kind for boxes in found.values() for box in boxes} - set(kinds)):
        classes = ", ".join(map(str, strange))
        logger.warning("%s: left out, as %s has none of the kind: boxes of class %s", predictions, labels, classes)
    precision = _average_precision(truth, found, kinds)
    names = _names(labels, kinds)
    counts = [sum(box.kind == kind for boxes in truth.values() for box in boxes) for kind in kinds]
    return {
        name: AveragePrecision(count, float(row[0]), float(row.mean()))
        for name, count, row in zip(names, counts, precision, strict=True)
    }


def section(scores: Mapping[str, Mapping[str, AveragePrecision]], data: str) -> str:
    """Returns a section of a page in Markdown: each method's average precision by class, and the mean over classes.

    Args:
        scores: results of `score_boxes` by the method's name; at least one.
        data: the name of the labels.
    """
    lines = ["| method | class | labels | mAP50 | mAP50-95 |", "|---|---|---|---|---|"]
    for method, by_class in scores.items():
        means = np.mean([(each.map50, each.map50_95) for each in by_class.values()], axis=0)
        labels = sum(each.labels for each in by_class.values())
        rows = [("all", AveragePrecision(labels, *map(float, means))), *by_class.items()]
        for row, (name, each) in enumerate(rows):
            label = f"`{method}`" if row == 0 else ""
            lines.append(f"| {label} | {name} | {each.labels} | {each.map50:.4f} | {each.map50_95:.4f} |")
    about = (
        f"Boxes that a detector found in fused images against the labels of {data}, by COCO's average precision "
        "(pycocotools): at an overlap of 0.5, and the mean over 0.5 to 0.95. `all` is the mean over classes. Of an "
        f"image and class the {MOST_BOXES} boxes of the highest confidence count."
    )
    return "\n".join(["## Detection in fused images", "", about, "", *lines, ""])


def _files(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise MfjaxError(f"{folder} is not a folder; boxes are a folder of text files, one for each image")
    found = {file.stem: file for file in sorted(folder.glob("*.txt")) if file.name != CLASSES}
    if not found:
        raise MfjaxError(f"{folder} has no text files of boxes, one for each image")
    return found


def _read(file: Path, *, confidence: bool) -> list[Box]:
    columns = "class x y width height" + (" confidence" if confidence else "")
    boxes = []
    for number, line in enumerate(_lines(file), 1):
        if not (words := line.split()):
            continue
        try:
            box = Box(int(words[0]), *map(float, words[1:]))
        except (ValueError, TypeError):
            box = None
        shares = box is not None and all(0 <= value <= 1 for value in box[1:]) and min(box.width, box.height) > 0
        if box is None or len(words) != len(columns.split()) or box.kind < 0 or not shares:
            raise MfjaxError(f"{file}, line {number} is {line!r}; it must be {columns!r}, all but the class in [0, 1]")
        boxes.append(box)
    return boxes


def _lines(file: Path) -> list[str]:
    """Returns the lines of a text file."""
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise MfjaxError(f"{file} is not a text file in UTF-8 ({error})") from error


def _names(labels: Path, kinds: Sequence[int]) -> list[str]:
    """Returns the names of classes: those in classes.txt, or else their numbers."""
    file = labels / CLASSES
    listed = [line.strip() for line in _lines(file)] if file.is_file() else []
    if listed and (beyond := [kind for kind in kinds if kind >= len(listed)]):
        raise MfjaxError(f"{file} names {len(listed)} classes, but there are labels of class {beyond[0]}")
    return [listed[kind] if listed else str(kind) for kind in kinds]


def _average_precision(
    truth: Mapping[str, Sequence[Box]], found: Mapping[str, Sequence[Box]], kinds: Sequence[int]
) -> np.ndarray:
    """Returns the average precision by class and overlap, `[classes, 10]`."""
    try:
        from pycocotools.cocoeval import COCOeval
    except ModuleNotFoundError as error:
        raise MfjaxError("scoring boxes needs pycocotools: pip install 'mfjax[detection]'") from error
    images = [*truth]
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        evaluation = COCOeval(_coco(truth, images, kinds), _coco(found, images, kinds), "bbox")
        evaluation.params.maxDets = [MOST_BOXES]
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1]], ["all"]  # areas are shares, too
        evaluation.evaluate()
        evaluation.accumulate()
    precision: np.ndarray = evaluation.eval["precision"]  # [overlaps, recalls, classes, areas, numbers of boxes]
    return precision[..., 0, 0].mean(axis=1).T


def _coco(boxes: Mapping[str, Sequence[Box]], images: Sequence[str], kinds: Sequence[int]) -> Any:
    """Returns boxes in the form of pycocotools, without those of other classes."""
    from pycocotools.coco import COCO

    entries = [
        {
            "image_id": image,
            "category_id": box.kind,
            "bbox": [box.x - box.width / 2, box.y - box.height / 2, box.width, box.height],
            "area": box.width * box.height,
            "iscrowd": 0,
            "score": box.confidence,
        }
        for image, name in enumerate(images)
        for box in boxes.get(name, ())
        if box.kind in kinds
    ]
    coco = COCO()
    coco.dataset = {
        "images": [{"id": image} for image in range(len(images))],
        "categories": [{"id": kind} for kind in kinds],
        "annotations": [entry | {"id": number} for number, entry in enumerate(entries, 1)],  # id 0 means "none" there
    }
    coco.createIndex()
    return coco
