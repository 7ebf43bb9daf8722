"""Writes a model as a folder in the layout of the Hugging Face Hub: weights, configuration and card."""

import json
from pathlib import Path

from mfjax import atomic
from mfjax.errors import MfjaxError
from mfjax.weights import bundled, header, hub
from mfjax.weights.card import card

CARD = "README.md"
CONFIG = "config.json"
FRONT = """\
---
library_name: mfjax
pipeline_tag: image-to-image
tags: [image-fusion, infrared, thermal, super-resolution, jax]
{licence}---

"""


def write(folder: Path, model: str | Path) -> list[Path]:
    """Returns the three files that it writes into a new or empty folder; each is complete.

    `mfjax.load("hf:OWNER/NAME")` reads `model.safetensors`, which has its configuration in itself; `config.json` is for
    people and for the Hub.

    Args:
        folder: the folder; its name is the model's in the card's example.
        model: the name of a bundled model, or a weights file.

    Raises:
        FileNotFoundError: there is no such model.
        MfjaxError: the folder holds other files.
    """
    source = bundled.find(model)
    names = (hub.FILE, CONFIG, CARD)
    if folder.exists() and (
        others := sorted({path.name for path in folder.iterdir()} - {*names, ".git", ".gitattributes"})
    ):
        raise MfjaxError(f"{folder} holds other files, such as {others[0]}; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    config = json.loads(header.read(source).metadata["config"])
    licence = "license: apache-2.0\n" if source.parent == bundled.FOLDER else ""
    name = folder.resolve().name
    text = FRONT.format(licence=licence) + card(model, title=name, load_as=f"{hub.PREFIX}OWNER/{name}")
    atomic.write_bytes(folder / CONFIG, (json.dumps({"model_type": "mfjax"} | config, indent=1) + "\n").encode())
    atomic.write_bytes(folder / CARD, text.encode())
    atomic.write_bytes(folder / hub.FILE, source.read_bytes())
    return [folder / name for name in names]
