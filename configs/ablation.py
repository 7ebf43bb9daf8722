"""The trainings that Tables II and III compare, small; `mfjax.recipes.ablation` says what it takes and gives.

python train.py --config configs/ablation.py --data.roots DIR
"""

from mfjax.recipes import ablation

config = ablation.config
