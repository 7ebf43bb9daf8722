"""Fusing two cameras' images under an alignment: views, sizes, what is shown where one of them ends, and refusals."""

import dataclasses
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mfjax
from mfjax import Alignment, MfjaxError
from mfjax.alignment.estimate import Estimate
from mfjax.alignment.frames import soft_mask
from mfjax.alignment.warping import resampled
from mfjax.alignment.windows import Window, placed
from mfjax.inference import aligning, pure, views, windows
from mfjax.inference.composition import Source, compose
from mfjax.inference.fuser import Fuser
from mfjax.inference.infrared import Reading
from mfjax.model import FusionNetwork, FusionOutput
from mfjax.model.grids import Grid
from mfjax.model.placement import Placement
from mfjax.pairing import Pair

IR, VIS = (24, 32), (48, 64)
WIDER = np.array([[1.5, 0, -0.25], [0, 1.5, -0.25], [0, 0, 1.0]])
TURNED = np.array([[1.4, -0.06, -0.2], [0.1, 1.4, -0.25], [0, 0, 1.0]])


@pytest.fixture(scope="module")
def fuser(tiny_weights):
    return mfjax.load(tiny_weights, engine="xla")


@pytest.fixture(scope="module")
def ir():
    return np.random.default_rng(0).integers(0, 256, IR).astype(np.uint8)


@pytest.fixture(scope="module")
def vis():
    return np.random.default_rng(1).integers(0, 256, (*VIS, 3)).astype(np.uint8)


@pytest.fixture
def found(monkeypatch):
    """A function that makes the estimator find a map with a confidence."""

    def find(matrix, confidence):
        estimate = Estimate(np.asarray(matrix), confidence, 0.5)
        monkeypatch.setattr(views, "estimate", lambda ir, vis, **options: estimate)
        monkeypatch.setattr(views, "estimate_rig", lambda irs, viss, **options: (estimate, [estimate] * len(irs)))

    return find


@pytest.mark.parametrize("matrix", [WIDER, TURNED], ids=["placed", "turned"])
@pytest.mark.parametrize("view", ["visible", "infrared", "overlap"])
def test_all_three_images_have_the_size_of_the_view(fuser, ir, vis, matrix, view):
    made = fuser(ir, vis, align=Alignment(matrix, IR, VIS), view=view)
    size = views.frame_of(Alignment(matrix, IR, VIS), view, IR, VIS).size
    assert made.fused.shape == made.vis.shape == (*size, 3)
    assert made.ir.shape == size
    assert made.fused.dtype == made.ir.dtype == made.vis.dtype == np.uint8


@pytest.mark.parametrize("matrix", [WIDER, TURNED], ids=["placed", "turned"])
def test_where_infrared_shows_nothing_the_visible_image_stays_and_the_infrared_one_is_black(fuser, ir, vis, matrix):
    made = fuser(ir, vis, align=Alignment(matrix, IR, VIS), color="gray")
    unseen = soft_mask(matrix, VIS) == 0
    assert unseen.any()
    np.testing.assert_array_equal(made.fused[unseen], made.vis[unseen])
    assert made.ir[unseen].max() == 0


def test_where_visible_shows_nothing_the_infrared_image_stays_and_is_gray(fuser, ir, vis):
    narrow = np.linalg.inv(WIDER)
    made = fuser(ir, vis, align=Alignment(narrow, IR, VIS), view="infrared")
    size = made.fused.shape[:2]
    unseen = soft_mask(WIDER, size) == 0
    assert np.ptp(made.fused[unseen].astype(int), axis=-1).max() <= 1
    np.testing.assert_allclose(made.fused[unseen][:, 0].astype(int), made.ir[unseen], atol=1)


def test_an_alignment_that_moves_nothing_changes_nothing(fuser, ir, vis):
    np.testing.assert_array_equal(fuser(ir, vis, align=Alignment.identity(IR, VIS)).fused, fuser(ir, vis).fused)


def test_the_overlap_of_a_cut_visible_image_is_what_fusing_that_part_gives(fuser, vis):
    ir = np.random.default_rng(2).integers(0, 256, (24, 32)).astype(np.uint8)
    part = Alignment(np.array([[2, 0, -0.5], [0, 2, -0.5], [0, 0, 1.0]]), IR, VIS)  # infrared shows the middle
    made = fuser(ir, vis, align=part, view="overlap").fused
    np.testing.assert_array_equal(made, fuser(ir, vis[12:36, 16:48]).fused)


