"""How good an image is, measured."""

from mfjax.metrics.quality import psnr, ssim

__all__ = ["psnr", "ssim"]
