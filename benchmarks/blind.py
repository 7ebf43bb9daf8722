"""A blind comparison: sheets of fused images under letters to judge, and the counts of the judgements.

    python benchmarks/blind.py sheets DIR [DIR ...] --out OUT [--sources small default brighter gate OTHER=FOLDER]
    python benchmarks/blind.py count --key OUT/key.json --votes VOTES.csv

DIR holds ir/ and vis/, equally named. OUT gets a sheet for every pair, in gray: infrared and visible on top, and below
them the image of each source of images, under letters in an order drawn anew for every pair. The letters' meaning is in
key.json, which a judge does not get. VOTES.csv has the columns pair (the sheet's name), best and worst (a letter each),
and optionally remarks.
"""

import csv
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Annotated

import cv2
import numpy as np
import tyro
from gate_target import gate
from numpy.typing import NDArray
from tqdm import tqdm

import mfjax
from mfjax import images
from mfjax.data.pairs import PairFiles, by_stem, find_sources
from mfjax.evaluation.lost import by_light, is_night
from mfjax.evaluation.scoring import at_size

Image = NDArray[np.float32]
WIDTH, GAP, LABEL = 1600, 8, 22  # pixels: width of a sheet, gap between its images, height of a label


BUILT_IN: dict[str, Callable[[Image, Image], Image]] = {"brighter": np.maximum, "gate": gate}


def sheets(
    folders: Annotated[tuple[Path, ...], tyro.conf.Positional],
    *,
    out: Path,
    sources: tuple[str, ...] = ("small", "default", "brighter", "gate"),
    pairs: int = 24,
    seed: int = 0,
) -> None:
    """Writes a sheet for each of some pairs, spread evenly over the folders, and the key.

    Args:
        folders: Folders of pairs.
        out: Folder for the sheets and the key.
        sources: Bundled models, weights files, "brighter" and "gate", or NAME=FOLDER of finished images with the pairs'
            names; NAME=FILE gives a weights file a name, and MODEL@DETAIL, such as default@0.5, chooses a detail.
        pairs: Number of pairs.
        seed: Seed of the letters' order.
    """
    files = [pair for source in find_sources(folders) for pair in source.files]
    chosen = [files[i] for i in np.unique(np.linspace(0, len(files) - 1, pairs).round().astype(int))]
    methods = dict(_method(source, chosen) for source in sources)
    if len(methods) < len(sources):
        raise ValueError(f"two of {', '.join(sources)} have one name; tell them apart by NAME=")
    out.mkdir(parents=True, exist_ok=True)
    rng, key = np.random.default_rng(seed), {}
    for number, pair in enumerate(tqdm(chosen), start=1):
        order = [list(methods)[i] for i in rng.permutation(len(methods))]
        letters = dict(zip(ascii_uppercase, order, strict=False))
        ir, vis = _read(pair)
        shown = {"infrared": ir, "visible": vis} | {letter: methods[name](pair) for letter, name in letters.items()}
        sheet = f"{number:02}_{pair.ir.stem}"
        images.write(out / f"{sheet}.png", _sheet(shown))
        key[sheet] = {"night": is_night(vis), "letters": letters}
    (out / "key.json").write_text(json.dumps(key, indent=1), encoding="utf-8")


def count(*, key: Path, votes: Path) -> None:
    """Prints a Markdown table of how often each source was judged best and worst, on all pairs, by day and by night.

    Args:
        key: The key of the sheets, key.json.
        votes: The judgements, a CSV file.
    """
    sheets_by_name = json.loads(key.read_text(encoding="utf-8"))
    with votes.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, skipinitialspace=True))
    voted: dict[str, list[str]] = {"best": [], "worst": []}
    remarks = []
    for row in rows:
        letters = sheets_by_name.get(row["pair"], {}).get("letters", {})
        for vote, names in voted.items():
            if row[vote] not in letters:
                raise ValueError(
                    f"{votes}: {row[vote]!r} is no letter of {row['pair']!r}, which has {', '.join(letters)}"
                )
            names.append(letters[row[vote]])
        if row.get("remarks"):
            told = ", ".join(f"{letter} is {name}" for letter, name in letters.items())
            remarks.append(f"\n{row['pair']} ({told}): {row['remarks']}")
    groups = by_light(np.array([sheets_by_name[row["pair"]]["night"] for row in rows], bool))
    heads = [f"{vote}, {light} ({chosen.sum()})" for vote in voted for light, chosen in groups.items()]
    print(f"| | {' | '.join(heads)} |\n{'|---' * (len(heads) + 1)}|")
    for name in sorted({name for sheet in sheets_by_name.values() for name in sheet["letters"].values()}):
        counts = [np.sum(np.array(names)[chosen] == name) for names in voted.values() for chosen in groups.values()]
        print(f"| {name} | {' | '.join(map(str, counts))} |")
    print(*remarks, sep="\n")


def _method(source: str, pairs: Sequence[PairFiles]) -> tuple[str, Callable[[PairFiles], NDArray[np.uint8]]]:
    """Returns the name of a source of images, and the function that returns its image of a pair."""
    name, _, place = source.rpartition("=")
    if source in BUILT_IN:
        return source, lambda pair: images.from_float(BUILT_IN[source](*_enlarged(pair)))
    if Path(place).is_dir():
        made = by_stem(Path(place))
        if lacking := [pair.ir.stem for pair in pairs if pair.ir.stem not in made]:
            raise ValueError(f"{place} has no image called {', '.join(lacking)}, as pairs are")
        return name, lambda pair: images.luma(images.read(made[pair.ir.stem]))
    model, _, detail = place.partition("@")
    fuser = mfjax.load(model, detail=float(detail or 1))
    return name or Path(model).stem + place[len(model) :], lambda pair: fuser(*_read(pair)).fused


def _read(pair: PairFiles) -> list[NDArray[np.uint8]]:
    return [images.luma(images.read(file)) for file in pair]


def _enlarged(pair: PairFiles) -> list[Image]:
    """Returns both sources in [0, 1], the smaller one enlarged to the other's size."""
    sources = [images.to_float(source) for source in _read(pair)]
    size = max((source.shape for source in sources), key=math.prod)
    return [at_size(source, size).clip(0, 1) for source in sources]


def _sheet(shown: dict[str, NDArray]) -> NDArray:
    """Returns images under their names, two or three a row and all of one size; the first two have a row alone."""
    columns = 2 if len(shown) <= 6 else 3
    width = (WIDTH - (columns - 1) * GAP) // columns
    rows, cols = shown["visible"].shape
    height = round(rows * width / cols)
    places = [(0, 0), (0, 1), *((1 + i // columns, i % columns) for i in range(len(shown) - 2))]
    sheet = np.full(((places[-1][0] + 1) * (height + LABEL + GAP), WIDTH), 255, np.uint8)
    for (line, column), (name, image) in zip(places, shown.items(), strict=True):
        y, x = line * (height + LABEL + GAP), column * (width + GAP)
        cv2.putText(sheet, name, (x + 4, y + LABEL - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 0, 2, cv2.LINE_AA)
        sheet[y + LABEL : y + LABEL + height, x : x + width] = at_size(image, (height, width))
    return sheet


if __name__ == "__main__":
    tyro.extras.subcommand_cli_from_dict({"sheets": sheets, "count": count})
