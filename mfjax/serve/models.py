"""The models that the page offers: the bundled ones, and a weights file of one's own."""

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfjax import weights
from mfjax.errors import MfjaxError
from mfjax.inference.engines import Engine, Precision
from mfjax.weights import catalogue, header

if TYPE_CHECKING:  # it imports JAX
    from mfjax.inference.fuser import Fuser

LOADED = 2  # models with their programs that are kept in memory


class Models:
    """The models by name, of which the last two are kept ready.

    Args:
        first: the name or file of the model that is chosen at first.
        engine: as of `mfjax.load`.
        precision: as of `mfjax.load`.

    Raises:
        FileNotFoundError: there is no such model.
    """

    def __init__(self, first: str = "default", *, engine: Engine = "auto", precision: Precision = "auto") -> None:
        path = weights.find(first)
        self._paths = {entry.name: weights.find(entry.name) for entry in catalogue.catalogue()}
        self.first = next((name for name, each in self._paths.items() if each == path), path.name)
        self._paths.setdefault(self.first, path)
        self._how: dict[str, Any] = {"engine": engine, "precision": precision}
        self._ready: OrderedDict[tuple[str, float], Fuser] = OrderedDict()

    def check(self, name: str) -> None:
        """Refuses a model that is not offered.

        Args:
            name: its name.

        Raises:
            MfjaxError: there is none of this name.
        """
        if name not in self._paths:
            raise MfjaxError(f"model {name!r} not found; available: {', '.join(self._paths)}")

    def described(self) -> list[dict[str, Any]]:
        """Returns what the page says of each model: its name, what it is for, and whether detail can be chosen."""
        return [
            {"name": name, "purpose": catalogue.PURPOSES.get(name, "your weights file"), "detail": _has_detail(path)}
            for name, path in self._paths.items()
        ]

    def load(self, name: str, detail: float) -> "Fuser":
        """Returns a model, ready to fuse.

        Args:
            name: its name.
            detail: as of `mfjax.load`.

        Raises:
            MfjaxError: it is not offered, or as of `mfjax.load`.
        """
        from mfjax.inference.loading import load

        self.check(name)
        key = name, detail
        if key not in self._ready:
            self._ready[key] = load(self._paths[name], detail=detail, **self._how)
        self._ready.move_to_end(key)
        while len(self._ready) > LOADED:
            self._ready.popitem(last=False)
        return self._ready[key]


def _has_detail(path: Path) -> bool:
    """Returns true if a model was trained for detail of less than 1, as far as its file's header tells."""
    return "fusion.blend.natural" in header.read(path).tensors
