"""The first of three runs that made the default model: the paper's network on a budget of hours on two CPU cores.

    mfjax train --recipe default_1 --data.roots roadscene msrs m3fd

It differs from `paper` in five ways. Every reconstruction is a base plus what the network adds
(`ModelConfig.base`), since the paper's 69,000 steps are out of reach. The fusion loss trains the fusion branch only,
since its gradient, large and noisy next to that of the SR losses, keeps the extractor from learning super-resolution.
Crops are smaller. The learning rate has a warm-up and a cosine decay in place of being constant. Gradients are clipped.

Time: about two hours on two cores (1.1 s a step of phase one, 0.5 s of phase two, some minutes of compiling).
Result: at ×2 on 40 pairs that were not trained on +1.33 dB (infrared) and +1.54 dB (visible) over bicubic. That
model's first 1,000 steps belonged to a schedule for 6,000; `mfjax.load("default").metadata` has both recipes. The
second run is `default_2`.
"""

from mfjax.training import DataConfig, ModelConfig, TrainConfig

config = TrainConfig(
    model=ModelConfig(base="bicubic"),
    data=DataConfig(
        weights={"roadscene": 2, "m3fd": 4},  # by count, MSRS's night scenes would be most of it
        crop=64,
        batch=4,
        min_detail=0.03,  # large parts of MSRS are black in both sources
    ),
    phase_one_steps=5_000,
    phase_two_steps=800,
    learning_rate=4e-4,
    schedule="cosine",
    warmup_steps=100,
    clip_norm=1.0,
    phase_one="apart",
    checkpoint_every=250,
)
