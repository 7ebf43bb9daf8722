"""Temperatures and photos of thermal cameras' files: rendered ones, and real ones beside the project."""

import contextlib
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mfjax import MfjaxError, images

flir_files = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("flir_files.py"))))

REAL = Path(__file__).parents[3] / "shared" / "data" / "thermal"
real_files = pytest.mark.skipif(not REAL.is_dir(), reason="needs real thermal files in ../shared/data/thermal")


@pytest.fixture
def counts():
    rows, cols = np.mgrid[0:12, 0:16]
    return (15_000 + 130 * rows + 70 * cols).astype(np.uint16)


@pytest.fixture
def picture():
    return np.full((12, 16, 3), 90, np.uint8)


def write(path, *parts):
    path.write_bytes(b"".join(parts))
    return path


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", ["plain", "png", "swapped png", "jpeg-ls"])
def test_temperatures_are_those_of_the_published_formula(tmp_path, counts, kind, order):
    file = write(tmp_path / "a.fff", flir_files.thermal_frame(counts, order, kind))
    found = images.read_thermal(file)
    assert found.celsius.dtype == np.float32
    np.testing.assert_allclose(found.celsius, flir_files.celsius(counts.astype(float)), atol=2e-3)
    assert found.photo is None
    assert found.placement is None


def test_a_record_may_have_the_other_byte_order(tmp_path, counts):
    records = {0x20: flir_files.camera(">"), 0x01: flir_files.raw(counts, order=">")}
    found = images.read_thermal(write(tmp_path / "a.fff", flir_files.frame(records)))
    np.testing.assert_allclose(found.celsius, flir_files.celsius(counts.astype(float)), atol=2e-3)


def test_humidity_in_per_cent_is_understood(tmp_path, counts):
    records = {0x20: flir_files.camera(humidity=60), 0x01: flir_files.raw(counts)}
    found = images.read_thermal(write(tmp_path / "a.fff", flir_files.frame(records)))
    np.testing.assert_allclose(found.celsius, flir_files.celsius(counts.astype(float)), atol=2e-3)


def test_counts_of_less_than_no_radiation_have_no_temperature(tmp_path, counts):
    counts[0, 0] = 0
    found = images.read_thermal(write(tmp_path / "a.fff", flir_files.thermal_frame(counts)))
    assert np.isnan(found.celsius[0, 0])
    assert np.isnan(found.celsius).sum() == 1


def test_a_frame_is_read_from_many_segments_of_a_jpeg(tmp_path, counts, picture):
    file = write(tmp_path / "a.jpg", flir_files.jpeg(flir_files.thermal_frame(counts), picture))
    np.testing.assert_allclose(images.read_thermal(file).celsius, flir_files.celsius(counts.astype(float)), atol=2e-3)


def test_a_jpeg_that_lacks_a_part_of_its_frame_is_refused(tmp_path, counts, picture):
    data = flir_files.jpeg(flir_files.thermal_frame(counts), picture)
    second = data.index(b"FLIR\0\1\1")
    file = write(tmp_path / "a.jpg", data[: second - 4], data[second + 208 :])
    with pytest.raises(MfjaxError, match=r"a\.jpg: .* of \d+ parts of its FLIR data"):
        images.read_thermal(file)


def test_reading_a_radiometric_jpeg_gives_its_picture_and_says_so(tmp_path, counts, picture, caplog):
    file = write(tmp_path / "a.jpg", flir_files.jpeg(flir_files.thermal_frame(counts), picture))
    assert images.read(file).dtype == np.uint8
    assert "a.jpg: the picture read, not the temperatures beside it" in caplog.text


def test_opening_a_radiometric_jpeg_as_infrared_gives_its_temperatures_and_says_so(tmp_path, counts, picture, caplog):
    file = write(tmp_path / "a.jpg", flir_files.jpeg(flir_files.thermal_frame(counts), picture))
    opened = images.open(file, thermal=True)
    np.testing.assert_allclose(opened.pixels, flir_files.celsius(counts.astype(float)), atol=2e-3)
    assert opened.metadata.unit == "celsius"
    assert caplog.messages == [f"{file}: the camera's temperatures (°C) read, not its picture"]


