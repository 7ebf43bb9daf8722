"""The log of a run, and of a run that continues."""

import json
import struct

import cv2
import numpy as np
import pytest
from tensorboardX.proto.event_pb2 import Event, SessionLog

from mfjax.training.log import RunLog


def lines(workdir):
    return [json.loads(line) for line in (workdir / "log.jsonl").read_text().splitlines()]


def events(workdir):
    """Returns all TensorBoard events of a run: records of length, checksum, event, checksum."""
    found = []
    for file in sorted((workdir / "tensorboard").iterdir()):
        data = file.read_bytes()
        while data:
            (length,) = struct.unpack_from("<Q", data)
            found.append(Event.FromString(data[12 : 12 + length]))
            data = data[16 + length :]
    return found


def values(workdir):
    return {(v.tag, event.step): v for event in events(workdir) for v in event.summary.value}


def test_each_call_is_a_line_with_step_and_phase(tmp_path):
    with RunLog(tmp_path, 0) as log:
        log.scalars(20, 1, {"loss": 0.5, "gradient_norm": 2.0})
        log.scalars(40, 2, {"loss": 0.25})
    assert lines(tmp_path) == [
        {"step": 20, "phase": 1, "loss": 0.5, "gradient_norm": 2.0},
        {"step": 40, "phase": 2, "loss": 0.25},
    ]


def test_line_is_on_the_disk_as_soon_as_it_is_logged(tmp_path):
    with RunLog(tmp_path, 0) as log:
        log.scalars(1, 1, {"loss": 0.5})
        assert lines(tmp_path)[0]["loss"] == 0.5


def test_tensorboard_shows_losses_and_other_values_in_groups(tmp_path):
    with RunLog(tmp_path, 0) as log:
        log.scalars(20, 1, {"loss": 0.5, "sr": 0.125, "images_per_second": 8.0})
        log.scalars(20, 1, {"psnr_ir_x2": 32.5}, group="validation")
        log.scalars(20, 2, {"term_of_some_target": 0.25, "gradient_norm": 2.0})
    shown = {tag: value.simple_value for (tag, _), value in values(tmp_path).items()}
    assert shown == {
        "loss/loss": 0.5,
        "loss/sr": 0.125,
        "loss/term_of_some_target": 0.25,
        "run/gradient_norm": 2,
        "run/images_per_second": 8,
        "validation/psnr_ir_x2": 32.5,
    }


@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 3)], ids=["gray", "colour"])
def test_tensorboard_shows_images(tmp_path, shape):
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    with RunLog(tmp_path, 0) as log:
        log.image(20, "pairs", picture)
    png = np.frombuffer(values(tmp_path)["pairs", 20].image.encoded_image_string, np.uint8)
    shown = cv2.imdecode(png, cv2.IMREAD_COLOR)[..., ::-1]
    np.testing.assert_array_equal(shown, np.broadcast_to(picture.T.reshape(-1, 8, 6).T, (6, 8, 3)))


def test_steps_after_the_one_that_a_run_resumes_from_are_logged_once(tmp_path):
    with RunLog(tmp_path, 0) as log:
        for step in (20, 40, 60):
            log.scalars(step, 1, {"loss": 1.0})
    with RunLog(tmp_path, 40) as log:
        log.scalars(60, 1, {"loss": 2.0})
    assert [(line["step"], line["loss"]) for line in lines(tmp_path)] == [(20, 1), (40, 1), (60, 2)]
    starts = [event.step for event in events(tmp_path) if event.session_log.status == SessionLog.START]
    assert starts == [1, 41]  # TensorBoard hides what earlier files hold from there on
    assert not list(tmp_path.glob("*.tmp"))


def test_resuming_within_a_second_keeps_the_events_before(tmp_path):
    for start in (0, 1):
        with RunLog(tmp_path, start) as log:
            log.scalars(start + 1, 1, {"loss": 1.0})
    assert {step for _, step in values(tmp_path)} == {1, 2}


@pytest.mark.parametrize(
    "torn", ['{"step": 40, "pha', '{"step": 40}', '{"st\n', "7\n", "\n", "[" * 10_000 + "\n", '{"step": 1e999}\n']
)
def test_torn_line_is_dropped(tmp_path, torn):
    (tmp_path / "log.jsonl").write_text('{"step": 20, "phase": 1, "loss": 1.0}\n' + torn)
    with RunLog(tmp_path, 40) as log:
        log.scalars(60, 1, {"loss": 2.0})
    assert [line["step"] for line in lines(tmp_path)] == [20, 60]


def test_log_that_needs_no_change_is_not_written_anew(tmp_path):
    with RunLog(tmp_path, 0) as log:
        log.scalars(20, 1, {"loss": 1.0})
    before = (tmp_path / "log.jsonl").stat()
    RunLog(tmp_path, 20).close()
    after = (tmp_path / "log.jsonl").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_value_that_json_can_not_hold_is_null_and_tensorboard_has_it(tmp_path):
    with RunLog(tmp_path, 0) as log:
        log.scalars(1, 1, {"psnr_ir_x1": float("inf"), "loss": float("nan")}, group="validation")
    assert "null" in (tmp_path / "log.jsonl").read_text()
    assert lines(tmp_path) == [{"step": 1, "phase": 1, "psnr_ir_x1": None, "loss": None}]
    assert values(tmp_path)["validation/psnr_ir_x1", 1].simple_value == np.inf
