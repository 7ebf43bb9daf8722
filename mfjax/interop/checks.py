"""What a whole network can be exported for: sizes and factors that make sense."""

from mfjax.errors import MfjaxError
from mfjax.inference.sizes import Size
from mfjax.model.resampling import LARGEST_WHOLE


def check_sizes(ir: Size, vis: Size, size: Size) -> None:
    """Raises MfjaxError if the infrared, the visible or the output's size is empty."""
    for name, sides in (("infrared", ir), ("visible", vis), ("output", size)):
        if min(sides) < 1:
            raise MfjaxError(f"{name} is {sides[0]}x{sides[1]}; it needs at least one pixel")


def check_factors(factors: tuple[int, int], largest_factor: float) -> None:
    """Raises MfjaxError if a factor is less than 1 or more than the model enlarges by at once."""
    largest = min(int(largest_factor), LARGEST_WHOLE)
    for factor in factors:
        if not 1 <= factor <= largest:
            raise MfjaxError(
                f"a factor is {factor}; it is a whole number from 1 to {largest}, up to which this model was trained: "
                "others take steps, which a program for fixed sizes has (--ir, --vis and --size)"
            )
