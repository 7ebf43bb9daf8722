"""Alignments of two cameras, and the rig files that keep them."""

import datetime
import json
import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn, Self, get_args

import numpy as np

from mfjax import atomic, regular
from mfjax.alignment import geometry
from mfjax.alignment.geometry import Matrix
from mfjax.errors import MfjaxError
from mfjax.size import Size

Model = Literal["shift", "similarity", "affine", "homography"]
MODELS: tuple[Model, ...] = get_args(Model)
ModelChoice = Literal["auto", Model]
"""The kind of maps to seek; "auto" is a similarity, or an affine map where that clearly fits better."""

LEAST_CONFIDENCE = 0.5  # below it, nothing is aligned without being told to
ALIGNED_WIDTH = 512  # pixels of the width at which residuals are stated

KIND, VERSION = "mfjax rig", 1
# What a rig file tells besides the map and its images' sizes, and may leave out.
WORDS, NUMBERS = ("model", "found", "date"), ("confidence", "residual", "overlap")
LARGEST_FILE = 2**16  # bytes; a rig file has less than one thousand
LARGEST_SIDE = 2**20  # pixels
LEAST_DEPTH = 0.01  # of a corner, as a multiple of the first one's: else it is seen at a grazing angle
LARGEST_SCALE = 100.0  # times by which one camera's view may be wider than the other's
MEANING = "from visible to infrared coordinates, in image sides: x right, y down, each 0 to 1 from edge to edge"


