"""The paper's training, Section IV.A.

    mfjax train --recipe paper --data.roots data/kaist data/flir_adas

It takes 23 epochs of 3,000 steps: the paper trains on 12,000 pairs, drawn from KAIST and FLIR ADAS, and validates on
400 more. `mfjax data build` makes these two folders. On fewer pairs, add `--data.pairs 0 --data.held-out 40`.

Time: on two CPU cores a step of phase one takes 1 to 5 s, by its scales (`benchmarks/train_step.py`), so about two
days in all, and validating on 400 pairs takes half an hour each time (`--validation.pairs 8` takes a sample). Result:
none yet, it was not run to its end. The bundled model "paper" had a twenty-fourth of it, an hour on two cores:

    mfjax train --recipe paper --data.roots roadscene msrs m3fd m3svd --data.pairs 0 --data.held-out 0
        --data.weights roadscene 6 m3fd 8 m3svd 4 --data.min-detail 0.03 --data.crop 64
        --phase-one-steps 2500 --phase-two-steps 375 --validation.every 0
"""

from mfjax.training import DataConfig, ModelConfig, Sources, TrainConfig, ValidationConfig

config = TrainConfig(
    model=ModelConfig(blocks=6, compensations=2),  # "The numbers of FEBs and RCMs … are set to 6 and 2"
    data=DataConfig(
        pairs=12_400,  # "6200 pairs from each dataset to totally obtain 12400", chosen evenly
        held_out=400,  # "the remaining 400 pairs are used for validation"
        crop=128,  # "randomly crop each infrared and visible image pair to size 128×128"
        batch=4,  # "the batchsize is set to 4"
    ),
    phase_one_steps=20 * 3_000,  # "the first 20 epochs are trained by the pixel loss"; 12,000 pairs in fours
    phase_two_steps=3 * 3_000,  # "the last 3 epoches are trained by the total loss"
    learning_rate=1e-4,  # "1×10⁻⁴ for all layers during the training"
    validation=ValidationConfig(every=3_000, pairs=0),  # each epoch, on all pairs that are held out
    target=Sources(contrast_weight=0.005),  # "The parameter λ is set to 0.005"
)
