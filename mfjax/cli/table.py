"""The commands by name. A command's module is imported only when the command or its help is called."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SYNOPSIS = """\
Fuses an infrared (IR) and a visible (VIS) image of any two resolutions into one (OUT) of any resolution.

  mfjax fuse IR VIS --out OUT
"""

OPTIONS = {
    "-h, --help": "this text; after a command, all of its options",
    "--version": "the version of mfjax",
    "--traceback": "with any command: show where in the code an error came from",
}


@dataclass(frozen=True)
class Command:
    """A command of `mfjax`."""

    home: str
    """The function whose arguments are the command's flags and whose docstring is its help: "module:name"."""
    arguments: str
    """The required arguments, as `mfjax --help` shows them."""
    help: str
    is_factory: bool = False
    """True: `home` is a function that takes the arguments and returns the command, whose flags depend on them."""

    def function(self, arguments: Sequence[str]) -> Callable[..., int]:
        """Imports the command and returns its function.

        Args:
            arguments: the arguments that it was given.
        """
        module, _, name = self.home.partition(":")
        found = getattr(importlib.import_module(module), name)
        return found(arguments) if self.is_factory else found


COMMANDS = {
    "fuse": Command(
        "mfjax.cli.fuse:fuse", "IR VIS --out OUT", "fuse two images, or the pairs of two folders, at any size"
    ),
    "align": Command(
        "mfjax.cli.align:align", "IR VIS --out RIG.json", "find where the visible image lies under the infrared one"
    ),
    "video": Command("mfjax.cli.video:video", "IR VIS --out OUT", "fuse two videos, image sequences or live cameras"),
    "serve": Command("mfjax.cli.serve:serve", "", "show a page in the browser, on which two pictures are fused"),
    "models": Command("mfjax.cli.models:models", "", "list the bundled models"),
    "evaluate": Command("mfjax.cli.evaluate:evaluate", "DATA", "score models, or images that other methods made"),
    "detection": Command(
        "mfjax.cli.detection:detection", "LABELS", "score boxes that a detector found in fused images"
    ),
    "reproduce table2": Command(
        "mfjax.cli.reproduce:table2", "DATA --recipe R --out OUT", "train the five networks of Table II, and score them"
    ),
    "reproduce table3": Command(
        "mfjax.cli.reproduce:table3",
        "DATA --recipe R --out OUT",
        "train with the six weights of Table III, and score them",
    ),
    "reproduce table4": Command("mfjax.cli.reproduce:table4", "DATA", "score models at the nine settings of Table IV"),
    "reproduce table5": Command("mfjax.cli.reproduce:table5", "DATA", "score models as Table V does"),
    "reproduce figures": Command(
        "mfjax.cli.reproduce:figures", "DATA --out OUT", "draw Figs. 7 to 11 of the images that the tables left in OUT"
    ),
    "train": Command(
        "mfjax.cli.train:train_command",
        "--recipe R --data.roots DIR",
        "train a model, or go on with a run",
        is_factory=True,
    ),
    "data build": Command(
        "mfjax.cli.data:build", "NAME --from DIR", "build a data set to train on from files downloaded by hand"
    ),
    "data show": Command("mfjax.cli.data:show", "NAME", "draw pairs of a built data set, with their alignment"),
    "convert": Command(
        "mfjax.cli.convert:convert", "FILE OUT.safetensors", "convert a checkpoint of the authors' network, or weights"
    ),
    "export": Command(
        "mfjax.cli.export:export",
        "OUT",
        "write a model as a program without mfjax, or for the Hub",
    ),
    "completion": Command(
        "mfjax.cli.completion:completion", "{bash,zsh}", "print a script that completes commands and flags in a shell"
    ),
    "info": Command("mfjax.cli.info:info", "", "show versions, devices and the engine chosen, or what a model is"),
}


def commands_starting(first: str) -> list[str]:
    """Returns the names of the commands that start with a word: one, several of two words, or none.

    Args:
        first: the word.
    """
    return [name for name in COMMANDS if name.split()[0] == first]


def overview(names: Sequence[str] = tuple(COMMANDS)) -> str:
    """Returns the help of `mfjax`, or of the commands of two words that have the first one in common.

    Args:
        names: the commands to list; by default all.
    """
    lines = {f"{name} {COMMANDS[name].arguments}".rstrip(): COMMANDS[name].help for name in names}
    if len(names) < len(COMMANDS):
        return "\n".join([*_columns(lines), "", f"`mfjax {names[0]} --help` has a command's options."])
    return "\n".join(
        [
            "usage: mfjax COMMAND …",
            "",
            SYNOPSIS,
            "commands:",
            *_columns(lines),
            "",
            "options:",
            *_columns(OPTIONS),
            "",
            "`mfjax COMMAND --help` has a command's options.",
        ]
    )


def _columns(lines: dict[str, str]) -> list[str]:
    width = max(map(len, lines))
    return [f"  {left:{width}}  {right}" for left, right in lines.items()]
