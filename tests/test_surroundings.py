"""A command where its surroundings are not as usual: closed streams, no home, no such device, a signal that ends it."""

import json
import os
import pwd
import re
import signal
import subprocess
import sys
import time
import warnings
from importlib import import_module

import pytest

from mfjax.cli import main, messages, platforms, programs, signals, streams
from mfjax.messages import one_line

COMMAND = sys.executable, "-m", "mfjax"


def run(*arguments, environment=None, **streams):
    return subprocess.run([*COMMAND, *arguments], env={**os.environ, **(environment or {})}, check=False, **streams)


@pytest.mark.parametrize("arguments", [["--help"], ["models", "--help"]])
def test_output_whose_reader_has_gone_ends_a_command_quietly_as_sigpipe_does(arguments):
    reading, writing = os.pipe()
    os.close(reading)
    done = run(*arguments, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full, which is Linux's")
def test_output_that_can_not_be_written_is_one_line():
    with open("/dev/full", "w") as full:
        done = run("models", stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing(closed):
    done = subprocess.run(["sh", "-c", f'"$@" {closed}', "sh", *COMMAND, "models"], check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_what_a_stream_can_not_hold_is_shown_by_equivalents(encoding):
    said = "PSNR ↑ 3×4 … 20 °C 热 \udcff"
    code = f"from mfjax.cli import streams; streams.make_safe(); print({said!r})"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONIOENCODING": encoding}, check=True, capture_output=True
    )
    shown = done.stdout.decode(encoding)
    assert shown.startswith("PSNR + 3")
    assert shown.endswith("\\u70ed \\udcff" + os.linesep)


def test_json_has_names_that_are_not_utf8(capsys):
    messages.print_json({"name": "\udcff热"})
    assert json.loads(capsys.readouterr().out) == {"name": "\udcff热"}


def test_a_user_without_a_home_is_told_once_that_programs_are_not_kept(monkeypatch, capsys):
    def unknown(number):
        raise KeyError(f"getpwuid(): uid not found: {number}")

    for name in ("HOME", "XDG_CACHE_HOME", programs.FOLDER):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert main(["--help"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["models"]) == 0
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: compiled programs are not kept (Could not determine home directory)")


def test_a_cache_folder_that_can_not_be_made_is_said_with_its_path(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.delenv(programs.FOLDER)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert main(["models"]) == 0
    [line] = capsys.readouterr().err.splitlines()
    assert f"({tmp_path}/file/mfjax/compiled: Not a directory)" in line


def test_programs_that_can_not_be_read_are_said_once(capsys):
    with messages.to_standard_error(), programs.failures_said_once():
        warnings.simplefilter("always")
        for name in "ab":
            warnings.warn(f"{programs.FAILED[0]} entry for 'jit_{name}': OSError: damaged", stacklevel=1)
    [line] = capsys.readouterr().err.splitlines()
    assert "OSError: damaged; programs are compiled anew" in line


def test_a_platform_that_is_not_there_is_one_line_that_says_which_are():
    code = "import sys; from mfjax.cli import main; sys.exit(main(['info']))"
    environment = {**os.environ, "JAX_PLATFORMS": "cuda"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith("error: JAX_PLATFORMS=cuda: JAX finds no such device here, but cpu")


def test_no_problem_of_platforms_is_seen_where_there_is_none(monkeypatch):
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    assert platforms.problem() == ""


def test_signals_are_met_as_said_in_a_process_of_their_own():
    """Runs the tests of signals below, by which a worker of the whole suite could die."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-n", "0", "--noconftest", "-k", "test_a_signal", "-rA", __file__]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("PASSED") == 6


alone = pytest.mark.skipif("PYTEST_XDIST_WORKER" in os.environ, reason="run in a process of their own by a test above")


@pytest.fixture
def usual_signals():
    """Gives the signals their usual effects: a library that another test has used may have taken one for itself."""
    usual = {signal.SIGTERM: signal.SIG_DFL, signal.SIGHUP: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, usual[number] if handler is None else handler)


@alone
@pytest.mark.usefixtures("usual_signals")
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)])
def test_a_signal_ends_a_command_in_one_line(name, code, monkeypatch, capsys):
    def wait(argv):
        os.kill(os.getpid(), signal.Signals[name])

    before = signal.getsignal(signal.Signals[name])
    monkeypatch.setattr("mfjax.cli._run", wait)
    assert main(["models"]) == code
    assert capsys.readouterr().err == ("error: interrupted\n" if name == "SIGINT" else f"error: ended by {name}\n")
    assert signal.getsignal(signal.Signals[name]) is before


@alone
@pytest.mark.usefixtures("usual_signals")
def test_a_signal_that_a_librarys_callback_swallows_is_raised_again():
    class Swallows:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGTERM)

    def call():
        del [Swallows()][0]
        time.sleep(5)

    with pytest.raises(signals.EndedError), signals.raised():
        call()


@alone
@pytest.mark.usefixtures("usual_signals")
def test_a_signal_waits_for_a_module_that_is_being_imported(tmp_path, monkeypatch):
    (tmp_path / "kills_itself.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\ndone = True\n")
    monkeypatch.syspath_prepend(tmp_path)

    def call():
        import_module("kills_itself")
        time.sleep(5)

    with pytest.raises(signals.EndedError), signals.raised():
        call()
    assert sys.modules.pop("kills_itself").done


@alone
@pytest.mark.usefixtures("usual_signals")
def test_a_signal_that_is_ignored_as_under_nohup_stays_so(monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.raised():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_streams_of_tests_and_notebooks_are_left_alone(capsys):
    streams.make_safe()
    print("热")
    assert capsys.readouterr().out == "热\n"


@pytest.mark.parametrize("text", ["", "std::bad_alloc"])
def test_memory_that_ran_out_is_said_in_words_with_what_is_free(text):
    assert re.match(r"memory ran out; [\d,.]+ GB are free: end other", one_line(MemoryError(text)))
