"""The small model, for video: narrow, shallow, and taught by the default one how a fused image looks.

    python train.py --config configs/small.py --data.roots roadscene msrs m3fd

The extractor takes 13 thousand multiply-adds a pixel where the default's takes 1.2 million. Phase one trains
super-resolution as in `cpu.py`, with the higher learning rate that so few parameters bear. Phase two trains the fusion
branch towards what the default model makes of the same sources.

Time: 40 minutes on two cores, most of phase two for what the default model makes. Result: at ×2 on 40 pairs that were
not trained on +1.22 dB (infrared) and +1.41 dB (visible) over bicubic, where the default has +1.38 and +1.59, and as
many cells of the paper's Table IV (docs/results.md).
"""

import runpy
from dataclasses import replace
from pathlib import Path

from mfjax.training import ModelConfig, Teacher

config = runpy.run_path(str(Path(__file__).with_name("cpu.py")))["config"]
config = replace(
    config,
    model=ModelConfig(
        blocks=1, width=16, growth=8, features=4, compensations=1, hidden=64, base="bicubic", see_base=True
    ),
    data=replace(config.data, crop=96, weights={"roadscene": 4, "m3fd": 4}),
    phase_one_steps=6_000,
    phase_two_steps=1_500,
    learning_rate=2e-3,
    phase_two_learning_rate=1e-2,
    ema_decay=0.995,
    target=Teacher("default"),
    checkpoint_every=1_000,
)
