"""The network of Section III, one file for each figure. Start reading at `network`."""

from mfjax.model.network import FusionNetwork, FusionOutput, ModelConfig

__all__ = ["FusionNetwork", "FusionOutput", "ModelConfig"]
