"""Lists the models that come with the package, and finds the file of a model."""

from pathlib import Path

from mfjax import regular
from mfjax.weights import hub

SUFFIX = ".safetensors"
FOLDER = Path(__file__).parent


def available() -> list[str]:
    """Returns the names of the bundled models, sorted."""
    return sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}"))


def find(name_or_path: str | Path) -> Path:
    """Returns the weights file of a model.

    Args:
        name_or_path: the name of a bundled model, a weights file, or hf:OWNER/NAME on the Hugging Face Hub.

    Raises:
        FileNotFoundError: it is none of these.
        MfjaxError: it can't be fetched from the Hub, or is a folder, a pipe or a device.
    """
    if str(name_or_path).startswith(hub.PREFIX):
        return hub.download(str(name_or_path))
    if str(name_or_path) in available():
        return FOLDER / f"{name_or_path}{SUFFIX}"
    path = Path(name_or_path)
    if not path.exists():
        raise FileNotFoundError(f"model {str(name_or_path)!r} not found; available: {available()}, or a file")
    regular.check(path)
    return path