@dataclass(frozen=True, eq=False)
class Alignment:
    """The place of a visible image under an infrared one, as found by a method or given by the user.

    It holds for all images of two cameras that are fixed to each other, at any resolution.
    """

    matrix: Matrix
    """The map from visible to infrared coordinates, [3, 3]: x right, y down, each 0 to 1 from edge to edge."""
    ir_size: Size
    """The (height, width) of the infrared image that it was found with."""
    vis_size: Size
    """The (height, width) of the visible image that it was found with."""
    confidence: float = 1.0
    """The certainty, from 0 to 1: of alignments with at least 0.9, 90 % are within 10 pixels at 512 pixels width."""
    residual: float = 0.0
    """The expected error at the corners, in pixels at 512 pixels width, unless the map is altogether wrong."""
    overlap: float = field(default=math.nan)
    """The share of the visible image that the infrared one shows, too; by default it follows from the map."""
    model: Model = "homography"
    """The kind of maps among which it was sought."""
    found: str = "given"
    """The way in which it was found, in words."""
    date: str = field(default_factory=lambda: datetime.date.today().isoformat())
    """The day on which it was found, such as 2026-11-26."""

    def __post_init__(self) -> None:
        for name, told in (("ir_size", "infrared"), ("vis_size", "visible")):
            object.__setattr__(self, name, _checked_size(getattr(self, name), told))
        matrix = checked_matrix(self.matrix)
        matrix.flags.writeable = False
        object.__setattr__(self, "matrix", matrix)
        if math.isnan(self.overlap):
            object.__setattr__(self, "overlap", geometry.share_seen(matrix))
        for name in ("confidence", "overlap"):
            if not 0 <= getattr(self, name) <= 1:
                raise MfjaxError(f"the {name} is {getattr(self, name):g}; it is from 0 to 1")
        if not 0 <= self.residual < math.inf:
            raise MfjaxError(f"the residual is {self.residual:g}; it is 0 pixels or more")
        if self.model not in MODELS:
            raise MfjaxError(f"the model is {self.model!r}; it is one of {', '.join(MODELS)}")

    def __repr__(self) -> str:
        return f"Alignment({self.words}, confidence {self.confidence:.2f}, {self.model}, {self.found})"

    @classmethod
    def identity(cls, ir_size: Size, vis_size: Size) -> Self:
        """Returns the alignment of two images that show the same field of view.

        Args:
            ir_size: the infrared image's (height, width).
            vis_size: the visible image's (height, width).
        """
        return cls(np.eye(3), ir_size, vis_size, model="shift", found="both show the same field of view")

    @property
    def shift(self) -> tuple[float, float]:
        """Returns how far right and down the visible image's middle lies of the infrared one's, in infrared widths."""
        height, width = self.ir_size
        x, y = geometry.mapped(self.matrix, geometry.CENTRE) - geometry.CENTRE
        return float(x), float(y) * height / width

    @property
    def scale(self) -> float:
        """Returns the width of the visible view as a multiple of the infrared one's, in the middle."""
        return float(math.sqrt(abs(np.linalg.det(self._lengths))))

    @property
    def rotation(self) -> float:
        """Returns by how many degrees the visible image is turned clockwise in the infrared one, in the middle."""
        (a, b), (c, d) = self._lengths
        return math.degrees(math.atan2(c - b, a + d))

    @property
    def words(self) -> str:
        """Returns shift, scale and rotation in words, such as for a line of output."""
        (right, down), width = self.shift, self.ir_size[1]
        # Adding 0 makes 0 of the negative zero to which a small negative number is rounded.
        shares, pixels = ([round(by * length, 1) + 0 for by in (right, down)] for length in (100, width))
        moved = "{:+.1f} % right and {:+.1f} % down ({:+.1f} and {:+.1f}".format(*shares, *pixels)
        return f"shift {moved} of {width} px), scale {self.scale:.3f}, rotation {round(self.rotation, 2) + 0:+.2f}°"

    def save(self, path: str | Path) -> None:
        """Writes a rig file: JSON that a person can read.

        Args:
            path: the file; its folder must exist.

        Raises:
            OSError: it can't be written.
        """
        numbers = {name: round(float(getattr(self, name)), 4) for name in NUMBERS}
        told = {
            "kind": KIND,
            "version": VERSION,
            "meaning": MEANING,
            "matrix": self.matrix.tolist(),
            "infrared_size": [*self.ir_size],
            "visible_size": [*self.vis_size],
            "model": self.model,
            "found": self.found,
            "date": self.date,
            **numbers,
        }
        lines = [f" {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in told.items()]
        atomic.write_bytes(Path(path), ("{\n" + ",\n".join(lines) + "\n}\n").encode())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Returns the alignment of a rig file. Of a file written by hand, the map and both sizes suffice.

        Args:
            path: the file.

        Raises:
            FileNotFoundError: there is no such file.
            MfjaxError: it is no rig file, or a damaged one.
        """
        path = Path(path)
        regular.check(path)
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
        try:
            if len(data) > LARGEST_FILE:
                raise MfjaxError(f"has more than {LARGEST_FILE:,} bytes, which no rig file has")
            return cls(**_read(data))
        except MfjaxError as error:
            raise MfjaxError(f"{path}: {error}; mfjax align makes rig files") from error

    @property
    def _lengths(self) -> Matrix:
        """Returns the derivative in the middle between lengths, in infrared widths by visible widths, `[2, 2]`."""
        (ir_height, ir_width), (height, width) = self.ir_size, self.vis_size
        down = np.diag([1, ir_height / ir_width]), np.diag([1, width / height])
        found: Matrix = down[0] @ geometry.jacobian(self.matrix) @ down[1]
        return found


def _checked_size(size: Any, name: str) -> Size:
    """Returns a size in whole numbers. Raises MfjaxError if it is none of an image."""
    try:
        height, width = map(operator.index, size)
    except (TypeError, ValueError) as error:
        raise MfjaxError(f"the {name} size is {size!r}; it is (height, width), two whole numbers") from error
    if not all(2 <= side <= LARGEST_SIDE for side in (height, width)):
        raise MfjaxError(f"the {name} size is {height}x{width}; sides have 2 to {LARGEST_SIDE:,} pixels")
    return height, width


@np.errstate(over="ignore", invalid="ignore")  # what is not finite is refused
def checked_matrix(matrix: Any) -> Matrix:
    """Returns a map as an array whose last element is 1.

    Args:
        matrix: the map, `[3, 3]`.

    Raises:
        MfjaxError: it does not map images to images.
    """
    try:
        found: Matrix = np.array(matrix, np.float64)
    except (TypeError, ValueError) as error:
        raise MfjaxError(f"the matrix is not of 3x3 numbers ({error})") from error
    if found.shape != (3, 3):
        raise MfjaxError(f"the matrix has shape {found.shape}; it is 3x3")
    if not np.isfinite(found).all():
        raise MfjaxError("the matrix has NaN or infinite elements")
    if np.linalg.det(found) == 0:
        raise MfjaxError("the matrix is not invertible")
    found = _normalised(found, "visible", "infrared")
    jacobians = np.array([geometry.jacobian(found, corner) for corner in geometry.CORNERS])
    stretches = np.linalg.svd(jacobians, compute_uv=False) if np.isfinite(jacobians).all() else np.array([np.inf])
    if not 1 / LARGEST_SCALE <= stretches.min() <= stretches.max() <= LARGEST_SCALE:
        raise MfjaxError(
            f"the matrix is not invertible, or makes one view more than {LARGEST_SCALE:g} times as wide as the other"
        )
    if np.abs(geometry.mapped(found, geometry.CENTRE)).max() > LARGEST_SCALE:
        raise MfjaxError(f"the matrix moves the visible image by more than {LARGEST_SCALE:g} of its sides")
    _normalised(np.linalg.inv(found), "infrared", "visible")
    return found


def _normalised(matrix: Matrix, one: str, other: str) -> Matrix:
    """Returns a map whose last element is 1. Raises MfjaxError if it maps a corner to infinity, or from behind it."""
    depths = np.append(geometry.CORNERS @ matrix[2, :2] + matrix[2, 2], matrix[2, 2])
    if abs(matrix[2, 2]) < 1e-9 or (depths / matrix[2, 2]).min() < LEAST_DEPTH:
        raise MfjaxError(f"the matrix puts a part of the {one} image behind the {other} camera")
    return matrix / matrix[2, 2]


def _read(data: bytes) -> dict[str, Any]:
    """Returns the fields of an alignment that the content of a rig file has. Raises MfjaxError if it has others."""
    try:
        told = json.loads(data.decode("utf-8-sig"), parse_constant=_no_number, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, MfjaxError) else f"is no JSON ({error})"
        raise MfjaxError(reason) from error
    if not isinstance(told, dict) or told.get("kind") != KIND:
        raise MfjaxError(f'is no rig file, which has "kind": "{KIND}"')
    if told.get("version") != VERSION:
        raise MfjaxError(f"is of version {told.get('version')!r}; this mfjax reads version {VERSION}")
    if told.get("meaning", MEANING) != MEANING:
        raise MfjaxError(f"has another meaning than {MEANING!r}")
    wanted = "matrix", "infrared_size", "visible_size"
    if missing := [name for name in wanted if name not in told]:
        raise MfjaxError(f"has no {missing[0]}")
    if strange := sorted(set(told) - {*wanted, *WORDS, *NUMBERS, "kind", "version", "meaning"}):
        raise MfjaxError(f"has the unknown key {strange[0]!r}, which may be misspelt; remove it")
    words, numbers = ([name for name in names if name in told] for names in (WORDS, NUMBERS))
    for name in words:
        if not isinstance(told[name], str):
            raise MfjaxError(f"{name} is {told[name]!r}, no text")
    rows = told["matrix"]
    if not isinstance(rows, list) or len(rows) != 3:
        raise MfjaxError("the matrix has not three rows")
    sizes = {name: tuple(map(int, _numbers(told, name, 2, whole=True))) for name in ("infrared_size", "visible_size")}
    return {
        "matrix": [_numbers({"the matrix": row}, "the matrix", 3) for row in rows],
        "ir_size": sizes["infrared_size"],
        "vis_size": sizes["visible_size"],
        **{name: told[name] for name in words},
        **{name: _numbers({name: [told[name]]}, name, 1)[0] for name in numbers},
    }


def _numbers(told: Mapping[str, Any], name: str, count: int, *, whole: bool = False) -> list[float]:
    """Returns so many numbers that a file has under a name. Raises MfjaxError if it has anything else there."""
    values, kinds = told[name], int if whole else int | float
    if not isinstance(values, list) or len(values) != count:
        raise MfjaxError(f"{name} has not {count} numbers")
    for value in values:
        if isinstance(value, bool) or not isinstance(value, kinds) or not -1e9 <= value <= 1e9:
            raise MfjaxError(f"{name} has {str(value)[:20]!r} in it, no {'whole ' * whole}number of a rig")
    return values


def _no_number(text: str) -> NoReturn:
    raise MfjaxError(f"has {text} in it, which is no number")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise MfjaxError("says something twice")
    return found