@pytest.mark.parametrize("gap", [b"", b"\0" * 13])
def test_frames_of_a_sequence_are_pages(tmp_path, counts, gap, caplog):
    one, two = (flir_files.thermal_frame(counts + np.uint16(more), "<") for more in (0, 500))
    file = write(tmp_path / "a.seq", one, gap, two)
    np.testing.assert_allclose(images.read(f"{file}[1]"), flir_files.celsius(counts.astype(float) + 500), atol=2e-3)
    assert not caplog.messages
    np.testing.assert_allclose(images.read(file), flir_files.celsius(counts.astype(float)), atol=2e-3)
    assert "first frame of 2 read, others ignored" in caplog.text
    with pytest.raises(MfjaxError, match=r"has 2 frames, counted from 0; there is no frame 2"):
        images.read_thermal(file, page=2)


def test_a_cut_frame_is_refused_and_those_before_it_are_read(tmp_path, counts):
    one = flir_files.thermal_frame(counts)
    file = write(tmp_path / "a.seq", one, one[:-1])
    assert images.read_thermal(file).celsius.shape == (12, 16)
    with pytest.raises(MfjaxError, match=r"a\.seq\[1\]: .*a frame is longer than the file"):
        images.read_thermal(f"{file}[1]")


@pytest.mark.parametrize("length", [10, 63, 80, 200, 1000, -1])
@pytest.mark.parametrize("kind", ["plain", "png", "jpeg-ls"])
def test_a_cut_file_is_refused(tmp_path, counts, kind, length):
    file = write(tmp_path / "a.fff", b"FFF\0" + flir_files.thermal_frame(counts, kind=kind)[4:length])
    with pytest.raises(MfjaxError, match=r"a\.fff: the file is cut short or damaged"):
        images.read_thermal(file)


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        ({0x20: flir_files.camera()}, "no raw counts"),
        ({0x01: flir_files.raw(np.ones((3, 4), np.uint16))}, "raw counts without a calibration"),
        ({0x20: flir_files.camera(r1=0), 0x01: flir_files.raw(np.ones((3, 4), np.uint16))}, "calibration is empty"),
        ({0x20: flir_files.camera(), 0x01: flir_files.raw(np.ones((3, 4), np.uint16))[:-1]}, "fewer raw counts"),
    ],
)
def test_a_frame_that_gives_no_temperatures_is_refused_with_the_reason(tmp_path, records, problem):
    file = write(tmp_path / "a.fff", flir_files.frame(records))
    with pytest.raises(MfjaxError, match=rf"a\.fff: .*{problem}"):
        images.read_thermal(file)


@pytest.mark.parametrize("kind", [".jpg", ".png"])
def test_a_photo_is_read_and_the_infrared_view_cut_out_where_the_file_places_it(tmp_path, counts, picture, kind):
    whole = np.full((60, 80, 3), (40, 90, 160), np.uint8)
    whole[18:48, 26:66] = 200, 120, 30  # half of the width, its middle 3 below and 6 right of the photo's
    records = {0x0E: flir_files.photo(whole, kind), 0x2A: flir_files.placement(2, 3, 6)}
    file = write(
        tmp_path / "a.jpg", flir_files.jpeg(flir_files.thermal_frame(counts, records=records), picture, 60_000)
    )
    found = images.read_thermal(file)
    assert found.placement == images.Placement(2, (3, 6))
    np.testing.assert_allclose(found.photo[:10, :10].mean((0, 1)), (40, 90, 160), atol=3)
    assert found.visible.shape == (30, 40, 3)
    np.testing.assert_allclose(found.visible[2:-2, 2:-2].mean((0, 1)), (200, 120, 30), atol=3)


