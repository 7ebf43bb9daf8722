"""The small model, for video; `mfjax.recipes.small` says what it takes and gives.

python train.py --config configs/small.py --data.roots DIR
"""

from mfjax.recipes import small

config = small.config
