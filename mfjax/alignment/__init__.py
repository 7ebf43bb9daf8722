"""The position of a visible image under an infrared one that another camera took: found, kept in a file, applied.

`Alignment` (`rig`) is the one notion of it, `geometry` its arithmetic, `frames` says what an output in one camera's
view needs of both sources, `warping` resamples one, `preview` draws both on each other, and `estimate` finds it.
"""

from mfjax.alignment.rig import LEAST_CONFIDENCE, MODELS, Alignment, Model

__all__ = ["LEAST_CONFIDENCE", "MODELS", "Alignment", "Model"]
