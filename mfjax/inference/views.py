"""Aligning arrays: which alignment a call asks for, and both sources under the view that its output is to have."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from mfjax import images
from mfjax.alignment import LEAST_CONFIDENCE, MODELS, Alignment, ModelChoice
from mfjax.alignment.consensus import estimate_rig
from mfjax.alignment.estimate import Estimate, estimate, looks_misaligned
from mfjax.alignment.frames import Frame, View, faded
from mfjax.alignment.geometry import Matrix
from mfjax.alignment.tracking import Tracker
from mfjax.alignment.warping import resampled, seen_through
from mfjax.alignment.warps import corner_error
from mfjax.alignment.windows import Window
from mfjax.errors import MfjaxError
from mfjax.inference import sizes
from mfjax.pairing.pairs import listed
from mfjax.size import Size

Align = Literal["auto", "track", "none"] | Alignment | Tracker | np.ndarray | str | Path | None

WORTH_TELLING = 0.05  # confidence up to which a guess is none
LIMITS = "1.6 times in scale, 7° and a quarter of the width, and none may be mirrored or turned on its side"
WAYS_OUT = (
    "make a rig file from frames with more structure (mfjax align IR_FOLDER VIS_FOLDER --out rig.json, then --align "
    'rig.json), or fuse them as they are (align="none", --align none)'
)

SURE, ELSEWHERE = 0.9, 8.0  # confidence and pixels at 512 pixels width from which on a pair contradicts a rig

logger = logging.getLogger("mfjax")


Windows = tuple[Window | None, Window | None]


class Framed(NamedTuple):
    """Two sources under a view, and the view."""

    ir: np.ndarray  # luma in [0, 1], [h, w]
    vis: np.ndarray  # in [0, 1], [h', w'] or [h', w', 3]
    colours: np.ndarray  # the visible image exactly as the view has it, [H, W] or [H, W, 3]
    frame: Frame
    windows: Windows  # their places under it, unless they cover it exactly


def is_given(align: Align) -> bool:
    """Returns true if a call asks for an alignment.

    Args:
        align: the argument of the call.
    """
    return align is not None and not is_word(align, "none")


def is_word(align: Align, word: str) -> bool:
    """Returns true if the argument of a call is a word, and not an array, which can't be compared with one.

    Args:
        align: the argument.
        word: the word.
    """
    return isinstance(align, str) and align == word


def alignment_for(align: Align, ir: np.ndarray, vis: np.ndarray) -> Alignment:
    """Returns the alignment that a call asks for.

    Args:
        align: "auto", which finds it; an alignment, or the matrix of one; a rig file; or a tracker, whose next frame
            this is.
        ir: infrared luma in [0, 1], [h, w].
        vis: visible luma in [0, 1], [h', w'].

    Raises:
        FileNotFoundError, MfjaxError: the rig file can't be read, is for images of other aspects, or nothing reliable
            was found.
    """
    if is_word(align, "auto"):
        return check_confidence(align_lumas([ir], [vis]))
    if isinstance(align, Tracker):
        return check_confidence(align.update(ir, vis))
    if is_word(align, "track"):
        raise MfjaxError(
            'align="track" is of a sequence, for Fuser.batch and mfjax fuse; give each call the same '
            "mfjax.alignment.Tracker() instead"
        )
    if isinstance(align, np.ndarray):
        return Alignment(align, (ir.shape[0], ir.shape[1]), (vis.shape[0], vis.shape[1]))
    if not isinstance(align, Alignment | str | Path):
        raise MfjaxError(f"align is {align!r}; it is 'auto', an Alignment or its matrix, a rig file, or a Tracker")
    found = align if isinstance(align, Alignment) else Alignment.load(Path(align))
    name = "the alignment" if isinstance(align, Alignment) else str(align)
    for kind, image, size in (("infrared", ir, found.ir_size), ("visible", vis, found.vis_size)):
        if (apart := sizes.aspects_apart(image.shape, size)) > sizes.ASPECTS_ABOUT_EQUAL:
            rows, cols = image.shape
            raise MfjaxError(
                f"{name} is for {kind} images of {size[0]}x{size[1]} and this one is {rows}x{cols}, of an aspect that "
                f"is {100 * apart:.0f} % apart: another camera's or cropped; make a rig file of such images"
            )
    if found.confidence < LEAST_CONFIDENCE:
        logger.warning("%s: its confidence is %.2f, so it was not reliable when it was found", name, found.confidence)
    return found


def align_lumas(
    irs: Sequence[np.ndarray],
    viss: Sequence[np.ndarray],
    *,
    model: ModelChoice = "auto",
    starts: Sequence[Matrix | None] | None = None,
    names: Sequence[str] = (),
) -> Alignment:
    """Returns the alignment that is found of one pair, or of many pairs of two cameras that are fixed to each other.

    Args:
        irs: infrared lumas in [0, 1], each [h, w].
        viss: as many visible lumas in [0, 1].
        model: the kind of maps to seek among.
        starts: for each pair the map to begin with, as `Alignment.matrix`; by default, and for None, search is global.
        names: names of the pairs, for messages; by default their numbers.

    Raises:
        MfjaxError: there is no such model, or there are no pairs, or unequally many or differently shaped images.
    """
    if model not in ("auto", *MODELS):
        raise MfjaxError(f"model is {model!r}; it is one of auto, {', '.join(MODELS)}")
    if len(irs) != len(viss) or not irs:
        raise MfjaxError(f"there are {len(irs)} infrared and {len(viss)} visible images; align needs pairs")
    ir_size, vis_size = (_size_of(kind, many) for kind, many in (("infrared", irs), ("visible", viss)))
    if len(irs) == 1:
        start = None if starts is None else starts[0]
        found, how = estimate(irs[0], viss[0], model=model, start=start), "estimated from one pair"
    else:
        found, each = estimate_rig(irs, viss, model=model, starts=starts)
        _say_who_disagrees(found, each, ir_size, names or [f"pair {number}" for number in range(len(irs))])
        how = f"estimated from {len(irs)} pairs"
    return _as_alignment(found, ir_size, vis_size, how)


def check_confidence(found: Alignment) -> Alignment:
    """Returns an alignment if it is reliable.

    Args:
        found: the alignment.

    Raises:
        MfjaxError: its confidence is below `LEAST_CONFIDENCE`.
    """
    if found.confidence < LEAST_CONFIDENCE:
        guess = f", and the best guess is {found.words}" if found.confidence > WORTH_TELLING else ""
        raise MfjaxError(
            f"the infrared and the visible image have too little in common to be aligned: confidence "
            f"{found.confidence:.2f}, {LEAST_CONFIDENCE:g} is needed{guess}. They may differ by up to {LIMITS}; "
            f"{WAYS_OUT}"
        )
    return found


def doubt_rig(rig: Alignment, ir: np.ndarray, vis: np.ndarray, ir_name: str, vis_name: str) -> None:
    """Logs it if two images are measurably elsewhere than an alignment says, as if it were of other cameras.

    Args:
        rig: the alignment.
        ir: infrared luma in [0, 1], [h, w].
        vis: visible luma in [0, 1], [h', w'].
        ir_name: the infrared image's name.
        vis_name: the visible image's name.
    """
    if (off := looks_misaligned(ir, vis, rig.matrix)) is not None:
        logger.warning(
            "%s and %s: by the rig, their edges lie about %.0f %% of the width apart: is it of other cameras, or were "
            "they moved?",
            *(ir_name, vis_name, 100 * off),
        )


def framed(alignment: Alignment, view: View, ir: np.ndarray, vis: np.ndarray) -> Framed:
    """Returns both sources as they lie under a view.

    Args:
        alignment: the position of the visible image under the infrared one.
        view: the output's view, as of `Frame.of`.
        ir: infrared luma in [0, 1], [h, w].
        vis: the visible image in [0, 1], [h', w'] or [h', w', 3].

    Raises:
        MfjaxError: the images show nothing in common, or are too large.
    """
    frame = frame_of(alignment, view, ir.shape, vis.shape)
    ir, ir_window = seen_through(ir, frame.to_ir, frame.size)
    seen, vis_window = seen_through(vis, frame.to_vis, frame.size)
    colours = seen if vis_window is None else resampled(vis, frame.to_vis, frame.size)
    return Framed(ir, seen, colours, frame, (ir_window, vis_window))


def frame_of(alignment: Alignment, view: View, ir: tuple[int, ...], vis: tuple[int, ...]) -> Frame:
    """Returns the frame of a view of two images.

    Args:
        alignment: the position of the visible image under the infrared one.
        view: the output's view, as of `Frame.of`.
        ir: the infrared image's shape.
        vis: the visible image's shape.

    Raises:
        MfjaxError: as `Frame.of`.
    """
    return Frame.of(alignment.matrix, (ir[0], ir[1]), (vis[0], vis[1]), view)


def with_soft_edge(
    frame: Frame, size: Size, fused: np.ndarray, ir: np.ndarray, vis: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Returns the fused, infrared and visible image with what the view lacks: no source is shown beyond its ends.

    The fused image becomes, softly, the source whose view it is; the other source's own image is black there.

    Args:
        frame: the frame.
        size: the output's (height, width).
        fused: fused luma, [H, W].
        ir: super-resolved infrared luma.
        vis: super-resolved visible luma.
    """
    own, other = (ir, vis) if frame.view == "infrared" else (vis, ir)
    fused = np.clip(faded(fused, own, frame.to_other), 0, 1)
    other = np.where(frame.seen(size) > 0, other, 0)
    return (fused, ir, other) if frame.view == "infrared" else (fused, other, vis)


