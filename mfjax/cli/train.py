"""The command `mfjax train`, made when it is called: its flags and defaults are those of a recipe."""

import argparse
import logging
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

HELP = """Train a model, or go on with a run that was interrupted.

Flags change single values of the recipe."""

logger = logging.getLogger("mfjax")


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
            _join(distributed)
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


def _join(processes: str) -> None:
    """Joins the job of several processes that `--distributed` names."""
    import jax

    if processes == "auto":
        try:
            jax.distributed.initialize()
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"no job of several processes was found ({error}): name it, HOST:PORT,N,I") from error
        return
    form = re.fullmatch(r"([^,]+:\d{1,5}),(\d+),(\d+)", processes)
    if form is None or not int(form[3]) < int(form[2]):
        raise ValueError(
            f"--distributed is {processes!r}; it is auto, or HOST:PORT,N,I with I from 0 to N-1: 10.0.0.1:9911,4,0"
        )
    logger.warning("waiting for %s processes at %s", form[2], form[1])
    try:
        jax.distributed.initialize(form[1], int(form[2]), int(form[3]))
    except RuntimeError as error:
        raise ValueError(f"the processes could not meet at {form[1]}: {error}") from error
