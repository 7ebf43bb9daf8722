import shutil
from fractions import Fraction

import av
import numpy as np
import pytest

from mfjax import MfjaxError, images
from mfjax.video import Frame, fuse, write


def content(folder):
    return {each: each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file()}


@pytest.fixture
def sequences(tmp_path):
    """Two folders of three images, and a third with the images of both."""
    for source in ("ir", "vis"):
        (tmp_path / source).mkdir()
        (tmp_path / "all").mkdir(exist_ok=True)
        for i in range(3):
            images.write(tmp_path / source / f"{i:05d}.png", np.full((24, 32), i, np.uint8))
            shutil.copy(tmp_path / source / f"{i:05d}.png", tmp_path / "all" / f"{source}_{i:05d}.png")
    return tmp_path


def both_in_one(path):
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("ffv1", rate=Fraction(25)) for _ in range(2)]
        for stream in streams:
            stream.height, stream.width, stream.pix_fmt = 24, 32, "gray"
        for stream in streams * 3:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((24, 32), np.uint8), format="gray")))
        for stream in streams:
            container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("ir", "vis", "out", "named"),
    [
        ("all/ir_%05d.png", "all/vis_%05d.png", "all/vis_%05d.png", "all/vis_0000[012].png"),
        ("all/ir_%05d.png", "all/vis_%05d.png", "all/ir_%05d.png", "all/ir_0000[012].png"),
        ("ir", "vis", "vis/%05d.png", "vis/0000[012].png"),
        ("ir", "vis", "ir", "ir/0000[012].png"),
        ("ir", "vis", "linked", "linked/0000[012].png"),
        ("both.mkv[0]", "both.mkv[1]", "both.mkv", "both.mkv"),
        ("both.mkv[0]", "both.mkv[1]", "same.mkv", "same.mkv"),
        ("both.mkv[0]", ".new.part.mkv", "new.mkv", ".new.part.mkv"),
    ],
)
def test_sources_are_not_overwritten(sequences, averaging, ir, vis, out, named):
    shutil.copy(both_in_one(sequences / "both.mkv"), sequences / ".new.part.mkv")
    (sequences / "same.mkv").hardlink_to(sequences / "both.mkv")
    (sequences / "linked").symlink_to(sequences / "vis")
    before = content(sequences)
    with pytest.raises(MfjaxError, match=f"{named} is a source and would be overwritten; choose another output"):
        write(fuse(sequences / ir, sequences / vis, fuser=averaging), sequences / out)
    assert content(sequences) == before


@pytest.mark.parametrize("out", ["all/fused_%05d.png", "all/vis_%03d.png", "new", "all/a.mp4"])
def test_images_beside_sources_are_written(sequences, averaging, out):
    before = content(sequences)
    sources = sequences / "all" / "ir_%05d.png", sequences / "all" / "vis_%05d.png"
    assert write(fuse(*sources, fuser=averaging), sequences / out) == 3
    assert content(sequences).items() > before.items()


def test_a_source_of_ones_own_need_not_name_files(sequences, averaging):
    class Own:
        name, rate, duration, is_live = "mine", 25.0, 0.12, False

        def frames(self, start=0.0):
            yield from (Frame(np.full((24, 32), 99, np.uint8), i / 25) for i in range(3) if i / 25 >= start)

    assert write(fuse(sequences / "ir", Own(), fuser=averaging), sequences / "vis" / "%05d.png") == 3
    with pytest.raises(MfjaxError, match="is a source"):
        write(fuse(sequences / "ir", Own(), fuser=averaging), sequences / "ir")
