"""The command `mfjax detection`."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, UseAppendAction, arg

from mfjax.cli.messages import print_line
from mfjax.cli.methods import named_folder, refuse_twins
from mfjax.errors import MfjaxError
from mfjax.evaluation import detection as boxes
from mfjax.evaluation import sections


def detection(
    labels: Annotated[Positional[Path], arg(metavar="LABELS")],
    *,
    results: Annotated[UseAppendAction[tuple[str, ...]], arg(metavar="NAME=DIR")] = (),
    out: Annotated[Path | None, arg(metavar="DIR", help_behavior_hint="")] = None,
    page: Annotated[Path | None, arg(metavar="FILE.md", help_behavior_hint="")] = None,
) -> int:
    """Score boxes that a detector found in fused images, by COCO's mAP50 and mAP50-95.

    Args:
        labels: Folder of text files with the true boxes in YOLO's format, one for each image.
        results: A method's name and the folder of the boxes found in its fused images, in the same format with a
            confidence; at least one, may be repeated.
        out: Folder for detection.md, the table.
        page: A page in Markdown, in which the table's section is replaced.
    """
    folders = [named_folder(each) for each in results]
    if not folders:
        raise MfjaxError(
            "detection scores what a detector found in fused images; name it by --results NAME=PREDICTIONS"
        )
    refuse_twins([name for name, _ in folders])
    scores = {name: boxes.score_boxes(labels, folder) for name, folder in folders}
    text = boxes.section(scores, labels.resolve().name)
    print(text)
    if page is not None:
        sections.put(page, "detection", text)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "detection.md").write_text(text, encoding="utf-8")
        print_line(f"{out}: detection.md")
    return 0
