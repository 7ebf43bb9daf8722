"""Whether edges of the fused image lie where those of its sources lie."""

import numpy as np

from mfjax.metrics.common import Image, UndefinedError
from mfjax.metrics.registry import metric


@metric("GC", least=-1, most=1, source="Penney et al., IEEE Trans. Med. Imaging 17(4), 1998")
def gradient_correlation(ir: Image, vis: Image, fused: Image) -> float:
    """GC: correlation of the fused image's differences, to the right and down, with those of a source; mean of four."""
    pairs = [(np.diff(source, axis=axis), np.diff(fused, axis=axis)) for source in (ir, vis) for axis in (1, 0)]
    if any(image.std() == 0 for pair in pairs for image in pair):
        raise UndefinedError("an image has the same difference everywhere, so it correlates with nothing")
    return float(np.mean([np.corrcoef(source.ravel(), fused.ravel())[0, 1] for source, fused in pairs]))