def test_a_placed_source_is_what_the_network_makes_of_it_where_it_lies_at_whole_pixels(fuser):
    """The same pixels, placed by a window that begins 4 output pixels before the output, and cut out of the whole."""
    image = np.random.default_rng(0).random((20, 24)).astype(np.float32)
    whole = fuser.source(image, "ir", (40, 48))
    other = Source(np.zeros((20, 24), np.float32), np.zeros_like(whole.features))
    expected = fuser.compose(whole, other, (40, 48)).ir
    window = Window((-4 / 32, -6 / 40), (40 / 32, 48 / 40))
    small = Source(np.zeros((16, 20), np.float32), np.zeros((16, 20, whole.features.shape[-1]), np.float32))
    made = compose(fuser.config, fuser.params, (whole._replace(window=window), small), (32, 40)).ir
    np.testing.assert_allclose(made[6:-6, 6:-6], expected[10:30, 12:40], atol=2e-5)


def test_source_pixels_beyond_the_output_have_no_residual_as_in_the_network(fuser):
    """The source reaches beyond the output at all sides, where the next of its pixels begins just outside."""
    image = np.random.default_rng(0).random((20, 24)).astype(np.float32)
    size, window = (30, 40), Window((-3.2 / 30, -3.39 / 40), (37.05 / 30, 47.67 / 40))
    sources = fuser.source(image, "ir", size, window), fuser.source(np.zeros(size, np.float32), "vis", size)
    made = fuser.compose(*sources, size).ir
    placements = Placement.covering((20, 24), size, *window.on(size)), Placement.between(size, size)
    inputs = (source.image[None, ..., None] for source in sources)
    network = jax.jit(partial(FusionNetwork(fuser.config).apply, size=size, placements=placements))
    expected = network({"params": fuser.params}, *inputs)
    np.testing.assert_allclose(made, np.clip(expected.ir[0, ..., 0], 0, 1), atol=2e-5)


def test_tiles_of_a_placed_source_join_without_a_seam(fuser):
    image = np.random.default_rng(0).random((60, 80)).astype(np.float32)
    source, window = placed(image, np.array([[1.23, 0, -0.1], [0, 1.1, 0.05], [0, 0, 1]]), (130, 150))
    sources = fuser.source(source, "ir", (130, 150), window), fuser.source(image, "vis", (130, 150))
    whole, tiled = (fuser.compose(*sources, (130, 150), tile=side) for side in (200, 96))
    for one, other in zip(whole, tiled, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-4)


@pytest.mark.parametrize("factor", [1.37, 5 / 3], ids=["many offsets", "few offsets"])
def test_a_placed_source_is_nearly_the_same_with_exact_and_fast_filters(fuser, factor):
    image = np.random.default_rng(0).random((24, 230)).astype(np.float32)
    size = int(24 * factor) - 1, int(230 * factor) - 1
    window = Window((-0.4 / size[0], -0.3 / size[1]), (24 * factor / size[0], 230 * factor / size[1]))
    sources = fuser.source(image, "ir", size, window), fuser.source(image, "vis", size)
    exact, fast = (fuser.compose(*sources, size, exact=exact) for exact in (True, False))
    for one, other in zip(fast, exact, strict=True):
        np.testing.assert_allclose(one, other, atol=0.05 / 255)
    assert np.abs(fast.ir - exact.ir).max() > 0


def test_few_offsets_of_a_placed_source_are_listed_once_and_many_are_interpolated():
    few, many = (Grid.affine((30, 400), (0.2, 0.1), (step, step)) for step in (3 / 5, 0.6137))
    cols = windows.fast(few).cols
    assert cols.interpolation is None
    assert len(np.unique(cols.offsets)) == 5
    np.testing.assert_allclose(cols.offsets[cols.number], few.cols.offsets, atol=2**-16)
    assert windows.fast(many).cols.interpolation is not None


def test_auto_uses_what_the_estimator_finds(fuser, ir, vis, found):
    found(TURNED, 0.9)
    expected = fuser(ir, vis, align=Alignment(TURNED, IR, VIS)).fused
    np.testing.assert_array_equal(fuser(ir, vis, align="auto").fused, expected)


def test_below_the_least_confidence_auto_is_refused_naming_what_was_seen_and_the_way_out(fuser, ir, vis, found):
    found(TURNED, 0.2)
    with pytest.raises(MfjaxError, match=r"confidence 0\.20, 0\.5 is needed.*scale 1\.4.*--align none"):
        fuser(ir, vis, align="auto")


