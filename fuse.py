"""Fuses an infrared and a visible image: the same as `mfjax fuse`.

python fuse.py IR VIS --out OUT
"""

import sys

from mfjax.cli import main

if __name__ == "__main__":
    sys.exit(main(["fuse", *sys.argv[1:]]))
