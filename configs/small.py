"""The small model, for video: narrow and shallow, from random parameters on.

    python train.py --config configs/small.py --data.roots roadscene msrs m3fd m3svd

The extractor takes 13 thousand multiply-adds a pixel where the default's takes 1.2 million. Phase one trains
super-resolution alone, at factors up to 4, with the higher learning rate that so few parameters bear. Phase two trains
the fusion branch as `structure.py` does.
"""

from mfjax.training import DataConfig, ModelConfig, Structure, TrainConfig

config = TrainConfig(
    model=ModelConfig(blocks=1, width=16, growth=8, features=4, compensations=1, hidden=64, base="bicubic", blend=32),
    data=DataConfig(
        weights={"roadscene": 6, "m3fd": 8, "m3svd": 4},  # by count, MSRS's night scenes would be most of it
        crop=96,
        batch=4,
        scales=(10, 40),
        min_detail=0.03,  # large parts of MSRS are black in both sources
    ),
    phase_one="super-resolution",
    phase_one_steps=8_000,
    phase_two_steps=1_500,
    learning_rate=2e-3,
    phase_two_learning_rate=1e-2,
    schedule="cosine",
    warmup_steps=100,
    clip_norm=1.0,
    ema_decay=0.998,
    target=Structure(fidelity=0.22),
    checkpoint_every=500,
)
