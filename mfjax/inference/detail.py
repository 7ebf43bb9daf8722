"""The choice of how much detail a model's fused images show: all structure of both sources, or a natural look."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mfjax.errors import MfjaxError

if TYPE_CHECKING:  # these import JAX, which `check_detail` does without
    from mfjax.model import ModelConfig


def check_detail(detail: float) -> None:
    """Refuses a detail that can't be.

    Args:
        detail: the detail.

    Raises:
        MfjaxError: it is not from 0 to 1.
    """
    if not 0 <= detail <= 1:
        raise MfjaxError(
            f"detail is {detail:g}; it must be from 0, a natural look, to 1, the structure of both sources"
        )


def params_for(detail: float, config: "ModelConfig", params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the parameters with which a network's fused images show as much detail as asked for.

    Args:
        detail: from 0, the brighter source with what is much stronger in the other one, to 1, the structure of both.
        config: the network's architecture.
        params: its parameters, which show all detail.

    Raises:
        MfjaxError: the detail is not from 0 to 1, or the model shows all detail only.
    """
    check_detail(detail)
    if detail == 1:
        return params
    if not config.blend or not np.any(params["fusion"]["blend"]["natural"]):
        raise MfjaxError(
            f"detail is {detail:g}, but this model was trained for 1 only; leave it out, or choose default"
        )
    from mfjax.model.blend import with_detail

    return with_detail(params, detail)
