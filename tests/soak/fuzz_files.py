"""Damages weights files, run folders, rig files, data sets' indexes and others at random, and counts what comes of it.

    python tests/soak/fuzz_files.py --cases 5000 --seed 0

Each case must be read, or refused in one line that names the file: no other exception, no more than ten seconds, and no
parameter that is not finite. What fails is kept in the folder `--keep`. Exported files, which mfjax only writes, are
given as models, as users may do, and are refused. `.pth` files are read where PyTorch is installed. 5,000 cases of each
kind take about ten minutes on two cores.
"""

import argparse
import importlib.util
import io
import json
import pickle
import random
import resource
import runpy
import signal
import sys
import tempfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from mfjax import weights
from mfjax.alignment.rig import Alignment
from mfjax.data.sets.built import _read_index
from mfjax.errors import MfjaxError
from mfjax.inference import stepping
from mfjax.interop import jax_program, onnx_file
from mfjax.interop.pytorch import read_checkpoint
from mfjax.model import FusionNetwork, ModelConfig
from mfjax.training import history, log

SECONDS = 10
CONFIG = ModelConfig(blocks=1, compensations=1, width=8, growth=4, features=4, hidden=8, base="bicubic")
ODD: list[Any] = [None, True, -1, 0, 1.5, 10**30, -(2**63), "", "x", [], {}, [1], {"a": 1}, float("nan"), float("inf")]
TOKENS = [b"NaN", b"null", b"[" * 5000, b'{"a":', b"9" * 5000, b"1e999", b"-", b"\xff", b"\0", b'"', b",", b"\\ud800"]


def model_file(path: Path) -> dict[str, Any]:
    """Writes a small model with random parameters, and returns these."""
    image = np.zeros((1, 8, 8, 1), np.float32)
    shapes = jax.eval_shape(lambda: FusionNetwork(CONFIG).init(jax.random.key(0), image, image, size=(8, 8))["params"])
    rng = np.random.default_rng(0)
    params = jax.tree.map(lambda leaf: rng.normal(0, 0.1, leaf.shape).astype(np.float32), shapes)
    weights.save(path, CONFIG, params, {"recipe": recipes().decode(), "steps": "5"})
    return params


def recipes() -> bytes:
    """Returns the account of a run's training, as recipe.json and a weights file have it."""
    data = {"scales": [10, 30], "roots": ["a"], "batch": 1, "crop": 16, "weights": {"a": 1.0}}
    return json.dumps(
        [{"from_step": 0, "recipe": {"phase_one_steps": 3, "learning_rate": 1e-4, "data": data}}]
    ).encode()


def read_weights(path: Path) -> None:
    """Reads a weights file as a command does, and checks that it is finite."""
    _, params, metadata = weights.load(path)
    stepping.largest_factor(metadata)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(params)), "parameters that are not finite"


KINDS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "weights": ("model.safetensors", read_weights),
    "rig": ("rig.json", Alignment.load),
    "recipe": ("recipe.json", lambda path: history._read(path.parent)),
    "log": ("log.jsonl", lambda path: log._drop_after(path, 20)),
    "index": ("index.json", _read_index),
    "onnx": ("model.onnx", weights.load),
    "program": ("model.jaxexport", weights.load),
}
REFUSED = "onnx", "program"  # kinds that are no models, also where they are whole
GOLDEN = runpy.run_path(str(Path(__file__).parents[1] / "interop" / "golden" / "make.py"))
if importlib.util.find_spec("torch") is not None:
    KINDS["pytorch"] = "model.pth", read_checkpoint


def pytorch_file(path: Path) -> bytes:
    """Returns a `.pth` file of the released network as it is before training; empty without PyTorch."""
    if "pytorch" not in KINDS:
        return b""
    import torch

    with np.load(GOLDEN["GOLDEN"]) as stored:
        state = GOLDEN["initial_state"](json.loads(str(stored["shapes"])))
    torch.save({name: torch.from_numpy(value) for name, value in state.items()}, path)
    return path.read_bytes()


def originals(folder: Path) -> dict[str, bytes]:
    """Returns a whole file of each kind."""
    params = model_file(folder / "model.safetensors")
    Alignment(np.eye(3), (240, 320), (480, 640)).save(folder / "rig.json")
    split = {"names": ["a", "b"], "sizes": [[8, 8], [9, 9]], "alignment": [0.5, 1]}
    lines = [json.dumps({"step": step, "phase": 1, "loss": 0.5}) for step in (20, 40)]
    return {
        "weights": (folder / "model.safetensors").read_bytes(),
        "rig": (folder / "rig.json").read_bytes(),
        "recipe": recipes(),
        "log": ("\n".join(lines) + "\n").encode(),
        "index": json.dumps({"name": "own", "splits": {"pairs": split}}).encode(),
        "onnx": onnx_file.export_factors(CONFIG, params, (1, 1)),
        "program": jax_program.export_factors(CONFIG, params, (1, 1), platforms=("cpu",)),
        "pytorch": pytorch_file(folder / "model.pth"),
    }


