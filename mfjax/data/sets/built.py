"""Reads built data sets at random access."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mfjax import images, regular, stored_json
from mfjax.data.pairs import LumaPair
from mfjax.data.sets.checks import open_pair
from mfjax.errors import MfjaxError

INDEX, LEFT_OUT = "index.json", "left_out.json"
INFO, FEATURES = "dataset_info.json", "features.json"  # TFDS's
DEFAULT_SPLITS = ("train", "pairs")


def find_built(path: Path) -> Path | None:
    """Returns the folder of a built data set's records: `path`, or the newest version below it; None without one.

    Args:
        path: a data set's folder, or one of its versions in it.
    """
    found = [file.parent for file in (*path.glob(INDEX), *sorted(path.glob(f"[0-9]*/{INDEX}"))) if _is_built(file)]
    return found[-1] if found else None


def _is_built(index: Path) -> bool:
    return (index.parent / INFO).is_file()


class BuiltPairs:
    """The pairs of one split of a built data set, as a source that several threads can index.

    A visible image is cut to what infrared sees, and the larger of the two images is averaged down to the smaller.

    Args:
        path: a data set's folder, such as data/kaist, or one of its versions in it.
        split: name of the split; by default "train", or "pairs" if the authors made no splits.

    Raises:
        MfjaxError: `path` is no built data set, or has no such split.
    """

    def __init__(self, path: Path, split: str | None = None):
        folder = find_built(path)
        if folder is None:
            raise MfjaxError(f"{path} holds no built data set; mfjax data build makes one")
        self.folder = folder
        name, splits = _read_index(folder / INDEX)
        self.split = split or next((name for name in DEFAULT_SPLITS if name in splits), "")
        if self.split not in splits:
            wanted = f"split {split}" if split else "split to train on"
            raise MfjaxError(f"{path} has no {wanted}; name one of its own: {', '.join(f'{path}@{s}' for s in splits)}")

        import tensorflow_datasets as tfds  # takes a second, which training from folders need not spend

        self.name = name
        self.names: list[str] = splits[self.split]["names"]
        self.sizes: list[tuple[int, int]] = [(h, w) for h, w in splits[self.split]["sizes"]]
        self.alignment: list[float] = splits[self.split]["alignment"]
        if self.names:
            for file in (INFO, FEATURES):  # first, since TFDS does not say which is damaged
                with self._damage_named(file):
                    if not isinstance(stored_json.loads(regular.read_bytes(folder / file)), dict):
                        raise ValueError("it is no object")
            with self._damage_named(f"{INFO}, {FEATURES} or {self._files}"):
                self._records = tfds.builder_from_directory(folder).as_data_source(split=self.split)
                if len(self._records) != len(self.names):
                    raise MfjaxError(
                        f"there are {len(self._records):,} records of {len(self.names):,} pairs in {INDEX}"
                    )

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> LumaPair:
        record, name = self._record(index)
        return LumaPair(name, *open_pair(record["ir"], record["vis"], np.asarray(record["view"]), name))

    def stored(self, index: int) -> LumaPair:
        """Returns both images as they were published, with all of the visible one.

        Args:
            index: number of the pair.
        """
        record, name = self._record(index)
        return LumaPair(name, *(images.luma(images.decode(record[side], Path(name))) for side in ("ir", "vis")))

    @property
    def _files(self) -> str:
        """Returns the names of the files of records."""
        return f"{self.name}-{self.split}.array_record-*"

    def _record(self, index: int) -> tuple[dict[str, Any], str]:
        """Returns a record and the name of its pair."""
        number = range(len(self))[index]  # an IndexError beyond the end, as of any sequence
        with self._damage_named(f"record {number} in {self._files}"):
            record = self._records[number]
            name = record["name"].decode()
            if name != self.names[number]:
                raise MfjaxError(f"it is {name!r:.40}, but {self.names[number]} in {INDEX}")
            return record, name

    @contextmanager
    def _damage_named(self, place: str) -> Iterator[None]:
        """Turns the many kinds of errors that TFDS raises in a block on damaged files into one that names the place."""
        try:
            yield
        except Exception as error:
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise MfjaxError(f"{self.folder}: {place} is damaged ({reason}); build the data set anew") from error


def _read_index(path: Path) -> tuple[str, dict[str, Any]]:
    """Returns a data set's name, and its splits as the index has them. Raises MfjaxError if it is damaged."""
    data = regular.read_bytes(path)
    try:
        index = stored_json.loads(data)
        name, splits = index["name"], index["splits"]
        for split in splits.values():
            names, sizes, scores = (split[part] for part in ("names", "sizes", "alignment"))
            if not len(names) == len(sizes) == len(scores):
                raise ValueError("its lists are of different lengths")
            texts = all(isinstance(each, str) for each in (name, *names))
            sides = all(isinstance(side, int) and side > 0 for rows, cols in sizes for side in (rows, cols))
            if not texts or not sides or not all(isinstance(score, int | float) for score in scores):
                raise ValueError("names, sizes or scores are none")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else error
        raise MfjaxError(f"{path} is damaged ({reason}); build the data set anew") from error
    return name, splits