@pytest.mark.parametrize(("zoom", "ratio"), [((8, 5), 1.25), ((0, 1), 2), ((1, 1), 2)])
def test_a_digital_zoom_narrows_the_picture_that_the_file_places_but_not_the_temperatures(
    tmp_path, counts, picture, zoom, ratio
):
    records = {0x0E: flir_files.photo(np.zeros((60, 80, 3), np.uint8)), 0x2A: flir_files.placement(2, 3, 6)}
    data = flir_files.jpeg(flir_files.thermal_frame(counts, records=records), picture, 60_000)
    file = write(tmp_path / "a.jpg", data[:20] + flir_files.zoom_segment(*zoom) + data[20:])
    assert images.read_thermal(file).placement == images.Placement(ratio, (3, 6))


def test_a_place_outside_of_the_photo_is_refused(tmp_path, counts, picture):
    records = {0x0E: flir_files.photo(np.zeros((60, 80, 3), np.uint8)), 0x2A: flir_files.placement(1.1, 0, 30)}
    file = write(
        tmp_path / "a.jpg", flir_files.jpeg(flir_files.thermal_frame(counts, records=records), picture, 60_000)
    )
    with pytest.raises(MfjaxError, match="columns 34 to 107 of a photo of 60x80"):
        _ = images.read_thermal(file).visible


def test_a_photo_that_can_not_be_that_large_is_refused(tmp_path, counts, picture):
    records = {0x0E: flir_files.photo(np.zeros((60, 80, 3), np.uint8)), 0x2A: flir_files.placement(200, 0, 0)}
    file = write(
        tmp_path / "a.jpg", flir_files.jpeg(flir_files.thermal_frame(counts, records=records), picture, 60_000)
    )
    with pytest.raises(MfjaxError, match="its photo is 200 times as large as its infrared view"):
        images.read_thermal(file)


@pytest.mark.parametrize(("unit", "offset"), [("celsius", 0), ("kelvin", 273.15)])
@pytest.mark.parametrize("suffix", ["tif", "npy"])
def test_a_float_file_is_read_in_the_unit_that_is_named(tmp_path, unit, offset, suffix):
    celsius = np.linspace(-20, 80, 192, dtype=np.float32).reshape(12, 16)
    celsius[0, 0] = np.nan
    file, values = tmp_path / f"a.{suffix}", (celsius + offset).astype(np.float32)
    if suffix == "npy":
        np.save(file, values)
    else:
        import tifffile

        tifffile.imwrite(file, values)
    np.testing.assert_allclose(images.read_thermal(file, unit=unit).celsius, celsius, atol=1e-4)
    with pytest.raises(MfjaxError, match=r'does not say the unit of its values; pass unit="celsius" or "kelvin"'):
        images.read_thermal(file)


def test_a_unit_beside_that_of_the_file_is_refused(tmp_path, counts):
    file = write(tmp_path / "a.fff", flir_files.thermal_frame(counts))
    with pytest.raises(MfjaxError, match="in celsius; leave unit out"):
        images.read_thermal(file, unit="kelvin")


def test_a_picture_without_temperatures_is_refused(tmp_path, picture):
    images.write(tmp_path / "a.jpg", picture)
    with pytest.raises(MfjaxError, match=r"a\.jpg: has no temperatures"):
        images.read_thermal(tmp_path / "a.jpg")


def test_nan_is_refused_of_a_picture_and_read_of_an_infrared_image(tmp_path):
    values = np.ones((4, 5), np.float32)
    values[1, 2], values[3, 4] = np.nan, np.inf
    np.save(tmp_path / "a.npy", values)
    with pytest.raises(MfjaxError, match="2 of 20 values that are NaN or infinite"):
        images.read(tmp_path / "a.npy")
    assert np.isnan(images.open(tmp_path / "a.npy", thermal=True).pixels).sum() == 2


@real_files
def test_raw_counts_of_an_sc660_are_those_that_exiftool_takes_out():
    from mfjax.images import flir, flir_pixels, jpeg_stream

    raw = 0x01  # the kind of a record
    frame = flir.frame(flir.from_segments(jpeg_stream.walk((REAL / "SC660.jpg").read_bytes()).segments))
    np.testing.assert_array_equal(flir_pixels.raw_counts(frame.records[raw]), images.read(REAL / "SC660_raw.png"))


