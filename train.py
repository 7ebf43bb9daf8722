"""Trains a model: the same as `mfjax train`.

python train.py --config configs/NAME.py --data.roots DIR
"""

import sys

from mfjax.cli import main

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
