"""Records the images that a run trains on in its folder, for its weights file (see `mfjax.data.fingerprints`)."""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from mfjax import atomic, regular, weights
from mfjax.data import fingerprints
from mfjax.data.fingerprints import Seen
from mfjax.data.pairs import PairSource
from mfjax.errors import MfjaxError

FILE = "seen.json"


def read(workdir: Path) -> Seen | None:
    """Returns the record of a run, or None if there is none.

    Args:
        workdir: folder of the run.

    Raises:
        MfjaxError: the record is damaged.
    """
    path = workdir / FILE
    if not path.exists():
        return None
    data = regular.read_bytes(path)
    try:
        return fingerprints.from_text(data.decode())
    except ValueError as error:
        raise MfjaxError(f"{path}: {error}; remove that file, and the run's model counts as of unknown data") from error


def write(workdir: Path, seen: Seen) -> None:
    """Writes the record of a run, completely or not at all.

    Args:
        workdir: folder of the run.
        seen: the images that it trains on.
    """
    atomic.write_bytes(workdir / FILE, fingerprints.to_text(seen).encode())


def read_sources(sources: Sequence[PairSource]) -> Seen:
    """Returns the images of training pairs, as their files hold them. It reads all of them, in threads.

    Args:
        sources: the pairs that are trained on.

    Raises:
        MfjaxError: an image can't be read.
    """
    places = [(source, index) for source in sources for index in range(len(source))]
    found: set[bytes] = set()
    with ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as pool:
        pairs = pool.map(lambda place: _fingerprints(*place), places)
        for made in tqdm(pairs, total=len(places), desc="noting what is trained on", unit="pair", disable=None):
            found.update(made)
    return Seen(frozenset(found))


def read_models(names: Iterable[str]) -> Seen:
    """Returns the images that other models were trained on.

    Args:
        names: the weights files or bundled models that a run starts from or is taught by.
    """
    seen = Seen()
    for name in names:
        try:
            model = fingerprints.from_metadata(weights.load(name).metadata)
        except FileNotFoundError:
            model = Seen(unknown=frozenset({"its file is gone"}))
        except MfjaxError as error:
            raise MfjaxError(f"{name}: {error}") from error
        unknown = frozenset(f"of {Path(name).name}, which it was made from, {why}" for why in model.unknown)
        seen |= Seen(model.images, unknown)
    return seen


def _fingerprints(source: PairSource, index: int) -> frozenset[bytes]:
    stored = source.stored(index)
    made = (fingerprints.fingerprint(image) for image in (stored.ir, stored.vis))
    return frozenset(each for each in made if each is not None)
