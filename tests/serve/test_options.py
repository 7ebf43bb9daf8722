import pytest

from mfjax.errors import MfjaxError
from mfjax.inference.ranges import Celsius
from mfjax.serve.limits import Limits
from mfjax.serve.options import Options


def test_what_is_null_or_left_out_is_the_default():
    assert Options.of({}) == Options.of({"scale": None, "view": None}) == Options()


def test_values_are_taken_in_their_types():
    made = Options.of({"height": 480.0, "detail": 0, "align": "auto", "view": "overlap", "ir_range": [10, 20]})
    assert (made.size, made.detail, made.view, made.ir_range) == ((480, None), 0.0, "overlap", (10.0, 20.0))
    assert Options.of({"ir_range": {"celsius": [-5, 30]}}).ir_range == Celsius(-5, 30)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ([], "options are an object"),
        ({"quality": 5}, "there is no option quality"),
        ({"align": "rig.json"}, "align is 'rig.json'; it is one of auto, none"),
        ({"align": ["auto"]}, "it is one of auto, none"),
        ({"detail": 2}, "detail is 2; it must be from 0"),
        ({"detail": "1"}, "detail is '1'; it is a number"),
        ({"scale": True}, "scale is True"),
        ({"scale": 0}, "scale is 0; it must be positive"),
        ({"scale": 10**400}, "it is a number"),
        ({"height": 4.5}, "height is 4.5; it is a number of pixels"),
        ({"height": 10, "scale": 2}, "not both"),
        ({"view": "infrared"}, "align them, too"),
        ({"stretch": "yes"}, "it is true or false"),
        ({"ir_range": "auto:all"}, "it is full, auto or two numbers"),
        ({"ir_range": [3]}, "it is two numbers"),
        ({"ir_range": [3, None]}, "it is two numbers"),
        ({"ir_range": [30, 3]}, "a low and a higher value"),
        ({"ir_palette": "hot"}, "ir_palette is 'hot'"),
        ({"model": 5}, "it is a name"),
    ],
)
def test_what_can_not_be_is_refused_in_one_line(told, message):
    with pytest.raises(MfjaxError, match=message) as caught:
        Options.of(told)
    assert "\n" not in str(caught.value)


def test_limits_are_positive():
    with pytest.raises(MfjaxError, match="output pixels is 0; it must be positive"):
        Limits(output_pixels=0)
