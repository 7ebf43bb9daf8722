"""The command `mfjax train`, which is made when it is called, since its flags and defaults are those of a recipe."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import arg

from mfjax import recipes
from mfjax.cli.messages import print_line
from mfjax.cli.processes import join
from mfjax.errors import MfjaxError

if TYPE_CHECKING:  # it takes JAX
    from mfjax.training.targets import Target


def train_command(argv: Sequence[str]) -> Callable[..., int]:
    """Returns the command, whose flags and defaults are those of the recipe that `--recipe` names.

    If `--target` names another fusion target than the recipe's, its flags and defaults are that target's own.

    Args:
        argv: the arguments after `mfjax train`.

    Raises:
        MfjaxError: there is no such recipe, or a flag is an option of another fusion target.
    """
    from mfjax.training.config import TrainConfig
    from mfjax.training.targets import TARGETS

    parser = argparse.ArgumentParser(prog="mfjax train", add_help=False, allow_abbrev=False)
    parser.add_argument("--recipe", "--config")
    parser.add_argument("--target")
    named = parser.parse_known_args(argv)[0]
    default = TrainConfig() if named.recipe is None else recipes.load(named.recipe)
    if named.target in TARGETS and named.target != default.target.kind:
        default = replace(default, target=TARGETS[named.target]())
    _check_target_flags(argv, default.target, TARGETS)

    def train(
        config: Annotated[TrainConfig, arg(name="")] = default,
        *,
        recipe: Annotated[
            str | None,
            arg(
                aliases=("--config",),
                metavar="NAME|FILE.py",
                help=f"The recipe: {', '.join(recipes.available())}, or a Python file.",
                help_behavior_hint="",
            ),
        ] = None,
        target: Annotated[
            str,
            arg(
                name="target",
                metavar="{" + ",".join(TARGETS) + "}",
                help="The fusion target of phase two; its options are listed below.",
            ),
        ] = default.target.kind,
        workdir: Annotated[
            Path, arg(help="Folder for checkpoints, log and weights; a run that is there continues.")
        ] = Path("runs") / (Path(named.recipe).stem if named.recipe else "default"),
        accept_changes: Annotated[
            bool, arg(help="Continue a run with a changed recipe; its weights file will have both.")
        ] = False,
        distributed: Annotated[
            str | None,
            arg(
                metavar="auto|HOST:PORT,N,I",
                help="This is one of several processes: number I of N, meeting at the address of the first; "
                "auto under Slurm, Open MPI and on TPUs.",
                help_behavior_hint="",
            ),
        ] = None,
        dry_run: Annotated[
            bool, arg(help="Only show parameters, phases, programs to compile, memory, the training data and the time.")
        ] = False,
    ) -> int:
        """Train a model, or go on with a run that was interrupted.

        Flags change single values of the recipe.
        """
        if target != config.target.kind:
            raise MfjaxError(f"target is {target!r}; it must be one of {', '.join(TARGETS)}")
        if distributed is not None:
            join(distributed)
        if dry_run:
            from mfjax.training.dry_run import describe

            print(describe(config))
            return 0
        from mfjax.training.loop import train

        weights_file = train(config, workdir, accept_changes=accept_changes)
        print_line(f"{weights_file}: {config.steps} steps")
        return 0

    return train


def _check_target_flags(argv: Sequence[str], target: "Target", targets: "Mapping[str, type[Target]]") -> None:
    """Raises MfjaxError for a flag that is an option of another fusion target, which the message names."""
    for flag in (each.partition("=")[0] for each in argv if each.startswith("--target.")):
        name = flag.removeprefix("--target.").replace("-", "_")
        owners = [kind for kind, each in targets.items() if name in {field.name for field in fields(each)}]
        if owners and target.kind not in owners:
            ways = " or ".join(f"--target {kind}" for kind in owners)
            raise MfjaxError(f"{flag} is no option of the target {target.kind!r}; add {ways}, or leave it out")
