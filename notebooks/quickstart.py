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
# # Fusing in a notebook
#
# An infrared and a visible image of two sizes become one image of any size. The pictures here are rendered, so nothing
# has to be downloaded. `pip install '.[cpu]'` in a copy of the repository is all that is needed.

# %%
import jax
import jax.numpy as jnp
import numpy as np

import mfjax
from mfjax import images
from mfjax.data.synthetic import scene

ir = images.from_float(scene(20, 96, 128).ir, np.uint8)
vis = images.from_float(scene(20, 192, 256).vis, np.uint8)
ir.shape, vis.shape

# %% [markdown]
# ## Fuse at any size
#
# `mfjax.load` gives a model, here the small one. Its value as a cell is one line; that of a result is its picture.

# %%
fuser = mfjax.load("small")
fuser

# %%
result = fuser(ir, vis)
result

# %% [markdown]
# By default the output has the larger source's size. Any other may be asked for, in any ratio to the sources, and
# `mfjax.show` puts all three images beside each other.

# %%
larger = fuser(ir, vis, size=(300, 400))
mfjax.show(ir, vis, larger)

# %% [markdown]
# Files work in place of arrays: `fuser("ir.png", "vis.png")`. One call does all of it by a model of your choice:

# %%
fused = mfjax.fuse(ir, vis, scale=0.5, model="small")
fused.shape, fused.dtype

# %% [markdown]
# ## By-products
#
# The network super-resolves both sources on the way. They come with the fused image.

# %%
fused, sr_ir, sr_vis = larger
images.panel({"infrared, as it is": ir, "infrared, super-resolved": sr_ir, "visible, super-resolved": sr_vis})

# %% [markdown]
# ## A pure function
#
# `fuser.apply` takes luma in [0, 1] and is a function of arrays only: JAX can compile it, map it over a batch and
# differentiate it. `jax.jit` makes one program for one combination of sizes.

# %%
heat, light = jnp.asarray(images.luma(ir) / 255, jnp.float32), jnp.asarray(images.luma(vis) / 255, jnp.float32)
SIZE = (96, 128)


@jax.jit
def fuse(ir, vis):
    return fuser.apply(ir, vis, size=SIZE).fused


fuse(heat, light).shape

# %% [markdown]
# `jax.vmap` fuses a batch, here the same scene at four exposures of the visible camera.

# %%
exposures = jnp.stack([light * share for share in (1.0, 0.7, 0.4, 0.1)])
batch = jax.jit(jax.vmap(fuse, in_axes=(None, 0)))(heat, exposures)
images.panel({f"exposure {share}": np.asarray(image) for share, image in zip((1.0, 0.7, 0.4, 0.1), batch, strict=True)})

# %% [markdown]
# `jax.grad` says which pixels of the sources an output depends on. This is the gradient, by both sources, of the fused
# image's mean in the red frame, which is around a pedestrian: gray is none, white positive, black negative.

# %%
ROWS, COLS = slice(64, 92), slice(112, 127)


def brightness(ir, vis):
    return fuse(ir, vis)[ROWS, COLS].mean()


by_ir, by_vis = jax.grad(brightness, argnums=(0, 1))(heat, light)


def signed(gradient):
    """Returns a gradient as a picture in which gray is zero."""
    return np.asarray(0.5 + 0.5 * gradient / jnp.abs(gradient).max())


framed = np.dstack([images.from_float(np.clip(np.asarray(fuse(heat, light)), 0, 1), np.uint8)] * 3)
framed[[ROWS.start, ROWS.stop - 1], COLS] = framed[ROWS, [COLS.start]] = framed[ROWS, [COLS.stop - 1]] = (255, 0, 0)
images.panel({"fused": framed, "by infrared": signed(by_ir), "by visible": signed(by_vis)})

# %% [markdown]
# ## What attention sees
#
# Before both sources' features are fused, position attention weights every pixel and channel attention every channel
# (Fig. 4 of the paper). Flax keeps what a module returned if it is asked to. This is the paper's own network.

# %%
from mfjax.model import FusionNetwork
from mfjax.model.attention import PositionAttention, channel_attention, channel_relation

paper = mfjax.load("paper", engine="xla")
network = FusionNetwork(paper.config)
half = jax.image.resize(light, SIZE, "linear")  # the visible image of infrared's size


@jax.jit
def seen(params, ir, vis):
    """Returns the weights of positions and of channels for both sources."""

    def is_wanted(module, _):
        return isinstance(module, PositionAttention)

    def branches_and_fused(network, ir, vis):
        branches = network.branches(ir, vis, size=SIZE)
        network.fuse(*branches)
        return branches

    branches, kept = network.apply(
        {"params": params}, ir, vis, method=branches_and_fused, capture_intermediates=is_wanted, mutable="intermediates"
    )
    positions = kept["intermediates"]["fusion"]["module"]["attention"]["position"]["__call__"]
    return positions, [channel_attention(channel_relation(branch.upscaled)) for branch in branches]


positions, channels = seen(paper.params, heat[None, ..., None], half[None, ..., None])
for name, position, channel in zip(("infrared", "visible"), positions, channels, strict=True):
    weights = ", ".join(f"{float(weight):.2f}" for weight in channel[0, 0, 0])
    print(f"{name}: positions {float(position.min()):.3f} to {float(position.max()):.3f}; channels {weights}")

# %% [markdown]
# Weights of positions come from a map of a quarter of the size, whose channels become the pixels of 4×4 blocks, and
# most of what they vary is one pattern inside of all blocks. So the picture shows the mean of each block, from the
# smallest, black, to the largest, white: it is the scene that moves them, but by hundredths only. A source's channels
# add up to one.

# %%


def by_blocks(weights):
    """Returns the mean of each 4×4 block, stretched to [0, 1]."""
    means = np.asarray(weights[0, ..., 0]).reshape(SIZE[0] // 4, 4, SIZE[1] // 4, 4).mean(axis=(1, 3))
    return (means - means.min()) / np.ptp(means)


images.panel({"infrared": by_blocks(positions[0]), "visible": by_blocks(positions[1])})

# %% [markdown]
# Next: [your own cameras](own_cameras.py), [training](training.py).