@real_files
@pytest.mark.parametrize(
    ("name", "shape", "low", "median", "high"),  # degrees; flyr 5.1 gives the same of the JPEGs
    [
        ("SC660.jpg", (480, 640), 22.736, 29.008, 35.250),
        ("T640.jpg", (480, 640), 25.462, 34.534, 97.854),
        ("Flir_E40.jpg", (120, 160), 17.876, 21.013, 24.700),
        ("Flir_B60.jpg", (180, 180), -68.079, -7.689, -0.228),
        ("SampleSEQ.seq[1]", (480, 640), 18.613, 22.311, 37.388),
        ("SampleCSQ.csq[0]", (768, 1024), 16.693, 19.440, 35.293),
    ],
)
def test_real_files_have_the_temperatures_that_another_reader_gives(name, shape, low, median, high):
    celsius = images.read_thermal(REAL / name).celsius
    assert celsius.shape == shape
    np.testing.assert_allclose((celsius.min(), np.median(celsius), celsius.max()), (low, median, high), atol=2e-3)


@real_files
def test_a_djis_jpeg_says_how_its_temperatures_can_be_had(caplog):
    with pytest.raises(MfjaxError, match=r"M30T\.jpg: has temperatures that can't be read: .*dji_irp"):
        images.read_thermal(REAL / "M30T.jpg")
    images.open(REAL / "M30T.jpg", thermal=True)
    assert "M30T.jpg: the picture read, not the temperatures beside it" in caplog.text


@pytest.mark.parametrize("kind", ["plain", "png", "jpeg-ls"])
def test_a_damaged_frame_is_read_or_refused_but_never_an_error_in_the_code(tmp_path, counts, kind):
    photo = flir_files.photo(np.full((24, 32, 3), 90, np.uint8))
    records = {0x0E: photo, 0x2A: flir_files.placement(2, 0, 0)}
    whole = flir_files.thermal_frame(counts, kind=kind, records=records)
    random = np.random.default_rng(0)
    for _ in range(300):
        data = bytearray(whole)
        for at in random.integers(4, 400 if random.random() < 0.5 else len(data), 3):
            data[at] = random.integers(0, 256)
        file = write(tmp_path / "a.fff", bytes(data))
        with contextlib.suppress(MfjaxError):
            _ = images.read_thermal(file).visible


def test_a_photo_in_a_file_is_known_without_decoding_it(tmp_path, counts, picture):
    records = {0x0E: flir_files.photo(picture)[:60]}  # cut, so that decoding it would fail
    assert images.has_photo(write(tmp_path / "a.fff", flir_files.thermal_frame(counts, records=records)))
    assert not images.has_photo(write(tmp_path / "b.fff", flir_files.thermal_frame(counts)))
    with_photo = flir_files.jpeg(flir_files.thermal_frame(counts, records=records), picture)
    assert images.has_photo(write(tmp_path / "c.jpg", with_photo))
    images.write(tmp_path / "d.jpg", picture)
    assert not images.has_photo(tmp_path / "d.jpg")


def test_a_frame_whose_directory_is_inside_its_header_is_refused(tmp_path, counts):
    data = bytearray(flir_files.thermal_frame(counts))
    data[24:32] = bytes(8)  # its place and length: the next frame would be this one, for ever
    with pytest.raises(MfjaxError, match=r"a\.fff: .*a frame's directory is inside its header"):
        images.read(write(tmp_path / "a.fff", data))


def test_raw_counts_in_a_jpeg_ls_without_its_end_are_refused_at_once(tmp_path, counts):
    record = flir_files.raw(counts, "jpeg-ls").removesuffix(b"\xff\xd9")
    records = {0x20: flir_files.camera(), 0x01: record}
    with pytest.raises(MfjaxError, match="its raw counts are cut"):
        images.read(write(tmp_path / "a.csq", flir_files.frame(records)))
