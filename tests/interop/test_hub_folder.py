"""Models in the layout of the Hugging Face Hub: a folder written, and fetched again from a mirror on this machine."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jax
import numpy as np
import pytest

from mfjax import weights
from mfjax.cli import main
from mfjax.errors import MfjaxError
from mfjax.weights import hub


@pytest.fixture
def folder(tiny_weights, tmp_path):
    made = tmp_path / "tiny"
    assert main(["export", "--hub", str(made), "--model", str(tiny_weights)]) == 0
    return made


@pytest.fixture
def mirror(folder):
    """The address of a server that has the folder as the model owner/tiny."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.do_GET(body=False)

        def do_GET(self, body=True):
            owner, name, resolve, revision, *file = self.path.strip("/").split("/")
            path = folder.joinpath(*file)
            found = (owner, name, resolve, revision) == ("owner", "tiny", "resolve", "main") and path.is_file()
            content = path.read_bytes() if found else b""
            self.send_response(200 if found else 404)
            if not found:
                self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("X-Repo-Commit", "0123456789abcdef0123456789abcdef01234567")
            self.send_header("ETag", '"fedcba9876543210"')
            self.end_headers()
            if body:
                self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def fetched(name, mirror, home):
    """Returns the file that a process whose Hub is the mirror fetches, or the error's text."""
    program = (
        "import sys; from mfjax.errors import MfjaxError; from mfjax.weights import find\n"
        "try: print(find(sys.argv[1]))\nexcept MfjaxError as error: print(error)"
    )
    env = os.environ | {"HF_ENDPOINT": mirror, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1", "NO_PROXY": "127.0.0.1"}
    run = subprocess.run([sys.executable, "-c", program, name], env=env, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def test_folder_has_the_weights_the_configuration_and_a_card(folder, tiny_weights, tiny_config):
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "config.json", "model.safetensors"]
    assert (folder / "model.safetensors").read_bytes() == tiny_weights.read_bytes()
    config = json.loads((folder / "config.json").read_text())
    assert config.pop("model_type") == "mfjax"
    assert type(tiny_config)(**config) == tiny_config
    text = (folder / "README.md").read_text()
    assert text.startswith("---\nlibrary_name: mfjax\n")
    assert 'mfjax.load("hf:OWNER/tiny")' in text


def test_only_a_bundled_models_card_says_a_licence(folder, tmp_path, capsys):
    assert main(["export", "--hub", str(tmp_path / "bundled"), "--model", "small"]) == 0
    assert "license: apache-2.0\n" in (tmp_path / "bundled" / "README.md").read_text()
    assert "license:" not in (folder / "README.md").read_text()


def test_written_again_it_is_replaced_but_not_among_other_files(folder, tmp_path, capsys):
    assert main(["export", "--hub", str(folder), "--model", "small"]) == 0
    (folder / "photo.png").touch()
    assert main(["export", "--hub", str(folder), "--model", "small"]) == 2
    assert "holds other files, such as photo.png" in capsys.readouterr().err


def test_options_of_programs_do_not_go_with_a_folder(tmp_path, capsys):
    assert main(["export", "--hub", str(tmp_path / "new"), "--factors", "2", "1"]) == 2
    assert "--hub writes the model itself" in capsys.readouterr().err
    assert main(["export"]) == 2
    assert "name the file to write" in capsys.readouterr().err


def test_a_model_of_the_hub_is_the_one_that_was_written(mirror, tmp_path, tiny_params):
    path = fetched("hf:owner/tiny", mirror, tmp_path / "home")
    assert str(tmp_path / "home") in path
    jax.tree.map(np.testing.assert_array_equal, weights.load(path).params, tiny_params)


def test_a_model_that_the_hub_has_not_is_one_line(mirror, tmp_path):
    said = fetched("hf:owner/none", mirror, tmp_path / "home")
    assert said.startswith("hf:owner/none: model.safetensors can't be fetched from the Hugging Face Hub: ")
    assert "\n" not in said


def test_revision_is_passed_on(monkeypatch, tmp_path):
    import huggingface_hub

    calls = []
    monkeypatch.setattr(
        huggingface_hub, "hf_hub_download", lambda *names, **options: calls.append((*names, options)) or tmp_path
    )
    assert weights.find("hf:owner/name@v1") == tmp_path
    assert calls == [("owner/name", "model.safetensors", {"revision": "v1"})]


def test_without_the_package_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MfjaxError, match=r"needs huggingface_hub, .* pip install 'mfjax\[hub\]'"):
        weights.load("hf:owner/name")


@pytest.mark.parametrize("name", ["hf:name", "hf:a/b/c", "hf:owner/name@"])
def test_another_form_of_name_is_refused(name):
    with pytest.raises(MfjaxError, match="hf:OWNER/NAME"):
        hub.download(name)
