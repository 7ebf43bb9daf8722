"""The interface of a fusion target, and the table of all targets.

A target is a file in this folder: a frozen dataclass with the target's options, its loss and a phrase that describes
it, registered under the name that `--target` and a weights file's history use. No other file has to know of it.

    @register("darker")
    @dataclass(frozen=True)
    class Darker(Target):
        def loss(self, key, output, ir, vis, *, taught=None, axis_name=None, detail=1.0):
            distance = losses.mean_absolute_error(output.fused, jnp.minimum(ir, vis))
            return distance, {"fusion": distance}

        def describe(self):
            return "the darker source"

A recipe can define its own target in the same way.
"""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

import jax

from mfjax.errors import MfjaxError
from mfjax.model import FusionOutput

Metrics = dict[str, jax.Array]  # scalars by name


@dataclasses.dataclass(frozen=True)
class Target(ABC):
    """The goal that phase two trains the fused image towards."""

    kind: ClassVar[str]
    """The name under which it is registered."""

    @abstractmethod
    def loss(
        self,
        key: jax.Array,
        output: FusionOutput,
        ir: jax.Array,
        vis: jax.Array,
        *,
        taught: jax.Array | None = None,
        axis_name: str | None = None,
        detail: jax.Array | float = 1.0,
    ) -> tuple[jax.Array, Metrics]:
        """Returns the loss of phase two, and its terms to be logged. A pure function.

        The super-resolved sources are constants here, since phase two trains the fusion branch only.

        Args:
            key: for random numbers, another one each step.
            output: the network's three reconstructions, linear (not clipped), each `[n, h, w, 1]`.
            ir: the infrared source at full resolution, `[n, h, w, 1]` in [0, 1].
            vis: the visible source at full resolution, like `ir`.
            taught: the fused image of the model that `taught_by` names, like `ir`; None if it names none.
            axis_name: the mapped axis over which a batch is spread, so that the images are this device's part of it, as
                `images_before` and `total` need to know; None if they are the whole batch. The caller takes the mean of
                losses, terms and gradients over the axis.
            detail: what `detail` gave for this step; 1 if the network has no blend, whose images show all detail.

        Returns:
            A scalar and named scalars. The step itself logs the scalar as "loss", and the loss of the super-resolved
            sources as "sr".
        """

    def detail(self, key: jax.Array) -> jax.Array | float:
        """Returns the `detail` of a step, with which a blend makes the fused image (`mfjax.model.blend.with_detail`).

        Args:
            key: for random numbers, the one that `loss` gets.
        """
        return 1.0

    @abstractmethod
    def describe(self) -> str:
        """Returns the target in a few words, for the list of how a model was trained."""

    def taught_by(self) -> str | None:
        """Returns the bundled model or weights file whose fused images the loss needs, or None if it needs none."""
        return None

    def to_json(self) -> dict[str, Any]:
        """Returns the target as a recipe in a weights file holds it: its kind and its options by name."""
        return {"kind": self.kind, **dataclasses.asdict(self)}


TARGETS: dict[str, type[Target]] = {}

T = TypeVar("T", bound=Target)


def register(kind: str) -> Callable[[type[T]], type[T]]:
    """Returns a decorator that adds a target to `TARGETS`.

    Args:
        kind: the name that command lines and weights files use.

    Raises:
        ValueError: another target has that name. Reading a file again is no error.
    """

    def add(target: type[T]) -> type[T]:
        there = TARGETS.get(kind)
        if there is not None and (there.__module__, there.__qualname__) != (target.__module__, target.__qualname__):
            raise ValueError(f"{target.__qualname__} can't be the target {kind!r}, which {there.__qualname__} is")
        target.kind = kind
        TARGETS[kind] = target
        return target

    return add


def from_json(fields: Mapping[str, Any]) -> Target:
    """Returns the target that `Target.to_json` wrote; options that it lacks have their defaults.

    Args:
        fields: the kind and the options by name.

    Raises:
        MfjaxError: no such target is known, or it has no such option or value.
    """
    options = dict(fields)
    kind = options.pop("kind", None)
    if kind not in TARGETS:
        raise MfjaxError(f"target is {kind!r}; it must be one of {', '.join(TARGETS)}")
    known = [field.name for field in dataclasses.fields(TARGETS[kind])]
    if unknown := sorted(options.keys() - set(known)):
        raise MfjaxError(f"target {kind} has no option {', '.join(unknown)}; it has {', '.join(known)}")
    return TARGETS[kind](**options)


def describe_json(fields: Mapping[str, Any]) -> str:
    """Returns a target in a few words; one that is not known here as its kind and options.

    Args:
        fields: the kind and the options by name, as `Target.to_json` returns them.
    """
    try:
        return from_json(fields).describe()
    except (ValueError, TypeError):
        options = ", ".join(f"{name} {value}" for name, value in fields.items() if name != "kind")
        return f"{fields.get('kind')}, {options}" if options else f"{fields.get('kind')}"


def total(x: jax.Array, axis_name: str | None) -> jax.Array:
    """Returns the sum of `x` over the devices along an axis.

    Args:
        x: an array of any shape.
        axis_name: the mapped axis; None on one device, where `x` itself is returned.
    """
    return x if axis_name is None else jax.lax.psum(x, axis_name)


def images_before(n: int, axis_name: str | None) -> jax.Array | int:
    """Returns the number of images of a batch that the devices before this one have.

    Args:
        n: number of images on each device.
        axis_name: the mapped axis; None on one device, where the number is 0.
    """
    return 0 if axis_name is None else n * jax.lax.axis_index(axis_name)