def test_a_rig_file_may_be_named(fuser, ir, vis, tmp_path):
    rig = Alignment(TURNED, IR, VIS)
    rig.save(tmp_path / "rig.json")
    np.testing.assert_array_equal(fuser(ir, vis, align=tmp_path / "rig.json").fused, fuser(ir, vis, align=rig).fused)


def test_a_rig_of_images_of_another_aspect_is_refused(fuser, ir, vis):
    with pytest.raises(MfjaxError, match=r"is for infrared images of 24x32 and this one is 24x40"):
        fuser(np.zeros((24, 40), np.uint8), vis, align=Alignment.identity(IR, VIS))


def test_a_rig_holds_at_any_resolution(fuser, vis):
    fused = fuser(np.zeros((12, 16), np.uint8), vis, align=Alignment(WIDER, IR, VIS)).fused
    assert fused.shape == vis.shape


def test_a_batch_has_one_rig_for_all_pairs(fuser, ir, vis, found):
    found(TURNED, 0.9)
    made = fuser.batch([ir, ir[::-1]], [vis, vis[::-1]], align="auto")
    np.testing.assert_array_equal(made[0].fused, fuser(ir, vis, align=Alignment(TURNED, IR, VIS)).fused)
    assert len(made) == 2


def test_align_takes_arrays_sequences_and_files(ir, vis, tmp_path, found):
    found(TURNED, 0.7)
    mfjax.images.write_all({tmp_path / "ir.png": ir, tmp_path / "vis.png": vis})
    for pair in ((ir, vis), ([ir, ir], [vis, vis]), (tmp_path / "ir.png", tmp_path / "vis.png"), (tmp_path, None)):
        made = mfjax.align(*pair)
        np.testing.assert_array_equal(made.matrix, TURNED)
        assert (made.ir_size, made.vis_size, made.confidence) == (IR, VIS, 0.7)


