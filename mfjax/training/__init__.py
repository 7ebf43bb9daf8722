"""Training in two phases (Section III.E)."""

from mfjax.data.pipeline import DataConfig
from mfjax.model import ModelConfig
from mfjax.training.config import TrainConfig
from mfjax.training.loop import train
from mfjax.training.validation import ValidationConfig

__all__ = ["DataConfig", "ModelConfig", "TrainConfig", "ValidationConfig", "train"]
