"""OpenVINO and its operations, imported without what reports that over the network, from a forked process."""

import sys

# The import does without the package that reports, if it does not find it.
_telemetry = sys.modules.get("openvino_telemetry")
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
try:
    import openvino as ov
    from openvino import opset1
    from openvino import opset15 as op
finally:
    del sys.modules["openvino_telemetry"]
    if _telemetry is not None:
        sys.modules["openvino_telemetry"] = _telemetry

max_pool = opset1.max_pool  # later ones give indices, too

__all__ = ["max_pool", "op", "ov"]
