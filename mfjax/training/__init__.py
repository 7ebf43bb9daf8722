"""Training in two phases (Section III.E)."""

from mfjax.training.config import DataConfig, ModelConfig, TrainConfig
from mfjax.training.loop import train

__all__ = ["DataConfig", "ModelConfig", "TrainConfig", "train"]
