"""Pairs of files to train on."""

import numpy as np

from mfjax import images
from mfjax.data import pairs
from mfjax.data.pairs import PairFiles, read_pair


def test_raw_infrared_of_16_bits_is_stretched_which_is_said_once(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(pairs, "_said", set())
    raw = (7000 + 20 * np.arange(48 * 64).reshape(48, 64) % 5000).astype(np.uint16)
    files = PairFiles(tmp_path / "ir.png", tmp_path / "vis.png")
    images.write_all({files.ir: raw, files.vis: np.full((48, 64), 99, np.uint8)})
    for _ in range(2):
        ir, vis = read_pair(files)
        assert (ir.dtype, ir.min(), ir.max(), vis.max()) == (np.uint8, 0, 255, 99)
    assert caplog.text.count(f"{files.ir}: uses little of its 16 bits: stretched to what it uses") == 1


def test_infrared_that_uses_its_16_bits_is_as_it_is(tmp_path, caplog):
    wide = np.linspace(0, 65535, 48 * 64).reshape(48, 64).astype(np.uint16)
    np.testing.assert_array_equal(pairs.infrared_pixels(wide, tmp_path), images.luma(wide))
    assert not caplog.text
