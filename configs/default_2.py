"""The second of three runs that made the default model; `mfjax.recipes.default_2` says what it takes and gives.

python train.py --config configs/default_2.py --data.roots DIR
"""

from mfjax.recipes import default_2

config = default_2.config
