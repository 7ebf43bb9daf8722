"""The last of three runs that made the default model: phase two again, trained to keep the structure of both sources.

    mfjax train --recipe default_3 --data.roots roadscene msrs m3fd m3svd

It starts from the super-resolution branches of the bundled default model, which `default_1` and
`default_2` trained, and a fusion branch of random parameters. To continue with the default model on your own
images, without and with training its super-resolution:

    mfjax train --recipe default_3 --data.roots DIR --start-from default
    mfjax train --recipe default_3 --data.roots DIR --start-from default
        --phase-one-steps 2400 --learning-rate 3e-4 --phase-two-learning-rate 1e-2

The bundled model's fusion branch started with the blend of the small model instead (`small`), and took 240
steps at a learning rate of 2e-3, six minutes on two cores.

The fused image is made from a blend (`ModelConfig.blend`): both sources' structure at four scales, weighted by a
network of 1,833 parameters that sees which source has more of it where. It is trained towards the `Structure` target.
The super-resolution branches stay unchanged.
"""

from dataclasses import replace

from mfjax.recipes import default_1
from mfjax.training import Structure

config = replace(
    default_1.config,
    model=replace(default_1.config.model, blend=32),
    data=replace(default_1.config.data, crop=96, scales=(10, 20), weights={"roadscene": 6, "m3fd": 8, "m3svd": 4}),
    start_from="default",
    phase_one_steps=0,
    phase_two_steps=1_200,
    learning_rate=1e-2,
    warmup_steps=0,
    target=Structure(),
)
