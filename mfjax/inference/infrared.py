"""Infrared image files as sources: units, palettes, polarity and pixels without data, before any array is fused."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from mfjax import images, representation
from mfjax.errors import MfjaxError
from mfjax.images import palettes
from mfjax.images.metadata import CELSIUS
from mfjax.images.palettes import Palette
from mfjax.inference import ranges
from mfjax.inference.ranges import Celsius, IrRange
from mfjax.messages import NOTE, quietly

logger = logging.getLogger("mfjax")


@dataclass(frozen=True)
class Reading:
    """The way in which infrared files are to be understood."""

    ir_range: IrRange = None
    """The values that are black and white, as of `ranges.resolve`, or degrees of files in degrees."""
    palette: Palette | None = None
    """The palette whose colours are heat; None: the luma is taken as heat."""
    polarity: Literal["white", "black"] = "white"
    """The colour of hot in the files, unless they hold temperatures."""
    photo_ratio: float | None = None
    """The width of the view of a photo in a file, as a multiple of the infrared one's; None: as the file says."""


@dataclass(frozen=True)
class Source:
    """An infrared image, and its range as a `Fuser`'s call takes it."""

    pixels: np.ndarray
    ir_range: IrRange

    def __repr__(self) -> str:
        return f"Source({representation.array(self.pixels)}, ir_range={self.ir_range!r})"


def source(file: images.ImageFile, path: Path, how: Reading) -> Source:
    """Returns an infrared file as a source, and logs what is decided about it.

    Args:
        file: the file, opened with `thermal=True`.
        path: its name.
        how: how it is to be understood.

    Raises:
        MfjaxError: the file has no unit, palette or polarity of the kind that is asked for.
    """
    file = as_heat(file, path, how)
    pixels, nodata = file.pixels, file.metadata.nodata
    ir_range = in_own_units(how.ir_range, file, path, how.polarity)
    if file.metadata.unit == CELSIUS and (ir_range is None or isinstance(ir_range, str)):
        if ir_range == "full":
            raise MfjaxError(
                f"{path}: holds temperatures, which have no full range; give one, such as 10C,40C, or auto"
            )
        low, high = ir_range = ranges.own(pixels, nodata=nodata)
        logger.warning(
            "%s: black is %.1f °C, white %.1f °C (--ir-range auto); --ir-range %.0fC,%.0fC keeps that for others",
            *(path, low, high, low, high),
            extra=NOTE,
        )
    missing = ranges.without_data(pixels, nodata)
    if nodata is None or (pixels.dtype.kind == "f" and np.isnan(nodata)) or not missing.any():
        return Source(pixels, ir_range)
    if missing.all():
        raise MfjaxError(f"{path}: has no data, for every pixel is the no-data value {nodata:g}")
    ir_range = ranges.resolve(pixels, ir_range, nodata=nodata)
    logger.warning(
        "%s: %d of %d pixels are the no-data value %g, shown as the coldest",
        *(path, np.count_nonzero(missing), missing.size, nodata),
    )
    pixels = pixels.copy()
    pixels[missing] = 0 if ir_range == "full" else np.nanmin(pixels[~missing])
    return Source(pixels, ir_range)


def range_of_all(files: Iterable[Path], how: Reading, *, exif: bool = False) -> IrRange:
    """Returns one range for many infrared files, in their own units, and logs it.

    Args:
        files: the files.
        how: how they are to be understood.
        exif: as of `images.open`.

    Raises:
        FileNotFoundError, MfjaxError: as `images.open` does; files of different types or units can't have one range.
    """
    first: tuple[Path, str] | None = None
    found = []
    for path in files:
        with quietly():  # each file says it when it is fused
            file = as_heat(images.open(path, exif=exif, thermal=True), path, how)
        kind = file.metadata.unit or str(file.pixels.dtype)
        first = first or (path, kind)
        if kind != first[1]:
            raise MfjaxError(f"{first[0]} is in {first[1]} and {path} in {kind}, which can't have one range for all")
        found.append(ranges.sample(file.pixels, file.metadata.nodata))
    low, high = ranges.of_samples(found)
    unit = " °C" if first is not None and first[1] == CELSIUS else ""
    ends = low, unit, high, unit
    logger.warning("--ir-range auto:all: black is %.6g%s and white %.6g%s for all images", *ends, extra=NOTE)
    if unit:
        return Celsius(low, high)
    return _mirrored((low, high), first[1]) if first is not None and how.polarity == "black" else (low, high)


def in_own_units(ir_range: IrRange, file: images.ImageFile, path: Path, polarity: str) -> IrRange:
    """Returns a range in the numbers of a file: degrees as numbers, and turned over as the file's are.

    Args:
        ir_range: the range.
        file: the file, as heat.
        path: its name.
        polarity: what hot is in the file as it is stored.

    Raises:
        MfjaxError: the range is in degrees and the file is not.
    """
    if isinstance(ir_range, Celsius):
        if file.metadata.unit != CELSIUS:
            raise MfjaxError(
                f"{path}: does not say that its values are degrees; give --ir-range in its values, such as 7000,8200"
            )
        return ir_range.low, ir_range.high
    if isinstance(ir_range, tuple) and polarity == "black":
        return _mirrored(ir_range, str(file.pixels.dtype))
    return ir_range


def as_heat(file: images.ImageFile, path: Path, how: Reading) -> images.ImageFile:
    """Returns a file of which larger values are hotter, after undoing its palette and polarity.

    Args:
        file: the file.
        path: its name.
        how: how it is to be understood.

    Raises:
        MfjaxError: it holds temperatures, which have neither, or is in no such palette.
    """
    pixels = file.pixels
    if file.metadata.unit == CELSIUS:
        if how.palette is not None or how.polarity == "black":
            raise MfjaxError(f"{path}: holds temperatures; leave --ir-palette and --ir-polarity out")
        return file
    if how.palette is not None:
        try:
            found = palettes.invert(pixels, how.palette)
        except MfjaxError as error:
            raise MfjaxError(f"{path}: {error}") from error
        logger.warning("%s: %s", path, _of_palette(found), extra=NOTE)
        pixels = found.heat
    elif (name := palettes.palette_of(pixels)) is not None:
        logger.warning(
            "%s: is a picture in the palette %s, whose brightness is not heat; --ir-palette %s makes heat of it, and a "
            "camera's radiometric file or a float TIFF is better",
            *(path, name, name),
        )
        pixels = images.luma(pixels)  # said here, so that colour is not said again where arrays are fused
    if how.polarity == "black":
        pixels = pixels.dtype.type(_top(str(pixels.dtype))) - pixels
    return replace(file, pixels=pixels)


def _of_palette(found: palettes.Inverted) -> str:
    """Returns what is to be said of an image whose palette was undone."""
    text = f"heat made of the palette {found.palette}"
    if found.far > 0.01:
        text += f"; {100 * found.far:.0f} % of the pixels are of other colours, such as text or a logo"
    if palettes.has_scale_bar(found.heat):
        text += "; it has a scale bar, which is fused as if it were hot: cut it off, or save an image without it"
    return text


def _mirrored(ends: tuple[float, float], kind: str) -> tuple[float, float]:
    """Returns a range for values that are turned over."""
    low, high = ends
    return _top(kind) - high, _top(kind) - low


def _top(dtype: str) -> int:
    """Returns the value that is white in a type."""
    return 1 if np.dtype(dtype).kind == "f" else int(np.iinfo(dtype).max)
