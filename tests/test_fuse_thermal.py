"""`mfjax fuse` with files of thermal cameras."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mfjax import images
from mfjax.cli import main
from mfjax.cli.ranges import parse_ir_range
from mfjax.inference.photo import alignment_of
from mfjax.inference.ranges import Celsius

flir_files = SimpleNamespace(**runpy.run_path(str(Path(__file__).parent / "images" / "flir_files.py")))


@pytest.fixture
def flir(tmp_path):
    """A FLIR JPEG with a photo of twice the infrared view in it."""
    rows, cols = np.mgrid[0:12, 0:16]
    counts = (15_000 + 130 * rows + 70 * cols).astype(np.uint16)
    photo = np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    records = {0x0E: flir_files.photo(photo), 0x2A: flir_files.placement(2, 0, 0)}
    frame = flir_files.thermal_frame(counts, records=records)
    (tmp_path / "flir.jpg").write_bytes(flir_files.jpeg(frame, np.full((12, 16, 3), 90, np.uint8), 60_000))
    return tmp_path / "flir.jpg"


@pytest.fixture
def fuse(tmp_path, capsys):
    """Runs the command with the smallest model, and returns its exit code and the lines that it says."""

    def run(*sources, options=(), out="out.png"):
        paths = [str(tmp_path / source) for source in sources]
        code = main(["fuse", *paths, "--out", str(tmp_path / out), "--model", "tiny", *options])
        return code, capsys.readouterr().err.splitlines()

    return run


def test_a_flir_jpeg_with_a_photo_gives_both_sources(flir, fuse):
    code, lines = fuse("flir.jpg")
    assert code == 0
    assert images.read(flir.with_name("out.png")).shape == (24, 32, 3)
    assert any("the camera's temperatures (°C) read" in line for line in lines)
    assert any("its photo of 48x64 cut to the 24x32" in line for line in lines)
    assert any("black is" in line and "°C" in line for line in lines)


def test_a_folder_of_flir_jpegs_fuses_each_with_its_own_photo(flir, tmp_path, fuse):
    folder = tmp_path / "shots"
    folder.mkdir()
    for name in ("IR_0001.jpg", "IR_0002.jpg"):
        (folder / name).write_bytes(flir.read_bytes())
    code, lines = fuse("shots", out="fused", options=("--ir-range", "auto:all"))
    assert code == 0
    assert sorted(path.name for path in (tmp_path / "fused").iterdir()) == ["IR_0001.png", "IR_0002.png"]
    assert any("that have a photo in them (2 of 2) are each fused with it" in line for line in lines)
    assert any("auto:all: black is" in line and "°C" in line for line in lines)
    assert f"warning: {folder / 'IR_0001.jpg'}: the camera's temperatures (°C) read, not its picture" in lines


def test_files_of_a_folder_that_have_no_photo_are_named_and_the_others_fused(flir, tmp_path, fuse):
    folder = tmp_path / "shots"
    folder.mkdir()
    (folder / "1.jpg").write_bytes(flir.read_bytes())
    images.write(folder / "plain.png", np.zeros((12, 16), np.uint8))
    (folder / "cut.jpg").write_bytes(flir.read_bytes()[:900])
    code, lines = fuse("shots", out="fused")
    assert code == 1
    assert [path.name for path in (tmp_path / "fused").iterdir()] == ["1.png"]
    assert any("that have a photo in them (1 of 3)" in line for line in lines)
    assert "error: no visible image for cut.jpg, plain.png" in lines


def test_degrees_are_a_range_of_a_camera_s_file_and_refused_for_others(flir, fuse):
    assert fuse("flir.jpg", options=("--ir-range", "-40C,20C"))[0] == 0
    images.write(flir.with_name("a.png"), np.arange(192, dtype=np.uint8).reshape(12, 16))
    code, lines = fuse("a.png", "a.png", options=("--ir-range", "10C,40C"))
    assert code == 2
    images.write(flir.with_name("b.png"), np.arange(192, dtype=np.uint8).reshape(12, 16))
    code, lines = fuse("a.png", "b.png", options=("--ir-range", "10C,40C"))
    assert code == 2
    assert "a.png: does not say that its values are degrees" in lines[-1]


def test_one_file_without_a_photo_is_refused_in_one_line(flir, fuse):
    images.write(flir.with_name("a.jpg"), np.zeros((12, 16, 3), np.uint8))
    assert fuse("a.jpg") == (
        2,
        [
            f"error: {flir.with_name('a.jpg')} is one image, without a visible camera's photo in it, as some FLIR "
            "files have; name the visible image, too"
        ],
    )


def test_a_folder_with_one_range_for_all_does_not_flicker(tmp_path, fuse):
    """A background of one temperature keeps its level, whatever else is in a frame."""
    for folder in ("ir", "vis", "out"):
        (tmp_path / folder).mkdir()
    for name, hottest in (("1", 7200), ("2", 9000)):
        frame = np.full((24, 32), 7100, np.uint16)
        frame[::2, ::2] = 7000
        frame[8:16, 8:16] = hottest
        images.write(tmp_path / "ir" / f"{name}.png", frame)
        images.write(tmp_path / "vis" / f"{name}.png", np.full((24, 32), 100, np.uint8))

    def levels(ir_range):
        code, lines = fuse("ir", "vis", out="out", options=("--sr", "--ir-range", ir_range))
        assert code == 0
        return [int(np.median(images.read(tmp_path / "out" / f"{name}_ir.png"))) for name in "12"], lines

    (first, second), lines = levels("auto:all")
    assert abs(first - second) < 0.02 * 65_535
    assert sum("auto:all: black is 7000 and white 9000 for all images" in line for line in lines) == 1
    (first, second), _ = levels("auto")
    assert abs(first - second) > 0.2 * 65_535


def test_a_fuser_takes_one_range_for_a_batch():
    import mfjax

    fuser = mfjax.load("small")
    frames = [np.full((8, 8), 7100, np.uint16) for _ in range(2)]
    for frame, hottest in zip(frames, (7200, 9000), strict=True):
        frame[0, :4], frame[4, :4] = 7000, hottest
    made = fuser.batch(frames, [np.full((8, 8), 100, np.uint8)] * 2, ir_range="auto:all")
    alone = fuser(frames[1], np.full((8, 8), 100, np.uint8), ir_range=(7000, 9000))
    np.testing.assert_allclose(made[1].fused.astype(int), alone.fused.astype(int), atol=200)
    assert abs(np.median(made[0].ir) - np.median(made[1].ir)) < 0.05 * 65_535


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10C,40C", Celsius(10, 40)),
        ("-5.5°C, 20°C", Celsius(-5.5, 20)),
        ("7000,8200", (7000, 8200)),
        ("auto:all", "auto:all"),
        (None, None),
    ],
)
def test_ranges_are_parsed(text, expected):
    assert parse_ir_range(text) == expected


@pytest.mark.parametrize("text", ["10C,40", "10F,40F", "10C", "all", "1,2,3"])
def test_other_ranges_are_refused_with_what_they_may_be(text):
    with pytest.raises(ValueError, match="full, auto, auto:all, or a pair such as 7000,8200 or 10C,40C"):
        parse_ir_range(text)


def test_evaluating_takes_no_range_that_is_of_folders_or_files(tmp_path, capsys):
    for folder in ("ir", "vis"):
        (tmp_path / folder).mkdir()
        images.write(tmp_path / folder / "1.png", np.arange(192, dtype=np.uint8).reshape(12, 16))
    for ir_range in ("auto:all", "10C,40C"):
        assert main(["evaluate", str(tmp_path), "--model", "small", "--ir-range", ir_range]) == 2
        assert f"--ir-range {ir_range} is for mfjax fuse" in capsys.readouterr().err


def test_the_whole_photo_is_fused_where_the_file_places_it_if_the_visible_view_is_asked_for(flir, fuse):
    code, _ = fuse("flir.jpg", options=("--view", "visible"))
    assert code == 0
    made = images.read(flir.with_name("out.png"))
    assert made.shape == (48, 64, 3)
    photo = images.read_thermal(flir).photo
    above = images.to_float(made[:11]) - images.to_float(photo[:11])  # infrared shows rows 12 to 36
    assert np.abs(above).mean() < 0.02


def test_a_rig_file_places_the_whole_photo_instead_of_the_file(flir, fuse, tmp_path):
    photo = alignment_of(images.read_thermal(flir))
    photo.save(tmp_path / "rig.json")
    assert fuse("flir.jpg", options=("--align", str(tmp_path / "rig.json")), out="by_rig.png")[0] == 0
    assert fuse("flir.jpg", out="by_file.png")[0] == 0
    by_rig, by_file = (images.read(tmp_path / f"by_{how}.png").astype(int) for how in ("rig", "file"))
    assert by_rig.shape == by_file.shape
    assert np.abs(by_rig - by_file).max() <= 1