def test_apply_takes_the_map_as_an_array_and_jit_equals_eager(fuser, ir, vis, monkeypatch):
    """With a stand-in for the network, whose own jitted output is compared with the eager one elsewhere."""
    monkeypatch.setattr(pure, "fuse_any", lambda config, params, *pair, **_: FusionOutput(sum(pair) / 2, *pair))
    lumas = ir / np.float32(255), vis[..., 1] / np.float32(255)

    def fuse(matrix):
        return fuser.apply(*lumas, size=VIS, alignment=matrix)

    for one, other in zip(fuse(jnp.array(TURNED)), jax.jit(fuse)(jnp.array(TURNED)), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("view", ["visible", "infrared", "overlap"])
def test_apply_makes_about_what_a_call_makes_in_every_view(fuser, view):
    rows, cols = (np.arange(side) for side in VIS)
    smooth = (np.outer(np.sin(rows / 9), np.cos(cols / 11)) / 2 + 0.5).astype(np.float32)
    pair, alignment = (smooth[::2, ::2], 1 - smooth[:, ::-1]), Alignment(TURNED, IR, VIS)
    called = fuser(*pair, align=alignment, view=view)
    made = jax.jit(partial(fuser.apply, size=called.fused.shape, alignment=TURNED, view=view))(*pair)
    if view == "infrared":  # there it averages the visible image, which is then shown as it is
        called = called._replace(vis=resampled(pair[1], np.linalg.inv(TURNED), called.fused.shape))
    for one, other in zip(made, called, strict=True):
        assert np.abs(np.clip(one, 0, 1) - other).max() < 0.03
        assert np.abs(np.clip(one, 0, 1) - other).mean() < 2e-3


def test_apply_shows_infrared_alone_in_its_view_where_visible_ends(fuser):
    lumas = np.random.default_rng(0).random(IR, np.float32), np.random.default_rng(1).random(VIS, np.float32)
    narrow = np.linalg.inv(TURNED)
    made = jax.jit(partial(fuser.apply, size=VIS, alignment=narrow, view="infrared"))(*lumas)
    unseen = soft_mask(TURNED, VIS) == 0
    assert unseen.any()
    np.testing.assert_array_equal(made.fused[unseen], made.ir[unseen])
    assert np.abs(made.vis[unseen]).max() == 0
    assert np.abs(made.vis).max() > 0


def test_apply_refuses_to_trace_the_overlap_and_a_view_that_there_is_not(fuser, ir, vis):
    def fuse(matrix, view="overlap"):
        return fuser.apply(np.zeros(IR, np.float32), np.zeros(VIS, np.float32), size=VIS, alignment=matrix, view=view)

    with pytest.raises(MfjaxError, match=r"the alignment is traced.*pass 'visible' or 'infrared'"):
        jax.jit(fuse)(jnp.array(TURNED))
    with pytest.raises(MfjaxError, match="view is 'both'; it is one of visible, infrared, overlap"):
        fuse(TURNED, "both")


def test_a_matrix_is_an_alignment_and_what_is_none_is_refused(fuser, ir, vis):
    np.testing.assert_array_equal(
        fuser(ir, vis, align=TURNED).fused, fuser(ir, vis, align=Alignment(TURNED, IR, VIS)).fused
    )
    with pytest.raises(MfjaxError, match="align is True; it is 'auto', an Alignment or its matrix"):
        fuser(ir, vis, align=True)
    [made] = fuser.batch([ir], [vis], align=TURNED)
    assert made.fused.shape == fuser(ir, vis, align=TURNED).fused.shape


def test_an_alignment_that_was_not_reliable_is_doubted(fuser, ir, vis, caplog):
    fuser(ir, vis, align=Alignment(TURNED, IR, VIS, confidence=0.3))
    assert "its confidence is 0.30, so it was not reliable" in caplog.text


def test_a_view_without_an_alignment_is_refused(fuser, ir, vis):
    for fuse in (fuser, partial(fuser.apply, size=VIS)):
        sources = (np.zeros(IR, np.float32), np.zeros(VIS, np.float32))
        with pytest.raises(MfjaxError, match="view is 'infrared', which is of aligned images; give their alignment"):
            fuse(*sources, view="infrared")
        with pytest.raises(MfjaxError, match="view is 'both'; it is one of visible, infrared, overlap"):
            fuse(*sources, view="both")


def test_apply_takes_a_multiple_of_a_map_for_that_map(fuser):
    sources = np.full(IR, 0.3, np.float32), np.full(VIS, 0.6, np.float32)
    made, same = (fuser.apply(*sources, size=VIS, alignment=times * TURNED) for times in (1, -2))
    np.testing.assert_allclose(made.ir, same.ir, atol=1e-5)
    assert np.ptp(made.ir) > 0.2


def test_a_batch_of_no_pairs_is_empty(fuser):
    assert fuser.batch([], [], align="auto") == []


@pytest.mark.parametrize(
    ("ir", "vis", "options", "message"),
    [
        (np.zeros((24, 32), np.float32), np.zeros((2, 24, 32), np.float32), {}, "pass luma, both"),
        (
            np.zeros((24, 32), np.uint8),
            np.zeros((24, 32), np.float32),
            {},
            r"infrared is uint8; pass floats in \[0, 1\]",
        ),
        (
            np.zeros((24, 32), np.float32),
            np.zeros((24, 32), np.float32),
            {"alignment": np.eye(2)},
            r"the alignment has shape \(2, 2\); it is a map, \[3, 3\]",
        ),
        (
            np.zeros((24, 32), np.float32),
            np.zeros((24, 32), np.float32),
            {"alignment": np.array([[1, 0, 1.2], [0, 1, 0], [0, 0, 1]]), "view": "overlap"},
            "show nothing in common",
        ),
        (
            np.zeros((24, 32), np.float32),
            np.zeros((24, 32), np.float32),
            {"alignment": np.array([[1, 0, 31 / 32], [0, 1, 0], [0, 0, 1]]), "view": "overlap"},
            "show only 24x1 pixels in common",
        ),
        (
            np.zeros((24, 32), np.float32),
            np.zeros((24, 32), np.float32),
            {"alignment": np.full((3, 3), np.nan), "view": "overlap"},
            "the matrix has NaN or infinite elements",
        ),
    ],
    ids=["shapes", "integers", "map", "apart", "column", "nan"],
)
def test_apply_refuses_what_is_no_pair_of_luma_or_no_map(fuser, ir, vis, options, message):
    with pytest.raises(MfjaxError, match=message):
        fuser.apply(ir, vis, size=(24, 32), **options)


def test_files_that_place_their_photos_are_searched_from_there(ir, vis, monkeypatch):
    placed = Alignment(TURNED, IR, VIS)
    lumas = aligning.Lumas(mfjax.images.to_float(ir), mfjax.images.to_luma(mfjax.images.to_float(vis)), placed)
    asked = []
    monkeypatch.setattr(aligning, "read_lumas", lambda *_, **__: lumas)
    monkeypatch.setattr(aligning, "align_lumas", lambda *_, starts, **__: asked.append(starts))
    aligning.align_files([Pair(name, Path("ir"), Path("vis")) for name in "ab"], Reading())
    np.testing.assert_array_equal(asked, [[placed.matrix] * 2])


def test_pairs_that_surely_lie_elsewhere_than_their_rig_are_named(ir, vis, monkeypatch, caplog):
    far = np.array([[1, 0, 0.02], [0, 1, 0], [0, 0, 1.0]])
    each = [Estimate(np.eye(3), 0.95, 1.0), Estimate(far, 0.95, 1.0), Estimate(far, 0.6, 1.0)]
    monkeypatch.setattr(views, "estimate_rig", lambda *_, **__: (each[0], each))
    images_of = [mfjax.images.to_float(ir)] * 3, [mfjax.images.to_luma(mfjax.images.to_float(vis))] * 3
    views.align_lumas(*images_of, names=["a", "b", "c"])
    assert "one place does not fit all pairs: b (10 px) lie elsewhere" in caplog.text


def test_exchanged_sources_are_doubted_once_when_they_are_aligned(ir, vis, found, caplog):
    found(TURNED, 0.7)
    mfjax.align([vis] * 2, [ir] * 2)
    assert caplog.text.count("are they exchanged?") == 1


def test_align_refuses_a_model_that_there_is_not_and_unequally_many_images(ir, vis):
    with pytest.raises(MfjaxError, match="model is 'wobble'; it is one of auto, shift, similarity, affine, homography"):
        mfjax.align(ir, vis, model="wobble")
    with pytest.raises(MfjaxError, match="there are 2 infrared and 1 visible images; align needs pairs"):
        mfjax.align([ir, ir], [vis])
    with pytest.raises(MfjaxError, match="is a path, but the visible image is not"):
        mfjax.align("a.png", vis)


def test_apply_makes_about_what_a_call_makes(fuser, vis):
    smooth = np.outer(np.sin(np.arange(24) / 5), np.cos(np.arange(32) / 6)).astype(np.float32) / 2 + 0.5
    luma = vis[..., 1] / np.float32(255)
    called = fuser(smooth, luma, align=Alignment(TURNED, IR, VIS))
    made = jax.jit(partial(fuser.apply, size=VIS, alignment=TURNED))(smooth, luma)
    np.testing.assert_allclose(np.clip(made.ir, 0, 1), called.ir, atol=0.02)
    assert np.abs(np.clip(made.fused, 0, 1) - called.fused).mean() < 1e-3


def test_the_gradient_of_the_fused_image_in_the_map_is_that_of_finite_differences(fuser):
    x = np.arange(32) / 5
    smooth = (np.sin(x)[:24, None] * np.cos(x) / 2 + 0.5).astype(np.float32)
    luma = np.full(VIS, 0.3, np.float32)

    @jax.jit
    def brightness(matrix):
        weights = jnp.linspace(0, 1, VIS[1])
        return (fuser.apply(smooth, luma, size=VIS, alignment=matrix).ir * weights)[16:32, 20:44].sum()

    gradient = jax.grad(brightness)(jnp.array(TURNED))
    for at in ((0, 2), (1, 1)):
        step = np.zeros((3, 3))
        step[at] = 2e-3
        slope = (brightness(jnp.array(TURNED + step)) - brightness(jnp.array(TURNED - step))) / 4e-3
        np.testing.assert_allclose(gradient[at], slope, rtol=0.05, atol=0.05)


def test_the_visible_and_the_overlap_view_agree_where_both_cameras_see(vis, random_params, tiny_config):
    """Statistics of whole images, on which every pixel depends, are of what both see."""
    config = dataclasses.replace(tiny_config, blend=4)
    params = random_params(config)
    params["fusion"]["contrast"] = np.full(1, 1.3, np.float32)
    fuser = Fuser.of(config, params, engine="xla")
    rng = np.random.default_rng(3)
    ir, vis = (rng.integers(0, 256, size).astype(np.uint8) for size in ((24, 120), (24, 240)))
    part = Alignment(np.array([[2, 0, -0.5], [0, 1, 0], [0, 0, 1.0]]), ir.shape, vis.shape)
    whole = fuser(ir, vis, align=part).fused[:, 60:180]
    overlap = fuser(ir, vis, align=part, view="overlap").fused
    np.testing.assert_allclose(whole[:, 50:70].astype(int), overlap[:, 50:70], atol=1)
