"""The additions of other installed packages to mfjax: metrics and data sets.

A package names its module in an entry point, and importing the module registers what it has. In its pyproject.toml:

    [project.entry-points."mfjax.metrics"]
    sharpness = "their_package.sharpness"

The groups are `mfjax.metrics`, for modules with `@metric` in them, and `mfjax.data.sets`, for those that call
`mfjax.data.sets.layouts.register`.
"""

import logging
from importlib import metadata

logger = logging.getLogger("mfjax")


def load(group: str) -> None:
    """Imports the modules that other packages name in a group of entry points; one that fails is logged and left out.

    Args:
        group: the name of the group, such as `mfjax.metrics`.
    """
    for point in metadata.entry_points(group=group):
        try:
            point.load()
        except Exception as error:  # whatever another package's code may raise
            package = point.dist.name if point.dist else "another package"
            logger.warning(
                "%s of %s, which would add to %s, can't be imported and is left out: %s: %s",
                point.value,
                package,
                group,
                type(error).__name__,
                error,
            )
