"""The experiment `alignment`: errors of alignments of registered pairs that are seen through known warps.

`measuring` makes the views and measures methods on them, `peers` are OpenCV's methods, `tables` puts results in words.
"""

from mfjax.evaluation.alignment.measuring import Method, Result, Scene, measure, own_method, scenes
from mfjax.evaluation.alignment.peers import opencv_peers
from mfjax.evaluation.alignment.tables import as_dict, section

__all__ = ["Method", "Result", "Scene", "as_dict", "measure", "opencv_peers", "own_method", "scenes", "section"]
