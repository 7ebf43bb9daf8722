"""The flag `--ir-range`."""

from typing import Literal, cast

from mfjax.errors import MfjaxError
from mfjax.inference.ranges import Celsius, IrRange


def parse_ir_range(text: str | None) -> IrRange:
    """Returns the infrared range that `--ir-range` names.

    Args:
        text: "full", "auto", "auto:all", or two numbers with a comma between them, both or none with C behind them for
            degrees; None if the flag is not given.

    Raises:
        MfjaxError: the text is none of these.
    """
    if text is None or text in ("full", "auto", "auto:all"):
        return cast(Literal["full", "auto", "auto:all"] | None, text)
    ends = text.split(",")
    in_degrees = all(end.strip().endswith(("C", "°C")) for end in ends)
    try:
        low, high = (float(end.strip().removesuffix("C").removesuffix("°") if in_degrees else end) for end in ends)
    except ValueError:
        wanted = "full, auto, auto:all, or a pair such as 7000,8200 or 10C,40C"
        raise MfjaxError(f"--ir-range is {text!r}; it is {wanted}") from None
    return Celsius(low, high) if in_degrees else (low, high)
