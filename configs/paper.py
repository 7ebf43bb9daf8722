"""The paper's training, Section IV.A; `mfjax.recipes.paper` says what it takes and gives.

python train.py --config configs/paper.py --data.roots DIR
"""

from mfjax.recipes import paper

config = paper.config
