"""The interface of a fusion target, and the list of those that there are.

A target is a file in this folder: a frozen dataclass with the target's options, its loss and a phrase that says what it
is, registered under the name that `--target` and a weights file's history call it by. Nothing else has to know of it.

    @register("darker")
    @dataclass(frozen=True)
    class Darker(Target):
        def loss(self, key, output, ir, vis, *, taught=None, axis_name=None):
            distance = losses.mean_absolute_error(output.fused, jnp.minimum(ir, vis))
            return distance, {"fusion": distance}

        def describe(self):
            return "the darker source"

A recipe can define one of its own in the same way.
"""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

import jax

from mfjax.errors import MfjaxError
from mfjax.model import FusionOutput

Metrics = dict[str, jax.Array]


@dataclasses.dataclass(frozen=True)
class Target(ABC):
    """What phase two trains the fused image towards."""

    kind: ClassVar[str]
    """The name that it is registered under."""

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
    ) -> tuple[jax.Array, Metrics]:
        """Returns what phase two minimises, and its terms as they are to be logged. A pure function.

        What depends on the super-resolved sources only is a constant, since phase two trains the fusion branch.

        Args:
            key: for random numbers, another one each step.
            output: the network's three reconstructions, linear (not clipped), each `[n, h, w, 1]`.
            ir: the infrared source at full resolution, `[n, h, w, 1]` in [0, 1].
            vis: the visible source at full resolution, like `ir`.
            taught: of a target that is `taught_by` another model, that model's fused image, like `ir`; else None.
            axis_name: the mapped axis over which a batch is spread, of which the images are this device's part, as
                `images_before` and `total` need to know; None where they are all of it. The caller takes the mean of
                losses, terms and gradients over the axis.

        Returns:
            A scalar and named scalars. The step itself logs it as `loss` and, as `sr`, the super-resolved sources'.
        """

    @abstractmethod
    def describe(self) -> str:
        """Returns the target in a few words, as they stand in a list of how a model was trained."""

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
        kind: what command lines and weights files call it.

    Raises:
        ValueError: another target is called so. A file that is read again brings no other one.
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


def described(fields: Mapping[str, Any]) -> str:
    """Returns a target in a few words, from its JSON: kind and options as they stand there if it is not known here."""
    try:
        return from_json(fields).describe()
    except (ValueError, TypeError):
        options = ", ".join(f"{name} {value}" for name, value in fields.items() if name != "kind")
        return f"{fields.get('kind')}, {options}" if options else f"{fields.get('kind')}"


def total(x: jax.Array, axis_name: str | None) -> jax.Array:
    """Returns the sum of `x` over the devices along an axis; `x` itself on one device, which has no axis."""
    return x if axis_name is None else jax.lax.psum(x, axis_name)


def images_before(n: int, axis_name: str | None) -> jax.Array | int:
    """Returns how many images of a batch the devices before this one have, if each has `n`."""
    return 0 if axis_name is None else n * jax.lax.axis_index(axis_name)
