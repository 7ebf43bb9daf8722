"""Renders the example pair: infrared at 240x320 and visible at 480x640, of one made-up street at night.

    python examples/render.py

It makes examples/street_ir.png and examples/street_vis.png again, byte for byte with the same OpenCV and NumPy.
"""

from pathlib import Path

from mfjax import images
from mfjax.data.synthetic import scene

SEED = 20


def main(folder: Path = Path(__file__).parent) -> None:
    """Writes both files to `folder`."""
    images.write(folder / "street_ir.png", scene(SEED, 240, 320).ir)
    images.write(folder / "street_vis.png", scene(SEED, 480, 640).vis)


if __name__ == "__main__":
    main()
