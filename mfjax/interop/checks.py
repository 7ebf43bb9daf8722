"""Checks of the sizes and factors that a whole network is exported for."""

from mfjax.errors import MfjaxError
from mfjax.model.resampling import LARGEST_WHOLE
from mfjax.size import Size


def check_sizes(ir: Size, vis: Size, size: Size) -> None:
    """Raises MfjaxError if a size is empty.

    Args:
        ir: the infrared image's size.
        vis: the visible image's size.
        size: the output's size.
    """
    for name, sides in (("infrared", ir), ("visible", vis), ("output", size)):
        if min(sides) < 1:
            raise MfjaxError(f"{name} is {sides[0]}x{sides[1]}; it needs at least one pixel")


def check_factors(factors: tuple[int, int], largest_factor: float) -> None:
    """Raises MfjaxError if a factor is less than 1 or more than the model enlarges by in one pass.

    Args:
        factors: the factors of infrared and visible.
        largest_factor: the largest factor by which the model enlarges in one pass.
    """
    largest = min(int(largest_factor), LARGEST_WHOLE)
    for factor in factors:
        if not 1 <= factor <= largest:
            raise MfjaxError(
                f"a factor is {factor}; it is a whole number from 1 to {largest}, up to which this model was trained: "
                "others take steps, which a program for fixed sizes has (--ir, --vis and --size)"
            )
