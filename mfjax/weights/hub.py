"""Fetches weights files from the Hugging Face Hub, by names such as hf:owner/name."""

import re
from pathlib import Path

from mfjax.errors import MfjaxError

PREFIX = "hf:"
FILE = "model.safetensors"  # the name of the weights file in a model's folder there


def download(name: str) -> Path:
    """Returns the weights file of a model on the Hub, fetched into the cache of huggingface_hub unless it is there.

    Args:
        name: hf:OWNER/NAME, or hf:OWNER/NAME@REVISION for a branch, a tag or a commit.

    Raises:
        MfjaxError: the name has another form, huggingface_hub is not installed, or the file can't be fetched.
    """
    form = re.fullmatch(r"hf:([\w.-]+/[\w.-]+)(?:@(.+))?", name)
    if form is None:
        raise MfjaxError(
            f"{name} names no model on the Hugging Face Hub; write hf:OWNER/NAME or hf:OWNER/NAME@REVISION"
        )
    try:
        import huggingface_hub
        from huggingface_hub.errors import EntryNotFoundError
    except ModuleNotFoundError as error:
        raise MfjaxError(f"{name} needs huggingface_hub, which is not installed: pip install 'mfjax[hub]'") from error
    try:
        return Path(huggingface_hub.hf_hub_download(form[1], FILE, revision=form[2]))
    except (OSError, EntryNotFoundError, ValueError) as error:  # no such model, no network, a name that is not valid
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise MfjaxError(f"{name}: {FILE} can't be fetched from the Hugging Face Hub: {reason.strip()}") from error
