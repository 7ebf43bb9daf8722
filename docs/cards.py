"""Writes the cards of the bundled models, docs/cards/NAME.md, from what their weights files tell.

Run it after a model changed: python docs/cards.py
"""

from pathlib import Path

from mfjax.weights import available
from mfjax.weights.card import card

FOLDER = Path(__file__).with_suffix("")
MORE = """\
## Results

What it keeps and loses, its PSNR over bicubic, and what is still wrong in its pictures: [models](../models.md).
"""


def pages() -> dict[Path, str]:
    """Returns the text of each model's page by its file."""
    return {
        FOLDER / f"{name}.md": f"{card(name, title=f'Card of {name}', load_as=name)}\n{MORE}" for name in available()
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
