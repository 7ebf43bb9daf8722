"""How good a fused image is, and how near a super-resolved one comes to the truth, measured.

`score` gives the field's fusion metrics by name; `METRICS` says of each what it means and whose numbers it matches.
"""

from mfjax.metrics.quality import psnr, ssim
from mfjax.metrics.registry import DEFAULT, FIELD, METRICS, PAPER, STRUCTURE_LOST, Metric, Scores, score

__all__ = ["DEFAULT", "FIELD", "METRICS", "PAPER", "STRUCTURE_LOST", "Metric", "Scores", "psnr", "score", "ssim"]
