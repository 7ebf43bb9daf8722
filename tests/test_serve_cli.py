"""The command `mfjax serve`."""

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from mfjax.cli import main

ROOT = Path(__file__).parents[1]


@contextlib.contextmanager
def served(*arguments):
    """Runs the command, and yields its process and the page's address."""
    command = [sys.executable, "-m", "mfjax", "serve", "--port", "0", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            found = re.match(r"(http://\S+/) is the page; Ctrl-C ends it", process.stdout.readline())
            assert found, process.stderr.read()
            yield process, found[1]
        finally:
            process.kill()


def test_the_page_is_served_to_this_machine_until_ctrl_c(tiny_weights):
    with served("--model", tiny_weights) as (process, url):
        assert url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{url}api/about") as answer:
            about = json.load(answer)
        assert about["model"] == "tiny.safetensors"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (0, "ended; nothing is kept\n", "")


def test_sigterm_ends_it_as_other_commands():
    with served("--model", "tiny") as (process, url):
        with urllib.request.urlopen(url) as answer:
            assert "server" not in answer.headers
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        assert (process.returncode, err) == (143, "error: ended by SIGTERM\n")


def test_a_page_that_others_can_open_is_a_warning_and_takes_addresses_only():
    with served("--host", "0.0.0.0", "--model", "tiny") as (process, url):
        request = urllib.request.Request(url, headers={"host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="403") as caught:
            urllib.request.urlopen(request)
        caught.value.close()
        with urllib.request.urlopen(urllib.request.Request(url, headers={"host": "192.0.2.7:80"})) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert "warning: --host 0.0.0.0: everybody who reaches this machine can use the page" in err


def test_a_port_in_use_is_one_line(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: 127.0.0.1 port {port}: can't be listened on (")
    assert line.endswith("choose another --port, or 0 for one that is free")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "70000"], "port is 70000; it is a number from 1 to 65535"),
        (["--model", "nothing"], "model 'nothing' not found"),
        (["--time-limit", "0"], "seconds is 0; it must be positive"),
        (["--host", "256.1.1.1"], "can't be listened on"),
    ],
)
def test_what_can_not_be_served_is_one_line(arguments, message, capsys):
    assert main(["serve", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_without_the_packages_one_line_says_what_to_install():
    program = "import sys; sys.modules['starlette'] = None; from mfjax.cli import main; sys.exit(main(['serve']))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    line = "error: the page needs starlette, which is not installed: pip install 'mfjax[serve]'\n"
    assert (done.returncode, done.stderr) == (2, line)
