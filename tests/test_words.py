"""Docstrings are sentences, and the names in them exist.

A name is what stands between single backticks and looks like one: `name`, `module.name`, `Class.method`, `call(…)`. It
is looked up from where it stands outwards, in the function, the class and the module, then in all modules of the
package, then among installed packages. Names in recipes, such as `data.roots`, are fields of `TrainConfig`. The
source is read, not imported, which takes a second instead of many.
"""

import ast
import builtins
import importlib
import keyword
import re
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "mfjax").rglob("*.py"))
}

FRAGMENT = re.compile(r"(What|How|Whether|Of|Where|Which)\b")
NAME = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(\(.*\))?")
FILE = re.compile(r"[\w./-]+\.(py|md|toml|txt|png|json|jsonl|safetensors|pth|onnx|jaxexport)")
SYMBOL = re.compile(r"[a-zA-Z]|\w+_\w*\d")  # a letter, as of a shape, or a numbered example: neither names code


@dataclass
class Scope:
    """A module, a class or a function, with the names that it knows."""

    node: ast.Module | ast.ClassDef | ast.FunctionDef
    module: str
    outer: "Scope | None" = None
    names: dict[str, "Scope | str | None"] = field(default_factory=dict)  # a str: an import's path, or an annotation


@cache
def scopes():
    """Returns the scope of every module, with those of its classes and functions inside."""
    return {name: scope_of(ast.parse(path.read_text(encoding="utf-8")), name) for name, path in MODULES.items()}


def scope_of(node, module, outer=None):
    scope = Scope(node, module, outer)
    names = scope.names
    if isinstance(node, ast.Module):  # modules beside it, or inside if it is a package
        package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
        names |= {name.rpartition(".")[2]: name for name in MODULES if name.rpartition(".")[0] == package}
    if isinstance(node, ast.ClassDef):
        own = [each for each in ast.walk(node) if isinstance(each, ast.Attribute) and ast.unparse(each.value) == "self"]
        names |= {each.attr: None for each in own}
        called = [each for each in definitions(node) if each.name in ("__init__", "__call__")]
        names |= {each.arg: None for method in called for each in ast.walk(method) if isinstance(each, ast.arg)}
    for each in ast.walk(node) if isinstance(node, ast.FunctionDef) else shallow(node):
        if isinstance(each, ast.AnnAssign):
            names[ast.unparse(each.target)] = ast.unparse(each.annotation).strip("'\"")
        elif isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            names.setdefault(each.id)
        elif isinstance(each, ast.arg):
            names.setdefault(each.arg, each.annotation and ast.unparse(each.annotation).strip("'\""))
        elif isinstance(each, ast.Import):
            names |= {each.asname or each.name.split(".")[0]: each.name for each in each.names}
        elif isinstance(each, ast.ImportFrom):
            names |= {name.asname or name.name: f"{each.module}.{name.name}" for name in each.names}
    for each in definitions(node):
        names[each.name] = scope_of(each, module, scope)
    return scope


def shallow(node):
    """Yields the nodes of a module or a class, but not those inside its classes and functions."""
    for each in ast.iter_child_nodes(node):
        if not isinstance(each, ast.ClassDef | ast.FunctionDef):
            yield each
            yield from shallow(each)


def definitions(node):
    """Yields the classes and functions directly inside a node, also those under an `if` or a `with`."""
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.ClassDef | ast.FunctionDef):
            yield each
        elif isinstance(each, ast.stmt):
            yield from definitions(each)


def docstrings(scope=None):
    """Yields the scope, the place and the text of every docstring of the package, those of fields included."""
    if scope is None:
        for each in scopes().values():
            yield from docstrings(each)
        return
    before = None
    for each in scope.node.body:
        text = each.value.value if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) else None
        if isinstance(text, str) and (before is None or isinstance(before, ast.Assign | ast.AnnAssign)):
            yield scope, f"{MODULES[scope.module].relative_to(ROOT)}:{each.lineno}", text
        before = each
    for inner in scope.names.values():
        if isinstance(inner, Scope):
            yield from docstrings(inner)


