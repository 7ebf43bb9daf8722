"""The tiny model, for live video; `mfjax.recipes.tiny` says what it takes and gives.

python train.py --config configs/tiny.py --data.roots DIR
"""

from mfjax.recipes import tiny

config = tiny.config
