"""Reading models of other programs, and writing models as files that run without mfjax."""

from mfjax.interop.pytorch import convert_state_dict, read_state_dict

__all__ = ["convert_state_dict", "read_state_dict"]
