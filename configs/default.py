"""The default model; `mfjax.recipes.default` says what it takes and gives.

python train.py --config configs/default.py --data.roots DIR
"""

from mfjax.recipes import default

config = default.config
