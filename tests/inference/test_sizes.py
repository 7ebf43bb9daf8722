"""Output sizes, aspects and the memory they take."""

import logging
from functools import partial

import numpy as np
import pytest

from mfjax import memory
from mfjax.inference import sizes


def test_the_default_is_the_larger_source_by_area():
    assert sizes.output_size((100, 200), (300, 90)) == (300, 90)


def test_of_two_equal_areas_the_visible_one_counts():
    assert sizes.output_size((10, 40), (20, 20)) == (20, 20)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((240, None), (240, 320)), ((None, 320), (240, 320)), ((7, 11), (7, 11)), ((None, None), (480, 640))],
)
def test_a_missing_side_keeps_the_aspect_of_the_larger_source(size, expected):
    assert sizes.output_size((120, 160), (480, 640), size=size) == expected


def test_scale_is_relative_to_the_larger_source():
    assert sizes.output_size((480, 640), (120, 160), scale=0.5) == (240, 320)


def test_size_and_scale_together_are_refused():
    with pytest.raises(ValueError, match="not both"):
        sizes.output_size((8, 8), (8, 8), size=(4, 4), scale=2.0)


@pytest.mark.parametrize("size", [(0, None), (8, 0), (-4, 8)])
def test_a_size_below_one_pixel_is_refused(size):
    with pytest.raises(ValueError, match="at least one pixel"):
        sizes.output_size((8, 8), (8, 8), size=size)


@pytest.mark.parametrize("size", [8, 0, (), (8,), (8, 8, 8), (8.0, 8), "88"])
def test_a_size_that_is_not_two_whole_numbers_is_refused(size):
    with pytest.raises(ValueError, match="whole pixels"):
        sizes.output_size((8, 8), (8, 8), size=size)


def test_a_size_may_be_an_array():
    assert sizes.output_size((8, 8), (8, 8), size=np.array([3, 4])) == (3, 4)


@pytest.mark.parametrize("request_", [{"size": (10**400, None)}, {"size": (None, 2**31)}, {"scale": 1e308}])
def test_a_size_beyond_that_of_any_image_is_refused(request_):
    with pytest.raises(ValueError, match="no image is so large"):
        sizes.output_size((8, 8), (8, 8), **request_)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_a_scale_that_is_not_positive_is_refused(scale):
    with pytest.raises(ValueError, match="must be positive"):
        sizes.output_size((8, 8), (8, 8), scale=scale)


def test_a_scale_that_leaves_nothing_is_refused():
    with pytest.raises(ValueError, match="0x0"):
        sizes.output_size((8, 8), (8, 8), scale=0.01)


def test_aspects_of_one_view_pass_in_silence(caplog):
    sizes.check_aspects((480, 640), (961, 1280))
    assert not caplog.records


def test_aspects_a_little_apart_are_one_warning(caplog):
    with caplog.at_level(logging.WARNING):
        sizes.check_aspects((301, 496), (939, 1394))
    assert [record.getMessage() for record in caplog.records] == [
        "infrared is 301x496 (1:1.65) but visible is 939x1394 (1:1.48): 11 % apart, stretched to the same view"
    ]


def test_aspects_far_apart_are_refused_with_both_and_the_way_out():
    with pytest.raises(ValueError, match=r"512x640 \(4:5\) but visible is 480x1920 \(1:4\).*stretch=True"):
        sizes.check_aspects((512, 640), (480, 1920))


def test_stretch_accepts_any_aspects_in_silence(caplog):
    sizes.check_aspects((512, 640), (480, 1920), stretch=True)
    assert not caplog.records


def test_more_memory_than_there_is_is_refused_with_both_amounts():
    source = 100_000, 100_000
    with pytest.raises(ValueError, match=r"100000x100000 .* 98\d\.\d GB .* 8\.0 GB"):
        sizes.check_memory(source, source, source, 8_000_000_000)


def test_memory_that_is_not_known_is_not_checked():
    sizes.check_memory((480, 640), (480, 640), (100_000, 100_000), None)


def test_memory_of_a_large_image_grows_with_its_pixels_only_by_what_holds_them():
    small, large = (sizes.memory_needed((n, n), (n, n), (2 * n, 2 * n)) for n in (2000, 4000))
    assert large - small == (4000**2 - 2000**2) * (
        2 * (sizes.SOURCE_BYTES + sizes.FEATURE_BYTES) + 4 * sizes.OUTPUT_BYTES
    )


