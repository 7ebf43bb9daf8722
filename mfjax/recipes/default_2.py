"""The second of three runs that made the default model: it continues from the result of `default_1`.

    mfjax train --recipe default_2 --data.roots roadscene msrs m3fd

It is shorter than `default_1`, starts at a lower learning rate, and averages parameters. The third run is
`default_3`.

Time: an hour on two cores. Result, from that of `default_1`: at ×2 on 40 pairs that were not trained on +1.38 dB
(infrared) and +1.59 dB (visible) over bicubic, where it was +1.33 and +1.54.
"""

from dataclasses import replace

from mfjax.recipes import default_1

config = replace(
    default_1.config,
    start_from="runs/default_1/model.safetensors",
    phase_one_steps=2_400,
    phase_two_steps=200,
    learning_rate=3e-4,
    warmup_steps=50,
    ema_decay=0.995,
)