def damaged(data: bytes, kind: str, rng: random.Random) -> bytes:
    """Returns a file with one to four faults: in its JSON values, or in its bytes."""
    if kind == "weights" and rng.random() < 0.7:
        return damaged_header(data, rng)
    if kind in ("rig", "recipe", "index") and rng.random() < 0.6:
        return json.dumps(damaged_value(json.loads(data), rng)).encode()
    if kind == "pytorch" and rng.random() < 0.8:
        return damaged_archive(data, rng)
    return damaged_bytes(data, rng)


def damaged_archive(data: bytes, rng: random.Random) -> bytes:
    """Returns a `.pth` file in which the pickle, or another part, is damaged behind a right checksum."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as whole, zipfile.ZipFile(made, "w") as archive:
        names = whole.namelist()
        pickled = next(name for name in names if name.endswith("data.pkl"))
        chosen = pickled if rng.random() < 0.8 else rng.choice(names)
        for name in names:
            part = whole.read(name)
            archive.writestr(name, damaged_pickle(part, rng) if name == chosen else part)
    return made.getvalue()


def damaged_pickle(data: bytes, rng: random.Random) -> bytes:
    """Returns a pickle in which bytes, or numbers such as those of shapes and strides, are others."""
    if rng.random() < 0.4:
        return damaged_bytes(data, rng)
    changed = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        numbers = [i for i, byte in enumerate(changed[:-1]) if byte == ord("K")]  # followed by a number of one byte
        at = rng.choice(numbers) if numbers else 0
        odd = [0, 1, 3, 255, 65_536, 2**31 - 1, 2**31, 2**40, 2**62, 2**63, -1, -(2**31), True, None, 1.5, "x", ()]
        changed[at : at + 2] = pickle.dumps(rng.choice(odd), protocol=2)[2:-1]  # without its beginning and end
    return bytes(changed)


def damaged_header(data: bytes, rng: random.Random) -> bytes:
    """Returns a weights file with a fault in its header, its configuration, its account of training or its numbers."""
    length = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8 : 8 + length]), bytearray(data[8 + length :])
    told = header["__metadata__"]
    where = rng.choice(["config", "config", "recipe", "header", "text", "numbers"])
    if where in ("config", "recipe"):
        told[where] = json.dumps(damaged_value(json.loads(told[where]), rng))
    elif where == "text":
        told["config"] = damaged_bytes(told["config"].encode(), rng).decode("latin-1")
    elif where == "header":
        header = damaged_value(header, rng)
    else:
        at = 4 * rng.randrange(len(body) // 4)
        body[at : at + 4] = np.float32(rng.choice([np.nan, np.inf, -np.inf, 1e38, 0])).tobytes()
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(body)


def damaged_value(value: Any, rng: random.Random) -> Any:
    """Returns JSON in which one value is replaced, removed or said under another name."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(sorted(value))
        fault = rng.random()
        changed = {name: inner for name, inner in value.items() if name != key}
        if fault < 0.1:
            return changed
        if fault < 0.2:
            return changed | {key + "x": value[key]}
        return value | {key: damaged_value(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        return [*value[:at], damaged_value(value[at], rng), *value[at + (rng.random() < 0.9) :]]
    return rng.choice(ODD)


def damaged_bytes(data: bytes, rng: random.Random) -> bytes:
    """Returns bytes that are cut, flipped, doubled, or have a token in them."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(changed) + 1)
        fault = rng.randrange(5)
        if fault == 0:
            del changed[at:]
        elif fault == 1 and at < len(changed):
            changed[at] ^= 1 << rng.randrange(8)
        elif fault == 2:
            changed[at:at] = rng.choice(TOKENS)
        elif fault == 3:
            changed[at:at] = changed[at : at + rng.randrange(64)]
        else:
            del changed[at : at + rng.randrange(64)]
    return bytes(changed)


def outcome(read: Callable[[Path], Any], path: Path) -> str:
    """Returns "read", "refused", or what was wrong with the way in which a file was refused."""

    def too_long(*_: Any) -> None:
        raise TimeoutError(f"more than {SECONDS} s")

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # nothing is printed but the one line
            read(path)
        return "read"
    except MfjaxError as error:
        named = str(path) in str(error) and "\n" not in str(error)
        return "refused" if named else f"a message without the file, or of several lines: {error!r:.200}"
    except Exception as error:  # what this looks for
        return f"{type(error).__name__}: {error!s:.200}"
    finally:
        signal.alarm(0)


def main() -> int:
    """Damages files of each kind, prints the counts, and returns 1 if a case failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=1000, help="number of cases of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--keep", type=Path, default=Path("fuzz_failures"), help="folder for cases that failed")
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as place:
        whole = originals(Path(place))
        for kind in options.kinds:
            name, read = KINDS[kind]
            path = Path(place) / name
            path.write_bytes(whole[kind])
            assert outcome(read, path) == ("refused" if kind in REFUSED else "read")
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            counts: Counter[str] = Counter()
            for number in range(options.cases):
                data = damaged(whole[kind], kind, random.Random(f"{options.seed} {kind} {number}"))
                path.write_bytes(data)
                met = outcome(read, path)
                counts[met] += 1
                if met not in ("read", "refused"):
                    failed += 1
                    options.keep.mkdir(parents=True, exist_ok=True)
                    (options.keep / f"{kind}_{options.seed}_{number}_{name}").write_bytes(data)
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
            print(f"{kind}: {options.cases:,} cases, {dict(counts)}, {grown:.0f} MiB more at most", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
