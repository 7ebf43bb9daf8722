"""The last of three runs that made the default model; `mfjax.recipes.default_3` says what it takes and gives.

python train.py --config configs/default_3.py --data.roots DIR
"""

from mfjax.recipes import default_3

config = default_3.config
