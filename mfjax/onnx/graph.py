"""Building an ONNX graph from values that are added and multiplied like arrays."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import onnx
from onnx import TensorProto, helper

OPSET = 18
IR_VERSION = 8  # version of the file format: the oldest that has this opset, so that old runtimes read it

LARGE = 2048  # bytes above which equal constants are stored once, since both sources share most filters

Dim = int | str  # a length, or the name of a length that is known only when the graph runs


@dataclass(frozen=True, eq=False)
class Value:
    """A value of a graph, usually a map `[n, channels, h, w]`. Its operators also take numbers."""

    graph: "Graph"
    name: str
    channels: int = 1

    def __add__(self, other: "Value | float") -> Self:
        return self._with("Add", self, other)

    def __radd__(self, other: float) -> Self:
        return self._with("Add", other, self)

    def __sub__(self, other: "Value | float") -> Self:
        return self._with("Sub", self, other)

    def __rsub__(self, other: float) -> Self:
        return self._with("Sub", other, self)

    def __mul__(self, other: "Value | float") -> Self:
        return self._with("Mul", self, other)

    def __rmul__(self, other: float) -> Self:
        return self._with("Mul", other, self)

    def __truediv__(self, other: "Value | float") -> Self:
        return self._with("Div", self, other)

    def _with(self, kind: str, *inputs: "Value | float") -> Any:
        values = [each if isinstance(each, Value) else self.graph.constant(each) for each in inputs]
        return self.graph.op(kind, *values, channels=max(each.channels for each in values))


class Graph:
    """The nodes and constants of a graph. Each method adds to them and returns the added value."""

    def __init__(self) -> None:
        self._inputs: list[Any] = []
        self._nodes: list[Any] = []
        self._constants: dict[tuple[Any, ...], Any] = {}
        self._dtype: Any = np.float32
        self._number = itertools.count()  # numbers in the names of nodes

    def input(self, name: str, shape: Sequence[Dim], channels: int = 1, *, dtype: Any = np.float32) -> Value:
        """Adds an input of the graph.

        Args:
            name: the input's name.
            shape: its shape.
            channels: its channels, if it is a map.
            dtype: its NumPy type.
        """
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        self._inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return Value(self, name, channels)

    def constant(self, x: Any) -> Value:
        """Adds floats, in the type of the computation.

        Args:
            x: a number or an array.
        """
        return self._constant(np.asarray(x, self._dtype))

    def integers(self, *x: int) -> Value:
        """Adds a vector of integers.

        Args:
            x: the integers, such as axes or a part of a shape.
        """
        return self.indices(np.asarray(x))

    def indices(self, x: np.ndarray) -> Value:
        """Adds an array of integers.

        Args:
            x: the array.
        """
        return self._constant(np.asarray(x, np.int64))

    def op(self, kind: str, *inputs: Value, channels: int | None = None, **attributes: Any) -> Value:
        """Adds an ONNX operation with one result.

        Args:
            kind: the operation's name.
            inputs: its inputs.
            channels: the result's channels, by default those of the first input.
            attributes: its attributes.
        """
        [out] = self.ops(kind, *inputs, channels=[inputs[0].channels if channels is None else channels], **attributes)
        return out

    def ops(self, kind: str, *inputs: Value, channels: Sequence[int], **attributes: Any) -> list[Value]:
        """Adds an ONNX operation with several results, and returns them.

        Args:
            kind: the operation's name.
            inputs: its inputs.
            channels: the channels of each result.
            attributes: its attributes.
        """
        node = next(self._number)
        results = [Value(self, f"{kind.lower()}_{node}_{i}", count) for i, count in enumerate(channels)]
        names, made = ([each.name for each in values] for values in (inputs, results))
        self._nodes.append(helper.make_node(kind, names, made, name=f"{kind}_{node}", **attributes))
        return results

    @contextmanager
    def computing_in(self, dtype: Any) -> Iterator[None]:
        """Makes the nodes that are added in a block compute in another type than float32.

        Args:
            dtype: the type of their constants; inputs must be cast to it.
        """
        self._dtype, before = dtype, self._dtype
        try:
            yield
        finally:
            self._dtype = before

    def scan(self, x: Value, rows: Sequence[np.ndarray], body: Callable[..., Value], axis: int) -> Value:
        """Adds a Scan operation, which runs a body for each row of some arrays and stacks the results.

        Args:
            x: a map that the body reads each time.
            rows: arrays of equally many rows; the body reads the next row of each every time.
            body: takes the map and the rows, and returns its result.
            axis: the new axis along which results are stacked.
        """
        inputs = [self._constant(each) for each in rows]
        outside, self._nodes = self._nodes, []
        number = next(self._number)
        given = [Value(self, f"row_{number}_{i}") for i in range(len(rows))]
        # The map goes from row to row unchanged: OpenVINO's bodies read no maps from outside.
        before = Value(self, f"map_{number}", x.channels)
        out, after = body(before, *given), self.op("Identity", before)
        infos = [helper.make_tensor_value_info(each.name, TensorProto.FLOAT, None) for each in (before, after, out)]
        for value, each in zip(given, rows, strict=True):
            kind = helper.np_dtype_to_tensor_dtype(each.dtype)
            infos.insert(-2, helper.make_tensor_value_info(value.name, kind, each.shape[1:]))
        graph = helper.make_graph(self._nodes, f"row_{number}", infos[:-2], infos[-2:])
        self._nodes = outside
        attributes = {"body": graph, "num_scan_inputs": len(rows), "scan_output_axes": [axis]}
        _, stacked = self.ops("Scan", x, *inputs, channels=[x.channels, out.channels], **attributes)
        return stacked

    def serialized(self, outputs: Mapping[str, tuple[Value, Sequence[Dim]]]) -> bytes:
        """Returns the content of the graph's ONNX file. Inputs that no node reads are left out, as OpenVINO does.

        Args:
            outputs: the graph's outputs, float32, and their shapes by their names.
        """
        read = {name for node in self._nodes for name in node.input}  # the bodies of Scan operations read no inputs
        inputs = [each for each in self._inputs if each.name in read]
        results = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, (_, shape) in outputs.items()
        ]
        named = [helper.make_node("Identity", [value.name], [name]) for name, (value, _) in outputs.items()]
        constants = list(self._constants.values())
        graph = helper.make_graph(self._nodes + named, "mfjax", inputs, results, constants)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="mfjax")
        return bytes(model.SerializeToString())

    def _constant(self, x: np.ndarray) -> Value:
        """Adds an array, a large one only once. Small ones are not shared: OpenVINO fuses only biases that are not."""
        raw = x.tobytes()
        key = x.dtype.str, x.shape, raw, len(raw) < LARGE and len(self._constants)
        if key not in self._constants:
            name = f"constant_{len(self._constants)}"
            kind = helper.np_dtype_to_tensor_dtype(x.dtype)
            self._constants[key] = onnx.TensorProto(name=name, data_type=kind, dims=x.shape, raw_data=raw)
        return Value(self, self._constants[key].name, x.shape[1] if x.ndim == 4 else 1)
