"""The command `mfjax train`, made when it is called: its flags and defaults are those of a recipe."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from mfjax.cli.processes import join

HELP = """Train a model, or go on with a run that was interrupted.

Flags change single values of the recipe."""


def train_command(argv: Sequence[str]) -> Callable[..., int]:
    """`mfjax train`, whose flags and defaults are those of the recipe that `--config` names in `argv`."""
    from mfjax.training.config import TrainConfig, read_config

    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config", type=Path)
    chosen = parser.parse_known_args(argv)[0].config
    default = TrainConfig() if chosen is None else read_config(chosen)

    def train(
        recipe: Annotated[TrainConfig, arg(name="")] = default,
        *,
        config: Annotated[
            Path | None, arg(metavar="FILE.py", help="The recipe, such as configs/paper.py.", help_behavior_hint="")
        ] = None,
        workdir: Annotated[
            Path, arg(help="Folder for checkpoints, log and weights; a run found there goes on.")
        ] = Path("runs") / (chosen.stem if chosen else "default"),
        accept_changes: Annotated[
            bool, arg(help="Go on with another recipe than the run's own; its weights file names both.")
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
            bool, arg(help="Only show parameters, phases, memory and the number of programs to compile.")
        ] = False,
    ) -> int:
        if distributed is not None:
            join(distributed)
        if dry_run:
            from mfjax.training.dry_run import describe

            print(describe(recipe))
            return 0
        from mfjax.training.loop import train

        weights_file = train(recipe, workdir, accept_changes=accept_changes)
        print(f"{weights_file}: {recipe.steps} steps")
        return 0

    train.__doc__ = HELP
    return train
