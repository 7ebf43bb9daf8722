"""The trainings that Tables II and III compare, sized to two CPU cores.

    mfjax reproduce table2 tno20 --recipe ablation --roots roadscene msrs m3fd --out out

It has the paper's losses and networks with nothing added, as in `paper`, but a hundredth of its steps, on
crops a quarter of the size. The paper's learning rate is too low for so few steps, so it is 4e-4 here, with warm-up,
cosine decay and clipping.

Time: on two cores ten minutes for each network of Table II and two for each weight of Table III.
"""

from dataclasses import replace

from mfjax.recipes import paper
from mfjax.training import ValidationConfig

config = replace(
    paper.config,
    data=replace(
        paper.config.data,
        pairs=0,
        held_out=0,
        crop=64,
        weights={"roadscene": 2, "m3fd": 4},  # by count, MSRS would be most of it
        min_detail=0.03,
    ),
    validation=ValidationConfig(every=0),
    phase_one_steps=600,
    phase_two_steps=90,
    learning_rate=4e-4,
    schedule="cosine",
    warmup_steps=50,
    clip_norm=1.0,
    checkpoint_every=200,
)
