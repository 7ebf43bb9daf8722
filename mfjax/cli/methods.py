"""Methods that flags name: models, and folders of images that other methods made."""

from collections.abc import Sequence
from pathlib import Path

from mfjax import weights
from mfjax.errors import MfjaxError


def named_folder(text: str) -> tuple[str, Path]:
    """Returns the name and the folder of NAME=DIR.

    Args:
        text: the flag's value.

    Raises:
        MfjaxError: the text does not have this form.
    """
    name, separator, folder = text.partition("=")
    if not separator or not name or not folder:
        raise MfjaxError(f"--results is {text!r}; it is a name and a folder, such as DenseFuse=results/densefuse")
    return name, Path(folder)


def named_model(text: str) -> tuple[str, Path]:
    """Returns the name and the file of a model, which is a bundled model's name, a file's path, or NAME=FILE.

    Args:
        text: the flag's value.

    Raises:
        FileNotFoundError: there is no such model.
    """
    name, _, file = text.partition("=")
    if name and file and Path(name).name == name and not Path(text).is_file():
        return name, weights.find(file)
    return Path(text).stem, weights.find(text)


def refuse_twins(names: Sequence[str]) -> None:
    """Raises MfjaxError if two methods have one name, so that their scores could not be told apart.

    Args:
        names: the methods' names.
    """
    if twice := [name for name in names if names.count(name) > 1]:
        raise MfjaxError(
            f"two methods are called {twice[0]}; give one of them another name, by --model NAME=FILE or "
            "--results NAME=DIR"
        )
