"""The tiny model, for live video: as small as `small`, and works on blocks of 2×2 pixels.

    mfjax train --recipe tiny --data.roots roadscene msrs m3fd m3svd --workdir runs/tiny_sr --phase-two-steps 0
    mfjax train --recipe tiny --data.roots roadscene msrs m3fd m3svd --workdir runs/tiny
        --start-from runs/tiny_sr/model.safetensors --phase-one-steps 0 --phase-two-steps 1600 --warmup-steps 0
        --ema-decay 0.99 --data.scales 10 20

The bundled model went on from there, as `small` did: see that recipe.

The extractor sees maps of half the height and width (`ModelConfig.stride`), which takes a quarter of `small`'s
multiply-adds, and there is no dual attention: the blend chooses what is shown. Everything else is `small`'s.
"""

from dataclasses import replace

from mfjax.recipes import small

config = replace(small.config, model=replace(small.config.model, stride=2, dual_attention=False))
