"""Two videos in, one out: `for frame in mfjax.video.fuse(ir, vis): show(frame.fused)`.

`frames` says what a source is; `files`, `sequences`, `thermal` and `live` have one kind each; `matching` pairs frames
by their times; `steadiness` keeps range and level from flickering; `placing` aligns; `fusing` is the loop; `writing`
makes a file of it and `numbering` images, `outputs` spares the sources, `resuming` goes on with one.
"""

from mfjax.video.frames import Frame, Source
from mfjax.video.fusing import FusedFrame, FusedVideo, fuse
from mfjax.video.live import Camera
from mfjax.video.writing import write

__all__ = ["Camera", "Frame", "FusedFrame", "FusedVideo", "Source", "fuse", "write"]
