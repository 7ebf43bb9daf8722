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
# # Training, in two minutes
#
# Both phases of the paper's training on rendered scenes, with a network that is small enough for a laptop. It shows how
# training works, not how good it gets: the bundled models took hours. `pip install '.[cpu,train]'`.

# %%
import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import mfjax
from mfjax import images
from mfjax.data.synthetic import scene, write_folder
from mfjax.training import DataConfig, ModelConfig, Sources, TrainConfig, train

work = Path(tempfile.mkdtemp())
write_folder(work / "pairs", count=6, seed=0, ir_size=(96, 128))
pair = {name: images.read(work / "pairs" / name / "00000.png") for name in ("ir", "vis")}
images.panel(pair)

# %% [markdown]
# ## A recipe
#
# A run is a config; what isn't named keeps the paper's value. Phase one trains everything to super-resolve both sources
# and to fuse them. Phase two trains the fusion branch only, with the contrast loss.

# %%
config = TrainConfig(
    model=ModelConfig(blocks=1, compensations=1, width=16, growth=8, features=4, hidden=32, base="bicubic"),
    data=DataConfig(roots=(str(work / "pairs"),), crop=40, batch=2, scales=(20, 20), threads=1),
    target=Sources(contrast_weight=0.005, contrast_pairs=1024),
    phase_one_steps=60,
    phase_two_steps=40,
    learning_rate=1e-3,
)
config

# %%
model = train(config, work / "run")
sorted(path.name for path in (work / "run").iterdir())

# %% [markdown]
# `log.jsonl` has the losses, and TensorBoard draws them: `tensorboard --logdir DIR`.

# %% [markdown]
# ## Frozen means frozen
#
# The weights after phase one are kept. Phase two changed no bit of what the super-resolution branch uses.

# %%
files = [work / "run" / name for name in ("phase_1.safetensors", "model.safetensors")]
before, after = (mfjax.weights.load(file).params for file in files)


def same(branch):
    """Returns for each array of a branch whether its bits are the same before and after phase two."""
    arrays = zip(jax.tree.leaves(before[branch]), jax.tree.leaves(after[branch]), strict=True)
    return [one.tobytes() == other.tobytes() for one, other in arrays]


assert all(same("branch"))
print(f"branch: {sum(same('branch'))} of {len(same('branch'))} arrays are the same, bit for bit")
print(f"fusion: {sum(same('fusion'))} of {len(same('fusion'))}")

# %% [markdown]
# ## The result

# %%
pair = scene(100, 48, 64).ir, scene(100, 96, 128).vis
mfjax.show(*pair, mfjax.load(model)(*pair))

# %% [markdown]
# ## The contrast loss and its gradient
#
# The contrast loss (Eqs. 17 to 21) rewards differences between pixels of the fused image where the sources differ, and
# holds the image near their average. It is estimated from random pairs of pixels. Its gradient says where it wants the
# fused image, here the average of both sources, to be brighter (white) or darker (black).

# %%
truth = scene(100, 48, 64, colour=False)
ir, vis = (jnp.asarray(image)[None, ..., None] for image in truth)
average = (ir + vis) / 2


def contrast(fused):
    return mfjax.losses.contrast_loss(jax.random.key(0), fused, ir, vis, pairs=200_000).contrast


wanted = jax.grad(contrast)(average)[0, ..., 0]
limit = float(np.percentile(np.abs(wanted), 99))
shown = np.clip(0.5 + 0.5 * np.asarray(wanted) / limit, 0, 1)
images.panel({"infrared": truth.ir, "visible": truth.vis, "average": np.asarray(average)[0, ..., 0], "gradient": shown})

# %% [markdown]
# Real runs: `mfjax train --recipe paper --data.roots DIR`, and `--dry-run` first.
