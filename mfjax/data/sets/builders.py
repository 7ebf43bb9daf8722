"""The TFDS builders, and a function that builds a data set. Importing this imports TFDS, which takes a second.

Records are array_record files, which need no TensorFlow and are read at random. They hold the images' files byte for
byte, in their own sizes. Beside them, `index.json` holds the pairs' names, sizes and alignment in the records' order,
and `left_out.json` the pairs that were left out, with the reasons.
"""

import io
import itertools
import json
import shutil
import types
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import filelock
import numpy as np
import tensorflow_datasets as tfds
from tqdm import tqdm

from mfjax.data.sets.built import INDEX, LEFT_OUT, find_built
from mfjax.data.sets.checks import Fit, LeftOut, Requirements, examine, summary
from mfjax.data.sets.homographies import read_homographies
from mfjax.data.sets.layouts import LAYOUTS, Candidate, Candidates, Layout, pair_folder
from mfjax.data.sets.rigs import find_views
from mfjax.errors import MfjaxError
from mfjax.pairing.patterns import Patterns

RECORDS = ".array_record-"  # in the names of files of records


class Built(NamedTuple):
    """The result of `build`."""

    folder: Path
    summary: str
    left_out: list[LeftOut]


class PairBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]
    """A TFDS data set of the pairs of a `Layout`, from a folder that was downloaded by hand."""

    VERSION = tfds.core.Version("1.0.0")
    LAYOUT: ClassVar[Layout]
    """The layout of the files. It also gives the builder its name and its instructions for downloading by hand."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        cls.name = cls.LAYOUT.name
        cls.MANUAL_DOWNLOAD_INSTRUCTIONS = f"{cls.LAYOUT.home}: {cls.LAYOUT.files}"
        super().__init_subclass__(**kwargs)

    def __init__(
        self, *, requirements: Requirements | None = None, candidates: Candidates | None = None, **kwargs: Any
    ):
        self.requirements = requirements or Requirements(self.LAYOUT.min_alignment)
        self.candidates = candidates  # None: searched for when the data set is prepared
        self.kept: dict[str, list[Fit]] = {}  # without the files' bytes
        self.left_out: dict[str, list[LeftOut]] = {}
        super().__init__(**kwargs)

    def _info(self) -> tfds.core.DatasetInfo:
        encoded = tfds.features.Tensor(shape=(), dtype=np.object_)  # a file's bytes
        return tfds.core.DatasetInfo(
            builder=self,
            description=f"{self.LAYOUT.title}: infrared and visible pairs.",
            homepage=self.LAYOUT.home,
            features=tfds.features.FeaturesDict(
                {
                    "name": tfds.features.Text(),
                    "ir": encoded,
                    "vis": encoded,
                    "view": tfds.features.Tensor(shape=(3, 3), dtype=np.float64),
                    "alignment": tfds.features.Scalar(dtype=np.float32),
                }
            ),
            disable_shuffling=True,  # so that the index has the records' order
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        splits = {}
        found = self.candidates or self.LAYOUT.candidates(Path(dl_manager.manual_dir))
        for split, candidates in found.items():
            examples = self._generate_examples(split, candidates)
            if first := next(examples, None):  # TFDS writes no empty splits
                splits[split] = itertools.chain([first], examples)
        if not splits:
            left_out = _all(self.left_out)
            example = f", such as {left_out[0].name}: {left_out[0].reason}" if left_out else ""
            raise MfjaxError(f"{self.LAYOUT.title}: {summary(0, left_out)}{example}")
        return splits

    def _generate_examples(self, split: str, candidates: list[Candidate]) -> Iterator[tuple[str, dict[str, Any]]]:
        kept, left_out = self.kept.setdefault(split, []), self.left_out.setdefault(split, [])
        for candidate in tqdm(candidates, desc=f"{self.name}: {split}", unit="pair", disable=None):
            pair = examine(candidate, self.LAYOUT, self.requirements)
            if isinstance(pair, LeftOut):
                left_out.append(pair)
                continue
            pair = pair._replace(name=pair.name.encode("utf-8", "backslashreplace").decode())  # records are in UTF-8
            kept.append(pair._replace(ir=b"", vis=b""))
            example = pair._asdict() | {"alignment": pair.alignment.score}
            del example["size"]
            yield pair.name, example

    def _download_and_prepare(self, *args: Any, **kwargs: Any) -> None:
        """Writes the records as TFDS does, then both lists into the same folder, which appears when it is complete."""
        super()._download_and_prepare(*args, **kwargs)
        folder = Path(self.data_dir)
        index = {
            split: {
                "names": [pair.name for pair in pairs],
                "sizes": [pair.size for pair in pairs],
                "alignment": [round(pair.alignment.score, 4) for pair in pairs],
            }
            for split, pairs in self.kept.items()
            if pairs
        }
        (folder / INDEX).write_text(json.dumps({"name": self.name, "splits": index}))
        reasons = {split: [pair._asdict() for pair in pairs] for split, pairs in self.left_out.items()}
        (folder / LEFT_OUT).write_text(json.dumps(reasons, indent=1, ensure_ascii=False))


def builder_of(layout: Layout) -> type[PairBuilder]:
    """Returns the TFDS builder of a data set.

    Args:
        layout: the data set.
    """
    name = "".join(word.capitalize() for word in layout.name.split("_"))
    body = {"LAYOUT": layout, "__doc__": layout.title, "__module__": __name__}
    return types.new_class(name, (PairBuilder,), {"skip_registration": True}, lambda namespace: namespace.update(body))


def build(
    name: str,
    source: Path | None,
    target: Path,
    *,
    pairs: Path | None = None,
    pattern: Patterns | None = None,
    recursive: bool = False,
    min_alignment: float | None = None,
    min_side: int | None = None,
    homographies: Path | None = None,
    align: bool = False,
) -> Built:
    """Builds a data set from files that were downloaded by hand.

    Args:
        name: one of `LAYOUTS`.
        source: the folder with the files as downloaded; None if `pairs` lists them.
        target: where to put the data set, in target/NAME/VERSION.
        pairs: for "pair_folder": a list of the pairs instead of a folder, as `mfjax.pairing.read_list` reads it.
        pattern: for "pair_folder": the forms of infrared and visible names, as of `mfjax.pairing.find_pairs`.
        recursive: for "pair_folder": also search sub-folders.
        min_alignment: alignment score in [0, 1] below which a pair is left out; by default the layout's.
        min_side: smallest side in pixels that a pair must have; by default 2.
        homographies: a file for `read_homographies`, in place of the layout's crops; by default none.
        align: find the views by aligning pairs, from the layout's crops on, as `find_views` does.

    Raises:
        FileNotFoundError: there is no such list.
        MfjaxError: `source` does not hold the data set, no pair in it is fit, or the data set is built already.
    """
    if name not in LAYOUTS:
        raise MfjaxError(f"there is no data set {name!r}; there are {', '.join(LAYOUTS)}")
    layout = LAYOUTS[name]
    if (source is None) == (pairs is None):
        raise MfjaxError("name --from, a folder, or a list of pairs by --pairs LIST.csv, and not both")
    root = pairs.parent if pairs is not None else source
    assert root is not None
    requirements = Requirements(layout.min_alignment if min_alignment is None else min_alignment)
    if min_side is not None:
        requirements = replace(requirements, min_side=min_side)
    if homographies is not None:
        requirements = replace(requirements, homographies=read_homographies(homographies))
    if pairs is not None or pattern is not None or recursive:
        if name != pair_folder.NAME:
            raise MfjaxError(f"--pairs, --pattern and --recursive are for pair_folder; {name} has names of its own")
        candidates = pair_folder.candidates(root, listed=pairs, pattern=pattern, recursive=recursive)
    else:
        candidates = layout.candidates(root)
    if align:
        if homographies is not None:
            raise MfjaxError("--align finds what --homographies gives; leave one of them out")
        requirements = replace(requirements, views=find_views(candidates, layout))
    # Nothing has been made until here, since all of this may raise.
    builder = builder_of(layout)(data_dir=target, requirements=requirements, candidates=candidates)
    folder = Path(builder.data_dir)
    with _alone(folder):
        tfds.disable_progress_bar()  # we show our own
        with redirect_stdout(io.StringIO()):  # TFDS prints messages about downloads, but nothing is downloaded
            config = tfds.download.DownloadConfig(manual_dir=root.resolve())
            try:
                builder.download_and_prepare(download_config=config, file_format="array_record")
            except RuntimeError as error:  # of the library that writes records, as on a full disk
                reason = " ".join(str(error).split())[:200]
                raise MfjaxError(f"{folder}: can't be written ({reason}); make room, or choose another --to") from error
    left_out = _all(builder.left_out)
    return Built(folder, summary(len(_all(builder.kept)), left_out), left_out)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps other builds out of a data set's folder in a block, and removes what a build left that was killed in it.

    Raises:
        MfjaxError: the data set is built already, or another process builds it.
    """
    if find_built(folder) is not None:
        raise MfjaxError(f"{folder} is built already; remove it to build it anew, or choose another --to")
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder.parent / ".lock", timeout=0)
    try:
        with lock:
            for path in (folder, *folder.parent.glob(f"incomplete.*_{folder.name}")):
                if any(not fnmatch(file.name, "*.json") and RECORDS not in file.name for file in path.glob("*")):
                    raise MfjaxError(f"{path} holds files that no data set has; remove it, or choose another --to")
                shutil.rmtree(path, ignore_errors=True)
            try:
                yield
            finally:
                with suppress(OSError):  # Windows removes no open file
                    Path(lock.lock_file).unlink()
    except filelock.Timeout:
        raise MfjaxError(f"another process builds {folder}; wait for it, or choose another --to") from None
    finally:
        downloads = folder.parents[1] / "downloads"  # which TFDS makes, though nothing is downloaded
        for empty in (downloads / "extracted", downloads, folder.parent):
            with suppress(OSError):
                empty.rmdir()


def _all(by_split: dict[str, list[Any]]) -> list[Any]:
    return [pair for pairs in by_split.values() for pair in pairs]
