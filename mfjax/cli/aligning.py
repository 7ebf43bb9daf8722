"""The alignment that the flag --align asks for."""

import logging
from collections.abc import Sequence
from pathlib import Path

from mfjax.alignment import Alignment
from mfjax.alignment.frames import View
from mfjax.alignment.tracking import Tracker
from mfjax.errors import MfjaxError
from mfjax.inference.aligning import align_files, read_lumas
from mfjax.inference.files import Job
from mfjax.inference.infrared import Reading
from mfjax.inference.views import Align, check_confidence, doubt_rig
from mfjax.messages import NOTE, quietly
from mfjax.pairing import Pair

logger = logging.getLogger("mfjax")


def asked_alignment(
    align: str | None, view: View | None, jobs: Sequence[Job], infrared: Reading, *, exif: bool
) -> Align:
    """Returns the alignment that `--align` asks for: by auto one for all pairs, which is said; "auto" for each pair.

    Args:
        align: the flag.
        view: the flag `--view`.
        jobs: the pairs.
        infrared: how infrared files are to be understood.
        exif: as of `mfjax.images.open`.

    Raises:
        FileNotFoundError, MfjaxError: the flags do not go together, nothing reliable was found, or the rig file can't
            be read.
    """
    if align in (None, "none"):
        if view is not None and any(job.pair.ir != job.pair.vis for job in jobs):
            raise MfjaxError(f"--view {view} is of aligned images; add --align auto or --align RIG.json")
        return None
    if align == "each":
        return "auto"
    if align == "track":
        if len(jobs) < 2:
            raise MfjaxError(
                "--align track is for a sequence, the pairs of two folders; use --align auto for two files"
            )
        return Tracker()
    if align != "auto":
        if not Path(align).exists():
            raise FileNotFoundError(
                f"{align}: no such file; --align takes auto, each, track, none or a rig file, which mfjax align makes"
            )
        rig = Alignment.load(Path(align))
        if jobs:
            _doubt(rig, jobs[0].pair, infrared, exif=exif)
        return rig
    if not jobs:
        return "auto"
    found = check_confidence(align_files([job.pair for job in jobs], infrared, exif=exif))
    place = "one place for all pairs: " if len(jobs) > 1 else ""
    logger.warning("--align auto: %s%s, confidence %.2f", place, found.words, found.confidence, extra=NOTE)
    return found


def _doubt(rig: Alignment, pair: Pair, infrared: Reading, *, exif: bool) -> None:
    """Logs it if a pair is measurably elsewhere than a rig says."""
    try:
        with quietly():
            lumas = read_lumas(pair, infrared, exif=exif)
    except (MfjaxError, OSError):
        return  # it is said where the pair is fused
    doubt_rig(rig, lumas.ir, lumas.vis, str(pair.ir), str(pair.vis))
