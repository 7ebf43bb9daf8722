"""Says what is wrong if JAX can't start the platforms that the environment asks for."""

import os
import sys

VARIABLES = "JAX_PLATFORMS", "JAX_PLATFORM_NAME"


def problem() -> str:
    """Returns a line if the environment names platforms that JAX can't start here; else an empty text.

    It is called after an error, since starting a platform takes a second.
    """
    asked = [f"{name}={os.environ[name]}" for name in VARIABLES if os.environ.get(name)]
    if not asked or "jax" not in sys.modules:
        return ""
    import jax
    from jax.extend.backend import clear_backends

    try:
        jax.devices()
    except (RuntimeError, AssertionError):
        jax.config.update("jax_platforms", None)
        jax.config.update("jax_platform_name", "")
        clear_backends()
        there = jax.default_backend()
        return f"{' and '.join(asked)}: JAX finds no such device here, but {there}; unset it, or name {there}"
    return ""
