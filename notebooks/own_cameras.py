# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Your own cameras
#
# From files of two cameras to fused pictures: what is read, which temperatures are black and white, where one camera
# looks in the other's picture, and a video. The files are rendered here; put your own in their place.

# %%
import logging
import tempfile
from pathlib import Path

import numpy as np

import mfjax
from mfjax import images
from mfjax.data.synthetic.rig import sequence

logging.basicConfig(format="%(message)s")  # what mfjax decides and guesses is logged; here it is shown
work = Path(tempfile.mkdtemp())
rng = np.random.default_rng(0)
for number, frame in enumerate(sequence(7, 6, ir_size=(96, 128), vis_size=(192, 256), baseline=0.0)):
    counts = 7000 + 900 * frame.ir + rng.normal(0, 3, frame.ir.shape)  # as a thermal sensor of 14 bits gives them
    images.write(work / f"ir_{number:02d}.tif", counts.astype(np.uint16))
    images.write(work / f"vis_{number:02d}.png", images.from_float(frame.vis, np.uint8))
sorted(path.name for path in work.iterdir())

# %% [markdown]
# ## Files
#
# A call takes paths, and reads them as `mfjax fuse` does: PNG, TIFF, JPEG and others of any depth, and thermal cameras'
# files as temperatures. `mfjax.images.open` tells what a file says of itself.

# %%
ir, vis = work / "ir_00.tif", work / "vis_00.png"
images.open(ir), images.open(vis)

# %% [markdown]
# ## Range
#
# The sensor's values fill a seventieth of 16 bits. As they are, they look flat; by default such an image is stretched
# to what it uses, and that is said. Two values are better for many images, since they mean the same in all of them.

# %%
fuser = mfjax.load("small")
ranges = ("full", None, (7000, 7700))
made = {str(each): fuser(ir, vis, align="none", ir_range=each).ir for each in ranges}
images.panel({f"ir_range={name}": image for name, image in made.items()})

# %% [markdown]
# Degrees work in the same way: by `mfjax.fuse("flir.jpg", "photo.jpg", ir_range=(10, 40))` 10 °C are black and 40 °C
# white.
#
# ## Where one camera looks in the other's picture
#
# These two don't see the same: the infrared one sees four fifths of the width and is turned by 2°. Fused as they lie,
# every edge is there twice.

# %%
mfjax.show(ir, vis, fuser(ir, vis, align="none"))

# %% [markdown]
# `mfjax.align` finds the place. Of two cameras that are fixed to each other, several pairs give one alignment that is
# surer than that of one pair. Look at its confidence: below 0.5 nothing is aligned.

# %%
rig = mfjax.align(sorted(work.glob("ir_*.tif")), sorted(work.glob("vis_*.png")))
rig.save(work / "rig.json")
rig

# %%
views = {
    view: fuser(ir, vis, align=rig, view=view, ir_range=(7000, 7700)).fused
    for view in ("visible", "infrared", "overlap")
}
images.panel({f"view={view}": image for view, image in views.items()})

# %% [markdown]
# ## Video
#
# `mfjax.video.fuse` takes video files (`pip install 'mfjax[video]'`), numbered images and live cameras, and yields
# fused frames whose range and level don't flicker. `mfjax.video.write` makes a file of them.

# %%
video = mfjax.video.fuse(
    str(work / "ir_%02d.tif"), str(work / "vis_%02d.png"), fuser=fuser, align=work / "rig.json", rate=10
)
frames = {f"{frame.time:.1f} s": frame.fused for frame in video}
images.panel({time: frames[time] for time in list(frames)[::2]})

# %% [markdown]
# On the command line it is `mfjax video ir_%02d.tif vis_%02d.png --align rig.json --out fused.mp4`.
