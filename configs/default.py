"""The default model (being trained)."""

from mfjax.training import DataConfig, ModelConfig, TrainConfig

config = TrainConfig(
    model=ModelConfig(blocks=2, width=48, growth=24, compensations=1, hidden=128, base="bicubic"),
    data=DataConfig(
        weights={"roadscene": 6, "m3fd": 8, "m3svd": 4},  # by count, MSRS's night scenes would be most of it
        crop=96,
        batch=4,
        scales=(10, 40),
        min_detail=0.03,  # large parts of MSRS are black in both sources
    ),
    phase_one_steps=16_000,
    phase_two_steps=1_000,
    learning_rate=1e-3,
    schedule="cosine",
    warmup_steps=300,
    clip_norm=1.0,
    ema_decay=0.999,
    fusion_trains_branches=False,
    checkpoint_every=500,
)