def test_memory_is_that_of_sources_as_the_network_gets_them():
    needed = partial(sizes.memory_needed, largest_factor=4)
    averaged, enlarged = (
        needed((8000, 8000), (1000, 1000), (2000, 2000)),
        needed((500, 500), (1000, 1000), (4000, 4000)),
    )
    images = sizes.SOURCE_BYTES * (8000**2 - 2000**2), sizes.SOURCE_BYTES * (2000**2 - 500**2)
    assert averaged == needed((2000, 2000), (1000, 1000), (2000, 2000)) + images[0]
    assert enlarged == needed((2000, 2000), (1000, 1000), (4000, 4000)) - images[1]


def test_sixty_seven_megapixels_from_sixteen_and_four_take_three_to_four_gigabytes():
    sources = (2048, 2048), (4096, 4096)
    needed = partial(sizes.memory_needed, *sources, (8192, 8192), largest_factor=4)
    assert 3e9 < needed() < 4e9
    assert 3.5e9 < needed(colour=True) < 4.5e9


def test_less_memory_suffices_where_there_is_less():
    sources = (2048, 2048), (4096, 4096), (8192, 8192)
    assert sizes.memory_needed(*sources, working=2**28) == sizes.memory_needed(*sources) - 3 * 2**28


def test_images_that_fit_in_small_parts_are_not_refused():
    sources = (2048, 2048), (4096, 4096), (8192, 8192)
    assert sizes.memory_needed(*sources, largest_factor=4) > 2_900_000_000
    sizes.check_memory(*sources, 2_900_000_000, largest_factor=4)
    with pytest.raises(ValueError, match=r"2\.0 GB are free"):
        sizes.check_memory(*sources, 2_000_000_000, largest_factor=4)


def test_working_memory_is_a_quarter_of_what_is_free_and_at_most_a_gibibyte(monkeypatch):
    for free, expected in ((2**40, 2**30), (2**30, 2**28), (None, 2**30)):
        monkeypatch.setattr(memory, "host_memory", lambda free=free: free)
        assert sizes.working_memory() == expected


def test_outputs_at_odd_factors_are_composed_at_once_only_where_twice_their_memory_is_free(monkeypatch):
    for free, expected in ((1_500_000_000, 150_000), (2**40, 2**19), (None, 2**19)):
        monkeypatch.setattr(memory, "host_memory", lambda free=free: free)
        assert sizes.pixels_at_once() == expected
    sizes.check_memory((240, 320), (480, 640), (481, 640), 1_500_000_000)  # in tiles


def test_smaller_parts_for_want_of_memory_are_said_once_for_each_size(monkeypatch, caplog):
    monkeypatch.setattr(memory, "host_memory", lambda: 1_500_000_000)
    sizes.say_smaller.cache_clear()
    for _ in range(2):
        sizes.check_memory((600, 800), (600, 800), (1200, 1600), memory.host_memory())
    assert [record.getMessage() for record in caplog.records] == [
        "an output of 1200x1600 is made in smaller parts, which may take longer, since it would take about 1.8 GB of "
        "memory and 1.5 GB are free"
    ]


def test_what_is_refused_names_the_least_that_suffices():
    sources = (600, 800), (600, 800), (1200, 1600)
    with pytest.raises(ValueError, match=r"takes about 0\.9 GB of memory and 0\.8 GB are free"):
        sizes.check_memory(*sources, 800_000_000)
    sizes.check_memory(*sources, 900_000_000)


def test_a_tile_that_does_not_fit_is_made_smaller_and_that_is_said(monkeypatch, caplog):
    monkeypatch.setattr(memory, "host_memory", lambda: 1_600_000_000)
    assert sizes.affordable_tile(900, (3000, 4000)) == 900
    assert not caplog.records
    assert sizes.affordable_tile(4000, (3000, 4000)) == 1000
    assert [record.getMessage() for record in caplog.records] == [
        "tile is 4000, which takes about 12.8 GB of memory, and 1.6 GB are free: tiles of 1000 are used"
    ]
