"""The network of Section III, a file a figure. Start reading at `network`."""

from mfjax.model.network import FusionNetwork, FusionOutput, ModelConfig

__all__ = ["FusionNetwork", "FusionOutput", "ModelConfig"]
