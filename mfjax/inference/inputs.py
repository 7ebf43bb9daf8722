"""Images that a call names by their files: they are read by the rules of `mfjax fuse`, which says the same of them."""

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeGuard, cast

import numpy as np
from jax.typing import ArrayLike

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.inference import checks, files, infrared, ranges, views
from mfjax.inference.infrared import Reading
from mfjax.inference.opening import opened
from mfjax.inference.ranges import IrRange
from mfjax.inference.request import FuseOptions, Request
from mfjax.pairing import Pair, messages_about

Image = ArrayLike | str | os.PathLike[str]
"""An image as an array, or as a file."""


def is_file(image: Any) -> TypeGuard[str | os.PathLike[str]]:
    """Returns true for the name of a file, and false for an array.

    Args:
        image: the image.
    """
    return isinstance(image, str | os.PathLike)


def request_of(ir: Image, vis: Image, options: FuseOptions, *, largest_factor: float) -> Request:
    """Returns the request of a call whose images are arrays or files.

    Args:
        ir: the infrared image.
        vis: the visible image.
        options: the options of the call.
        largest_factor: as of `Request.of`.

    Raises:
        FileNotFoundError, MfjaxError: as `mfjax.images.read` and `Request.of` do.
    """
    about: AbstractContextManager[None] = nullcontext()
    pair = None
    if is_file(ir) and is_file(vis):
        pair = Pair(Path(ir).stem, Path(ir), Path(vis))
        about = messages_about(pair)
        checks.check_sources(pair.ir, pair.vis, None, searching=False)
        checks.check_distinct(pair.ir, pair.vis)
    with about:
        if pair is not None:
            stretch = options.get("stretch", False) or views.is_given(options.get("align"))
            found, file = opened(pair, Reading(options.get("ir_range")), exif=False, stretch=stretch)[:2]
            ir, vis, options = found.pixels, file.pixels, {**options, "ir_range": found.ir_range}
        elif is_file(ir):
            path = Path(ir)
            found = infrared.source(images.open(path, thermal=True), path, Reading(options.get("ir_range")))
            ir, options = found.pixels, {**options, "ir_range": found.ir_range}
        elif is_file(vis):
            vis = images.read(vis)
        request = Request.of(cast(ArrayLike, ir), cast(ArrayLike, vis), largest_factor=largest_factor, **options)
        if pair is not None and options.get("align") is None:
            files.doubt(pair, request)
        return request


def range_of_all(irs: Sequence[Image]) -> IrRange:
    """Returns the range "auto:all" of some infrared images, all of them arrays or all of them files.

    Args:
        irs: the images.

    Raises:
        FileNotFoundError, MfjaxError: as `infrared.range_of_all`, or the images are of both kinds.
    """
    named = [Path(each) for each in irs if is_file(each)]
    if not named:
        return ranges.of_samples([ranges.sample(np.asarray(each)) for each in irs])
    if len(named) < len(irs):
        raise MfjaxError('some infrared images are files and others arrays; ir_range="auto:all" takes one kind of them')
    return infrared.range_of_all(named, Reading())
