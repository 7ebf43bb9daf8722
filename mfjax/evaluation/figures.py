"""Drawing panels with close-ups, as Figs. 7 to 11, of the images that the other experiments wrote to a folder."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.evaluation.paper import SETTINGS, TABLE_II
from mfjax.evaluation.settings import setting_pairs, source_files
from mfjax.pairing import Pair

EXAMPLES = ("1828", "1654")  # ends of the names of the paper's examples, "Camp1828" and "Kaptein1654", Section IV.F
SHARE = 5  # ratio of an image's side to a close-up's
GAP = 6  # pixels between images
COLOURS = ((255, 80, 60), (70, 200, 255))  # RGB of the two frames

Box = tuple[slice, slice]


def draw(root: Path, out: Path) -> list[Path]:
    """Writes a panel for each figure and example whose images are in `out`, and returns their paths.

    Figs. 7 and 8 show the networks of Table II and the weights of Table III; Figs. 9 and 10 the nine settings of each
    model of Table IV, with a row for each setting; Fig. 11 the models of Table V. The first columns show the sources.

    Args:
        root: the test set, as of `mfjax.evaluation.settings.fused_at`.
        out: the folder to which the experiments of those tables wrote their images.

    Raises:
        MfjaxError: the test set is incomplete, or there are no images.
    """
    written = []
    for number, pair in enumerate(_examples(setting_pairs(root))):
        # Networks, weights or models are the columns and settings the rows.
        for figure, experiment, settings in (
            ("figure_7", "table2", [2]),
            ("figure_8", "table3", [2]),
            (f"figure_{9 + number}", "table4", [*SETTINGS]),
            ("figure_11", "table5", [1]),
        ):
            folders = _methods(out / experiment)
            rows = [row for n in settings if (row := _row(root, pair, n, folders))]
            if rows:
                columns = ["infrared", "visible", *(folder.name for folder in folders)]
                path = out / "figures" / f"{figure}_{pair.name}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                boxes = close_ups(*(images.luma(images.read(file)) for file in (pair.ir, pair.vis)))
                images.write(path, panel(rows, columns, boxes))
                written.append(path)
    if not written:
        raise MfjaxError(f"{out} has no images to draw; run table2, table3, table4 or table5 with it as --out first")
    return written


def close_ups(ir: NDArray, vis: NDArray) -> tuple[Box, Box]:
    """Returns two boxes for close-ups: the one in which infrared stands out most, and a separate one of most detail.

    Args:
        ir: the infrared image, `[h, w]`, uint8.
        vis: the visible image, of the same size; its detail counts.
    """
    h, w = vis.shape
    size = max(8, h // SHARE), max(8, w // SHARE)
    detail = cv2.magnitude(*(cv2.Sobel(vis, cv2.CV_32F, dx, dy) for dx, dy in ((1, 0), (0, 1))))
    levels = ir.astype(np.float32)
    excess = np.maximum(levels - cv2.blur(levels, (w // 3, h // 3)), 0)  # high for a warm figure, not for a warm meadow
    first = _best(_means_of_boxes(excess**2, size))
    elsewhere = _means_of_boxes(detail, size)
    rows, cols = (slice(max(0, at - length + 1), at + length) for at, length in zip(first, size, strict=True))
    elsewhere[rows, cols] = -1  # boxes that would overlap the first
    return _box(first, size), _box(_best(elsewhere), size)


def panel(rows: Sequence[tuple[str, Mapping[str, NDArray]]], columns: Sequence[str], boxes: tuple[Box, Box]) -> NDArray:
    """Returns a grid of gray images with their close-ups under them, `[H, W, 3]`, uint8.

    Args:
        rows: each row's label, and its images by the label of their column: `[h, w]`, uint8, all of one size. The place
            of a missing image is white.
        columns: the columns' labels in their order; columns without images are left out.
        boxes: the boxes of the close-ups.
    """
    shown = [name for name in columns if any(name in row for _, row in rows)]
    width = next(iter(rows[0][1].values())).shape[1]
    lines = [_joined(_cells(row, shown, boxes), 1) for _, row in rows]
    lines[0] = np.vstack([_joined([_strip(name, width) for name in shown], 1), lines[0]])
    labelled = [_with_label(line, label) for line, (label, _) in zip(lines, rows, strict=True)]
    return _joined(labelled, 0)


def _examples(pairs: Sequence[Pair]) -> list[Pair]:
    """Returns the paper's two examples, or the first two pairs of another test set."""
    found = [next((pair for pair in pairs if pair.name.endswith(end)), None) for end in EXAMPLES]
    return [pair for pair in found if pair is not None] or [*pairs[:2]]