def spans(text):
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)


def resolves(name, scope):
    """Returns true if a name exists, looked up from a scope outwards."""
    first, *rest = name.split(".")
    if keyword.iskeyword(name) or hasattr(builtins, name) or SYMBOL.fullmatch(name):
        return True
    around = scope
    while around is not None:
        if first in around.names and follows(around.names[first], rest, around):
            return True
        around = around.outer
    if rest and follows("mfjax.training.config.TrainConfig", [first, *rest], None):
        return True
    as_string = f'"{name}"' in MODULES[scope.module].read_text(encoding="utf-8")  # such as the key of a metric
    return as_string or exists(name) or any(exists(f"{module}.{name}") for module in MODULES)


def follows(start, attributes, scope):
    """Returns true if attributes can be followed from what a name stands for; those of unknown values can't be."""
    if not attributes or start is None:
        return not attributes
    if isinstance(start, Scope):
        first, *rest = attributes
        if first in start.names:
            return follows(start.names[first], rest, start)
        bases = start.node.bases if isinstance(start.node, ast.ClassDef) else []
        return any(resolves(".".join([ast.unparse(base), *attributes]), start.outer) for base in bases)
    target = start.removesuffix(" | None")
    while scope is not None:  # an annotation names something in a scope around it
        if target in scope.names and scope.names[target] != start:
            return follows(scope.names[target], attributes, scope)
        scope = scope.outer
    return exists(".".join([target, *attributes]))


@cache
def exists(path):
    """Returns true if an absolute path leads to something, in this package or in an installed one."""
    parts = path.split(".")
    for cut in range(len(parts), 0, -1):
        if (module := ".".join(parts[:cut])) in MODULES:
            return cut == len(parts) or follows(scopes()[module], parts[cut:], None)
    try:
        value = getattr(builtins, parts[0], None) or importlib.import_module(parts[0])
        for part in parts[1:]:
            value = getattr(value, part)
    except (ImportError, AttributeError):
        return False
    return True


def test_every_name_in_a_docstring_exists():
    unknown = [
        f"{place}: {span}"
        for scope, place, text in docstrings()
        for span in spans(text)
        if (found := NAME.fullmatch(span)) and not FILE.fullmatch(span)
        if not resolves(found.group(1), scope)
    ]
    assert not unknown, "\n".join(unknown)


def test_every_name_of_the_package_in_the_documentation_exists():
    unknown = [
        f"{path.relative_to(ROOT)}: {span}"
        for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
        for span in spans(path.read_text(encoding="utf-8"))
        if (found := NAME.fullmatch(span)) and span.startswith("mfjax.") and not exists(found.group(1))
    ]
    assert not unknown, "\n".join(unknown)


def test_every_file_of_the_repository_that_a_docstring_names_exists():
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"runs"}
    files = [(place, span) for _, place, text in docstrings() for span in spans(text) if FILE.fullmatch(span)]
    missing = [f"{place}: {f}" for place, f in files if f.split("/")[0] in folders and not (ROOT / f).exists()]
    assert not missing, "\n".join(missing)


def test_calls_in_docstrings_work_after_importing_the_package_alone():
    found = [NAME.fullmatch(span) for _, _, text in docstrings() for span in spans(text)]
    called = {each.group(1) for each in found if each and each.group(2) and each.group(1).startswith("mfjax.")}
    program = "\n".join(["import mfjax", *sorted(called)])
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_docstrings_begin_as_sentences_or_noun_phrases():
    fragments = [f"{place}: {text.splitlines()[0]}" for _, place, text in docstrings() if FRAGMENT.match(text)]
    assert not fragments, "\n".join(fragments)


def test_unknown_names_would_be_found():
    step = scopes()["mfjax.training.step"].names["update"]
    for name in ("state.params", "Target.loss", "history.check", "jax.distributed.initialize", "data.roots"):
        assert resolves(name, step), name
    for name in ("state.nothing", "Target.nothing", "history.nothing", "jax.nothing", "data.nothing", "nothing"):
        assert not resolves(name, step), name
