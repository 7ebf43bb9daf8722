"""The dual attention mechanism as ONNX nodes (`mfjax.model.attention`)."""

from mfjax.onnx.graph import Value
from mfjax.onnx.layers import Params, leaky_conv
from mfjax.onnx.maps import cut, mean, mean_level, padded, pooled, shuffled, size


def dual_attention(x: Value, params: Params, *, seen: Value | None = None) -> Value:
    """Adds `DualAttention`.

    Args:
        x: a source's upscaled features, `[n, c, h, w]`, of the whole image.
        params: parameters of the module.
        seen: as of `mean_level`.
    """
    by_position = x * _position_attention(x, params["position"])  # Eq. (3)
    by_channel = x * _channel_attention(x, seen)  # Eq. (6)
    return leaky_conv([x, by_channel, by_position], params["merge"])  # Eq. (7)


def _position_attention(x: Value, params: Params) -> Value:
    """Adds `PositionAttention`."""
    g = x.graph
    extent = size(x)
    missing = g.op("Mod", g.op("Neg", extent), g.integers(4, 4))
    pooled_mean = pooled(padded(mean(x, 1), 0, missing), "MaxPool")
    half = leaky_conv([pooled_mean], params["level_1"])  # Eq. (1)
    quarter = leaky_conv([pooled(half, "AveragePool")], params["level_2"])
    logits = shuffled(leaky_conv([half, shuffled(quarter)], params["merge"]))  # Eq. (2)
    return cut(g.op("Sigmoid", logits), extent)  # Eq. (3)


def _channel_attention(x: Value, seen: Value | None) -> Value:
    """Adds `channel_relation` and `channel_attention`."""
    g = x.graph
    channels = g.integers(1)
    relation = mean_level(x * g.op("ReduceSum", x, channels, channels=1, keepdims=1), seen)  # Eq. (4)
    low = g.op("ReduceMin", relation, channels, channels=1, keepdims=1)
    span = g.op("ReduceMax", relation, channels, channels=1, keepdims=1) - low
    span = g.op("Where", g.op("Greater", span, g.constant(0)), span, g.constant(1))
    return g.op("Softmax", (relation - low) / span, axis=1)  # Eq. (5)
