"""The options of a request of the page, checked."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from mfjax.alignment.frames import VIEWS, View
from mfjax.errors import MfjaxError
from mfjax.images.palettes import Palette
from mfjax.inference import sizes
from mfjax.inference.colour import Color
from mfjax.inference.detail import check_detail
from mfjax.inference.ranges import Celsius, IrRange, check_ir_range

LARGEST = 1e15  # of any number
CHOICES: dict[str, tuple[str, ...]] = {
    "color": get_args(Color),
    "align": ("auto", "none"),
    "view": VIEWS,
    "ir_palette": get_args(Palette),
    "ir_polarity": ("white", "black"),
}


@dataclass(frozen=True)
class Options:
    """The options of one fused image, with the meaning and defaults of the flags of `mfjax fuse`."""

    model: str = "default"
    detail: float = 1.0
    scale: float | None = None
    height: int | None = None
    width: int | None = None
    color: Color = "auto"
    align: Literal["auto", "none"] | None = None
    view: View | None = None
    stretch: bool = False
    exif: bool = False
    ir_range: IrRange = None
    ir_palette: Palette | None = None
    ir_polarity: Literal["white", "black"] = "white"

    @property
    def size(self) -> sizes.PartialSize | None:
        """Returns the output's (height, width) as far as it is given; None if it is not."""
        return None if self.height is None and self.width is None else (self.height, self.width)

    @classmethod
    def of(cls, told: Any) -> "Options":
        """Returns the options that a request names.

        Args:
            told: an object of JSON: values by the names of the fields. A range is "full", "auto", two numbers, or
                {"celsius": [low, high]}.

        Raises:
            MfjaxError: a name is unknown, or a value is none of its option.
        """
        if not isinstance(told, Mapping):
            raise MfjaxError('options are an object of JSON, such as {"scale": 2}')
        given = {name: value for name, value in told.items() if value is not None}
        known = {field.name for field in fields(cls)}
        if unknown := sorted(str(name) for name in given if name not in known):
            raise MfjaxError(f"there is no option {', '.join(unknown)}; there are {', '.join(sorted(known))}")
        for name, value in given.items():
            given[name] = _checked(name, value)
        made = cls(**given)
        check_detail(made.detail)
        sizes.check_requested_size(made.size, made.scale)
        if made.view is not None and made.align != "auto":
            raise MfjaxError(f"the view {made.view} is of aligned images; align them, too")
        return made


def _checked(name: str, value: Any) -> Any:
    """Returns the value of an option in its type."""
    if name in CHOICES:
        if value not in CHOICES[name]:
            raise MfjaxError(f"{name} is {value!r}; it is one of {', '.join(CHOICES[name])}")
        return value
    if name in ("stretch", "exif"):
        if not isinstance(value, bool):
            raise MfjaxError(f"{name} is {value!r}; it is true or false")
        return value
    if name in ("detail", "scale"):
        if not _is_number(value):
            raise MfjaxError(f"{name} is {value!r}; it is a number")
        return float(value)
    if name in ("height", "width"):
        if not _is_number(value) or value != int(value):
            raise MfjaxError(f"{name} is {value!r}; it is a number of pixels")
        return int(value)
    if name == "ir_range":
        return _range(value)
    if not isinstance(value, str):
        raise MfjaxError(f"{name} is {value!r}; it is a name")
    return value


def _range(value: Any) -> IrRange:
    """Returns an infrared range."""
    ends = value.get("celsius") if isinstance(value, Mapping) else value
    if isinstance(ends, list):
        if len(ends) != 2 or not all(map(_is_number, ends)):
            raise MfjaxError(f"infrared range is {ends!r}; it is two numbers")
        low, high = map(float, ends)
        return check_ir_range(Celsius(low, high) if isinstance(value, Mapping) else (low, high))
    if value not in ("full", "auto"):
        raise MfjaxError(f"infrared range is {value!r}; it is full, auto or two numbers")
    return check_ir_range(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -LARGEST < value < LARGEST
