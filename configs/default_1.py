"""The first of three runs that made the default model; `mfjax.recipes.default_1` says what it takes and gives.

python train.py --config configs/default_1.py --data.roots DIR
"""

from mfjax.recipes import default_1

config = default_1.config
