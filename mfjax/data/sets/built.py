"""Reads built data sets at random access."""

import json
from pathlib import Path

import numpy as np

from mfjax import images
from mfjax.data.pairs import LumaPair
from mfjax.data.sets.checks import open_pair
from mfjax.errors import MfjaxError

INDEX, LEFT_OUT = "index.json", "left_out.json"
DEFAULT_SPLITS = ("train", "pairs")


def find_built(path: Path) -> Path | None:
    """Returns the folder of a built data set's records: `path`, or the newest version below it; None without one.

    Args:
        path: a data set's folder, or one of its versions in it.
    """
    found = [file.parent for file in (*path.glob(INDEX), *sorted(path.glob(f"[0-9]*/{INDEX}"))) if _is_built(file)]
    return found[-1] if found else None


def _is_built(index: Path) -> bool:
    return (index.parent / "dataset_info.json").is_file()


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
        try:
            index = json.loads((folder / INDEX).read_text())
            splits = index["splits"]
        except (ValueError, KeyError) as error:
            raise MfjaxError(f"{folder / INDEX} is damaged ({error}); build the data set anew") from error
        self.split = split or next((name for name in DEFAULT_SPLITS if name in splits), "")
        if self.split not in splits:
            wanted = f"split {split}" if split else "split to train on"
            raise MfjaxError(f"{path} has no {wanted}; name one of its own: {', '.join(f'{path}@{s}' for s in splits)}")

        import tensorflow_datasets as tfds  # takes a second, which training from folders need not spend

        self.name: str = index["name"]
        self.names: list[str] = splits[self.split]["names"]
        self.sizes: list[tuple[int, int]] = [(h, w) for h, w in splits[self.split]["sizes"]]
        self.alignment: list[float] = splits[self.split]["alignment"]
        if self.names:
            self._records = tfds.builder_from_directory(folder).as_data_source(split=self.split)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> LumaPair:
        record = self._records[range(len(self))[index]]  # an IndexError beyond the end, as of any sequence
        name = record["name"].decode()
        return LumaPair(name, *open_pair(record["ir"], record["vis"], np.asarray(record["view"]), name))

    def stored(self, index: int) -> LumaPair:
        """Returns both images as they were published, with all of the visible one.

        Args:
            index: number of the pair.
        """
        record = self._records[range(len(self))[index]]
        name = record["name"].decode()
        return LumaPair(name, *(images.luma(images.decode(record[side], Path(name))) for side in ("ir", "vis")))
