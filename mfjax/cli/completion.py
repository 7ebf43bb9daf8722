"""The command `mfjax completion`."""

import contextlib
import io
import re
from typing import Literal

from tyro.conf import Positional

from mfjax.cli import table

SCRIPT = """\
_mfjax() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" name="${{COMP_WORDS[1]}}" words=""
    case "$COMP_CWORD:$name" in
        1:*) words="{commands}" ;;
{seconds}
    esac
    case "$word:$name ${{COMP_WORDS[2]}}" in
{flags}
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _mfjax mfjax
"""
ZSH = "autoload -Uz bashcompinit && bashcompinit\n"


def completion(shell: Positional[Literal["bash", "zsh"]]) -> int:
    """Print a script by which a shell completes commands and flags, and names of files everywhere else.

    For bash: mfjax completion bash > ~/.local/share/bash-completion/completions/mfjax. For zsh, in ~/.zshrc:
    source <(mfjax completion zsh).

    Args:
        shell: The shell.
    """
    names = list(table.COMMANDS)
    firsts = dict.fromkeys(name.split()[0] for name in names)
    seconds = [
        f'        2:{first}) words="{" ".join(name.split()[1] for name in found)}" ;;'
        for first in firsts
        if len((found := table.commands_starting(first))[0].split()) == 2
    ]
    flags = [f'        -*:"{name}"{"" if " " in name else "*"}) words="{" ".join(_flags(name))}" ;;' for name in names]
    listed = {"commands": " ".join([*firsts, "--help", "--version"]), "seconds": "\n".join(seconds)}
    print((ZSH if shell == "zsh" else "") + SCRIPT.format(**listed, flags="\n".join(flags)), end="")
    return 0


def _flags(name: str) -> list[str]:
    """Returns the flags in a command's help; only the general ones if a package is missing for it."""
    import tyro
    from tyro.conf import DisallowNone, FlagCreatePairsOff

    shown = io.StringIO()
    with contextlib.suppress(ModuleNotFoundError, SystemExit), contextlib.redirect_stdout(shown):
        function = table.COMMANDS[name].function([])
        tyro.cli(function, prog="mfjax", args=["--help"], config=(DisallowNone, FlagCreatePairsOff))
    heads = re.findall(r"^[│ ]{0,3}(-.*?)(?:  |$)", shown.getvalue(), re.MULTILINE)  # "│ --recipe, --config NAME   …"
    return [*dict.fromkeys(re.findall(r"--[\w.-]+", " ".join(["--help --traceback", *heads])))]
