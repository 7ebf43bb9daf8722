"""The bundled models, each with what it is good for, how large it is and what it was trained on; needs no JAX."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mfjax.weights import bundled, header
from mfjax.weights.recipe import entries

PURPOSES = {
    "default": "the best images",
    "small": "video, and small machines: an eighth of the time, images almost as good",
    "tiny": "live video: half of the time of small, sources sharpened less",
    "paper": "comparisons: the paper's network and losses as printed, trained briefly; not for pictures",
}

LICENCE = """\
The weights are under the code's licence, Apache-2.0. The images that they were trained on are published for research
and without a licence: to sell what a model makes, train one on images of your own (mfjax train)."""


@dataclass(frozen=True)
class Entry:
    """A bundled model."""

    name: str
    purpose: str
    parameters: int
    bytes: int  # of its file
    trained_on: tuple[str, ...]
    """The folders of pairs that its history names, in their order; none if its file doesn't say."""


def catalogue() -> list[Entry]:
    """Returns what there is to say of each bundled model, the default one first."""
    names = sorted(bundled.available(), key=lambda name: ([*PURPOSES].index(name) if name in PURPOSES else 99, name))
    return [_entry(name) for name in names]


def _entry(name: str) -> Entry:
    path = bundled.find(name)
    head = header.read(path)
    roots = tuple(dict.fromkeys(_roots(head.metadata)))
    return Entry(name, PURPOSES.get(name, ""), head.parameters, path.stat().st_size, roots)


def _roots(metadata: Mapping[str, str]) -> Iterator[str]:
    for run in entries(metadata):
        yield from _roots(run.get("started_from", {}))
        yield from run["recipe"].get("data", {}).get("roots", ())