def without_colour(frame: Frame, colours: np.ndarray) -> np.ndarray:
    """Returns visible colours, softly gray where the visible image does not fill the view.

    Args:
        frame: the frame.
        colours: the visible image under it, [h, w, 3] in [0, 1].
    """
    if frame.view != "infrared":
        return colours
    luma = images.to_luma(colours)[..., None]
    return luma + frame.seen((colours.shape[0], colours.shape[1]))[..., None] * (colours - luma)


def _size_of(kind: str, many: Sequence[np.ndarray]) -> Size:
    """Returns the size of the first image. Raises MfjaxError if another one's aspect differs."""
    first = many[0].shape
    for image in many:
        if sizes.aspects_apart(image.shape, first) > sizes.ASPECTS_ABOUT_EQUAL:
            raise MfjaxError(
                f"{kind} images are {first[0]}x{first[1]} and {image.shape[0]}x{image.shape[1]}, of two aspects; one "
                "rig is of two cameras, whose images have one aspect each"
            )
    return first[0], first[1]


def _say_who_disagrees(found: Estimate, each: Sequence[Estimate], size: Size, names: Sequence[str]) -> None:
    """Logs which pairs are surely elsewhere than the one place that was found of all."""
    apart = [corner_error(one.matrix, found.matrix, size) for one in each]
    elsewhere = [
        f"{name} ({far:.0f} px)"
        for name, far, one in zip(names, apart, each, strict=True)
        if one.confidence >= SURE and far > ELSEWHERE
    ]
    if elsewhere:
        logger.warning(
            "one place does not fit all pairs: %s lie elsewhere (pixels at a width of 512), as if cameras or "
            "distances had changed; align such pairs one by one",
            listed(elsewhere),
        )


def _as_alignment(found: Estimate, ir_size: Size, vis_size: Size, how: str) -> Alignment:
    confidence, residual = float(found.confidence), float(found.residual)
    return Alignment(found.matrix, ir_size, vis_size, confidence, residual, model=found.model, found=how)
