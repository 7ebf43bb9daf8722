"""Changes one thing in a file at a time, and looks whether the tests notice.

    python tests/soak/mutants.py losses metrics --count 100 --seed 0

A mutant has one operator, comparison, condition, number or function (such as minimum for maximum) replaced. It survives
if all tests of its file pass. Survivors are printed: each lacks a test, or means the same. A mutant runs in a fork of a
process that has imported JAX, and compiled programs are kept: 2 to 30 seconds on an idle core. `--only FILE:LINE`
repeats those of one line.
"""

import argparse
import ast
import importlib.machinery
import itertools
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
ROOMS = {  # files, and the tests that look at them
    "losses": ("mfjax/losses.py", "tests/test_losses.py"),
    "metrics": ("mfjax/metrics/*.py", "tests/metrics"),
    "alignment": (
        "mfjax/alignment/{frames,geometry,preview,rig,tracking,warping,windows}.py",
        "tests/alignment/test_{frames,preview,rig,tracking,warping}.py",
    ),
    "estimator": (
        "mfjax/alignment/{descriptor,edges,estimate,fitting,matching,random_warps,search,views,warps}.py",
        "tests/alignment/test_estimate.py",
    ),
}

OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
NAMES = {"min": "max", "minimum": "maximum", "argmin": "argmax", "floor": "ceil", "any": "all", "sin": "cos"}
NAMES |= {other: name for name, other in NAMES.items()}
QUIET = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of hypothesis, which is imported already


class Mutant(NamedTuple):
    """One change of a file."""

    file: str
    tree: ast.Module
    place: str  # such as mfjax/losses.py:38:12
    words: str


def paths(text: str) -> list[str]:
    """Returns the files of a pattern, in which {a,b} is a or b and * anything."""
    before, _, rest = text.strip().partition("{")
    names, _, after = rest.partition("}")
    found = [f"{before}{name}{after}" for name in names.split(",")]
    return sorted(str(path.relative_to(ROOT)) for each in found for path in ROOT.glob(each))


def sites(node: ast.AST) -> Iterator[tuple[ast.AST, str, object]]:
    """Yields what may be changed below a node: a node, the name of its field, and that field's new value."""
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in OPERATORS:
        yield node, "op", OPERATORS[type(node.op)]()
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            yield node, "ops", [*node.ops[:i], OPERATORS[type(op)](), *node.ops[i + 1 :]]
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        yield node, "test", ast.UnaryOp(ast.Not(), node.test)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node, "op", ast.UAdd()
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield node, "value", not node.value
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield node, "value", node.value + 1 if isinstance(node.value, int) else node.value * 1.5
    name = "attr" if isinstance(node, ast.Attribute) else "id"
    if getattr(node, name, None) in NAMES:
        yield node, name, NAMES[getattr(node, name)]
    skipped = {"decorator_list", "annotation", "returns", "type_params"}  # what describes, and computes nothing
    for field, value in ast.iter_fields(node):
        if field not in skipped and not isinstance(node, ast.Raise):  # a message's wording
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from sites(child)


def mutants(file: str) -> Iterator[Mutant]:
    """Yields every mutant of a file; its tree holds the change only until the next one is asked for."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    for node, field, new in list(sites(tree)):
        old, before = getattr(node, field), ast.unparse(node)
        setattr(node, field, new)
        ast.fix_missing_locations(tree)
        yield Mutant(file, tree, f"{file}:{node.lineno}:{node.col_offset + 1}", f"{before}  →  {ast.unparse(node)}")
        setattr(node, field, old)


def outcome(mutant: Mutant | None, tests: list[str], seconds: float) -> str:
    """Returns "killed", "survived", or "timed out": of the tests, in a fork whose import of the file is changed."""
    code = compile(mutant.tree, str(ROOT / mutant.file), "exec") if mutant else None
    child = os.fork()
    if not child:
        try:
            run(mutant, code, tests, seconds)
        finally:
            os._exit(1)  # as is no test's failure alone: an import may fail, too
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        return "timed out"
    return "survived" if status == 0 else "killed"


def run(mutant: Mutant | None, code: object, tests: list[str], seconds: float) -> None:
    """Runs tests with a changed file, and ends the process: by 0 if they pass, by SIGALRM if they take too long."""
    import pytest

    original: Callable = importlib.machinery.SourceFileLoader.get_code

    def get_code(self, name):
        return code if mutant and self.path == str(ROOT / mutant.file) else original(self, name)

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
    signal.setitimer(signal.ITIMER_REAL, seconds)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os._exit(pytest.main([*tests, "-x", "-q", "-n", "0", "-p", "no:cacheprovider", *QUIET]))


def main() -> None:
    """Runs the mutants of some rooms."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="+", choices=ROOMS)
    parser.add_argument("--count", type=int, default=100, help="mutants of each room, drawn at random; 0: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", metavar="FILE:LINE", help="those of one file, or of one line of it")
    args = parser.parse_args()
    place = tempfile.mkdtemp(prefix="mutants-")
    os.environ["TMPDIR"] = tempfile.tempdir = place
    os.environ["JAX_COMPILATION_CACHE_DIR"], os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = place, "0"
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    sys.dont_write_bytecode = True  # of a mutant
    import chex  # noqa: F401  each fork has them
    import cv2  # noqa: F401
    import flax.linen  # noqa: F401
    import hypothesis
    import optax  # noqa: F401

    quiet = {"deadline": None, "database": None, "suppress_health_check": list(hypothesis.HealthCheck)}
    hypothesis.settings.register_profile("mutants", derandomize=True, **quiet)
    hypothesis.settings.load_profile("mutants")
    warnings.filterwarnings("ignore", "os.fork")
    for room in args.rooms:
        files, tests = map(paths, ROOMS[room])
        start = time.monotonic()
        if outcome(None, tests, 1e4) != "survived":
            sys.exit(f"{room}: its tests fail without any change")
        limit = 30 + 3 * (time.monotonic() - start)
        every = [
            (file, i) for file in files for i, each in enumerate(mutants(file)) if each.place.startswith(args.only)
        ]
        chosen = random.Random(args.seed).sample(every, min(args.count or len(every), len(every)))
        counts = dict.fromkeys(("killed", "timed out", "survived"), 0)
        for file, number in sorted(chosen):
            mutant = next(itertools.islice(mutants(file), number, None))
            found = outcome(mutant, tests, limit)
            counts[found] += 1
            if found != "killed":
                print(f"{found}  {mutant.place}  {mutant.words}", flush=True)
        told = ", ".join(f"{count} {found}" for found, count in counts.items())
        print(f"{room}: {sum(counts.values())} of {len(every)} mutants: {told}", flush=True)
    shutil.rmtree(place)


if __name__ == "__main__":
    main()