def _methods(folder: Path) -> list[Path]:
    """Returns an experiment's folders: networks in the order of Table II, weights by value, or models by name."""
    found = [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []

    networks = [*TABLE_II]

    def order(path: Path) -> tuple[float, str]:
        if path.name in networks:
            return float(networks.index(path.name)), ""
        try:
            return float(path.name), ""
        except ValueError:
            return 0.0, path.name

    return sorted(found, key=order)


def _row(root: Path, pair: Pair, setting: int, folders: Iterable[Path]) -> tuple[str, dict[str, NDArray]] | None:
    """Returns a setting's label and images: both sources, enlarged without smoothing, and each method's fused image."""
    files = {folder.name: folder / f"setting_{setting}" / f"{pair.name}.png" for folder in folders}
    fused = {name: images.luma(images.read(file)) for name, file in files.items() if file.is_file()}
    if not fused:
        return None
    ir, vis = SETTINGS[setting]
    height, width = next(iter(fused.values())).shape
    given = (images.luma(images.read(file)) for file in source_files(root, pair, ir, vis))
    enlarged = [cv2.resize(image, (width, height), interpolation=cv2.INTER_NEAREST) for image in given]
    return f"{setting}: {ir:g}, {vis:g}", {"infrared": enlarged[0], "visible": enlarged[1]} | fused


def _cells(row: Mapping[str, NDArray], columns: Iterable[str], boxes: tuple[Box, Box]) -> list[NDArray]:
    """Returns the cell of each column, white if the row has no image for it."""
    made = {name: _cell(image, boxes) for name, image in row.items()}
    empty = np.full_like(next(iter(made.values())), 255)
    return [made.get(name, empty) for name in columns]


def _cell(image: NDArray, boxes: tuple[Box, Box]) -> NDArray:
    """Returns an image with its two frames, and the close-ups below it."""
    w = image.shape[1]
    framed, parts = np.dstack([image] * 3), []
    for (rows, cols), colour in zip(boxes, COLOURS, strict=True):
        cv2.rectangle(framed, (cols.start, rows.start), (cols.stop - 1, rows.stop - 1), colour, 2)
        width = (w - GAP) // 2
        height = round(width * (rows.stop - rows.start) / (cols.stop - cols.start))
        part = cv2.resize(image[rows, cols], (width, height), interpolation=cv2.INTER_CUBIC)
        part = np.dstack([part] * 3)
        cv2.rectangle(part, (0, 0), (width - 1, height - 1), colour, 2)
        parts.append(part)
    close = _joined(parts, 1)
    close = np.pad(close, ((0, 0), (0, w - close.shape[1]), (0, 0)), constant_values=255)
    return _joined([framed, close], 0)


def _with_label(line: NDArray, label: str) -> NDArray:
    """Returns a row with its label, written upwards, at its left."""
    return np.hstack([cv2.rotate(_strip(label, line.shape[0]), cv2.ROTATE_90_COUNTERCLOCKWISE), line])


def _strip(label: str, length: int) -> NDArray:
    """Returns a label on white, `[26, length, 3]`."""
    strip = np.full((26, length, 3), 255, np.uint8)
    return cv2.putText(strip, label, (3, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (0, 0, 0), 1, cv2.LINE_AA)


def _joined(parts: Sequence[NDArray], axis: int) -> NDArray:
    """Returns images in a row or a column with white between them."""
    shape = list(parts[0].shape)
    shape[axis] = GAP
    gap = np.full(shape, 255, np.uint8)
    return np.concatenate([piece for part in parts for piece in (gap, part)][1:], axis=axis)


def _means_of_boxes(x: NDArray, size: tuple[int, int]) -> NDArray:
    """Returns the mean of each box of a size that fits into the image, by its top left corner."""
    h, w = size
    means = cv2.boxFilter(x, cv2.CV_32F, (w, h), anchor=(0, 0), borderType=cv2.BORDER_REPLICATE)
    return means[: x.shape[0] - h + 1, : x.shape[1] - w + 1]


def _best(x: NDArray) -> tuple[int, int]:
    row, col = np.unravel_index(np.argmax(x), x.shape)
    return int(row), int(col)


def _box(corner: tuple[int, int], size: tuple[int, int]) -> Box:
    return slice(corner[0], corner[0] + size[0]), slice(corner[1], corner[1] + size[1])
