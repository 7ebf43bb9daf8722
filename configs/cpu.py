"""The bundled model: the paper's network on a budget of hours on two CPU cores.

    python train.py --config configs/cpu.py --data.roots roadscene msrs m3fd

Where it departs from `paper.py`: each super-resolved source is written as the bicubic one plus what the network adds,
since the paper's 69,000 steps are out of reach; smaller crops; a warm-up and a cosine decay in place of a constant
learning rate; gradients clipped.
"""

from mfjax.training import DataConfig, ModelConfig, TrainConfig

config = TrainConfig(
    model=ModelConfig(sr_base="bicubic"),
    data=DataConfig(
        weights=(0.5, 0.4, 0.1),  # RoadScene, MSRS, M3FD: by count MSRS's night scenes would be most of it
        crop=64,
        batch=4,
        min_detail=0.03,  # large parts of MSRS are black in both sources
    ),
    phase_one_steps=6_000,
    phase_two_steps=1_000,
    learning_rate=2e-4,
    schedule="cosine",
    warmup_steps=100,
    clip_norm=1.0,
    checkpoint_every=250,
)
