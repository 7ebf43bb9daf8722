"""Which images a run is trained on: noted in its folder, for its weights file (`mfjax.data.fingerprints`)."""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from mfjax import weights
from mfjax.data import fingerprints
from mfjax.data.fingerprints import Seen
from mfjax.data.pairs import PairSource
from mfjax.errors import MfjaxError

FILE = "seen.json"


def read(workdir: Path) -> Seen | None:
    """What is noted of a run; None where nothing is.

    Raises:
        MfjaxError: the note is damaged.
    """
    path = workdir / FILE
    try:
        return fingerprints.from_text(path.read_text(encoding="utf-8")) if path.exists() else None
    except ValueError as error:
        raise MfjaxError(f"{path}: {error}; remove that file, and the run's model counts as of unknown data") from error


def note(workdir: Path, seen: Seen) -> None:
    """Writes what a run is trained on, whole or not at all."""
    weights.write_whole(workdir / FILE, fingerprints.to_text(seen).encode())


def of_sources(sources: Sequence[PairSource]) -> Seen:
    """The images of the pairs that are trained on, as their files hold them. Reads all of them, in threads.

    Raises:
        MfjaxError: an image can't be read.
    """
    places = [(source, index) for source in sources for index in range(len(source))]
    found: set[bytes] = set()
    with ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as pool:
        pairs = pool.map(lambda place: _fingerprints(*place), places)
        for of_pair in tqdm(pairs, total=len(places), desc="noting what is trained on", unit="pair", disable=None):
            found.update(of_pair)
    return Seen(frozenset(found))


def of_models(names: Iterable[str]) -> Seen:
    """What the models that a run is made from, by starting from them or being taught by them, were trained on."""
    seen = Seen()
    for name in names:
        try:
            of_model = fingerprints.of_metadata(weights.load(name).metadata)
        except FileNotFoundError:
            of_model = Seen(unknown=frozenset({"its file is gone"}))
        said = frozenset(f"of {Path(name).name}, which it was made from, {why}" for why in of_model.unknown)
        seen |= Seen(of_model.images, said)
    return seen


def _fingerprints(source: PairSource, index: int) -> frozenset[bytes]:
    stored = source.stored(index)
    made = (fingerprints.fingerprint(image) for image in (stored.ir, stored.vis))
    return frozenset(each for each in made if each is not None)
