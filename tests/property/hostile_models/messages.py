# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX models as trees that can be changed: onnx_model.proto's messages, whatever their fields hold."""

import struct

import numpy as np
from numpy_models import KINDS
from onnx_bytes import varint

MODEL, GRAPH, FUNCTION, NODE, ATTRIBUTE, TENSOR, VALUE, TYPE, TENSOR_TYPE, SHAPE, DIM, OPSET = (
    "Model", "Graph", "Function", "Node", "Attribute", "Tensor", "Value", "Type", "TensorType", "Shape", "Dim", "Opset")
# Which fields of a message are messages; all others are numbers or bytes.
PARTS = {MODEL: {7: GRAPH, 8: OPSET, 25: FUNCTION}, GRAPH: {1: NODE, 5: TENSOR, 11: VALUE, 12: VALUE, 13: VALUE},
         FUNCTION: {7: NODE, 9: OPSET}, NODE: {5: ATTRIBUTE}, ATTRIBUTE: {5: TENSOR, 6: GRAPH}, VALUE: {2: TYPE},
         TYPE: {1: TENSOR_TYPE}, TENSOR_TYPE: {2: SHAPE}, SHAPE: {1: DIM}}
DTYPES = {number: np.dtype(name) for name, number in KINDS.items()}
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Message:
    """Fields in their order, as [number, content]: an int, bytes, a Message, or a float of 32 bits."""

    def __init__(self, kind, fields=()):
        self.kind, self.fields = kind, [list(field) for field in fields]

    def all(self, number):
        return [content for field, content in self.fields if field == number]

    def first(self, number, otherwise=None):
        return next((content for field, content in self.fields if field == number), otherwise)

    def set(self, number, *contents):
        """Instead of what the field held, in its place."""
        at = next((i for i, (field, _) in enumerate(self.fields) if field == number), len(self.fields))
        kept = [[field for field in part if field[0] != number] for part in (self.fields[:at], self.fields[at:])]
        self.fields = kept[0] + [[number, content] for content in contents] + kept[1]

    def text(self, number):
        return self.first(number, b"").decode(errors="replace")

    def messages(self, kind):
        """All of a kind below this one, in order."""
        for _, content in self.fields:
            if isinstance(content, Message):
                if content.kind == kind:
                    yield content
                yield from content.messages(kind)

    def encoded(self):
        out = bytearray()
        for number, content in self.fields:
            if isinstance(content, int):
                out += varint(number << 3) + varint(content)
            elif isinstance(content, float):
                out += varint(number << 3 | FIXED32) + struct.pack("<f", content)
            else:
                data = content.encoded() if isinstance(content, Message) else content
                out += varint(number << 3 | BYTES) + varint(len(data)) + data
        return bytes(out)


def read_varint(data, at):
    number = shift = 0
    while True:
        number |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return number - (number >> 63 << 64), at


def decoded(data, kind=MODEL):
    message, at = Message(kind), 0
    while at < len(data):
        key, at = read_varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            content, at = read_varint(data, at)
        elif wire == BYTES:
            size, at = read_varint(data, at)
            content, at = data[at:at + size], at + size
            part = PARTS.get(kind, {}).get(number)
            content = decoded(content, part) if part else content
        elif wire == FIXED32:
            content, at = struct.unpack_from("<f", data, at)[0], at + 4
        else:
            raise ValueError(f"wire type {wire} is not in ONNX's models")
        message.fields.append([number, content])
    return message


def packed_varints(data):
    at = 0
    while at < len(data):
        number, at = read_varint(data, at)
        yield number


def array_of(tensor):
    """Of a tensor's message; None of an element type that numpy does not have."""
    kind, dims = DTYPES.get(tensor.first(2)), tensor.all(1)
    if kind is None or any(isinstance(dim, bytes) for dim in dims):
        return None
    raw = tensor.first(9)
    if raw is None:
        numbers = [number for field in (5, 7, 11) for content in tensor.all(field)
                   for number in (packed_varints(content) if isinstance(content, bytes) else [content])]
        if kind == np.float16:
            raw = np.array(numbers, np.uint16).tobytes()
        elif kind.kind == "f":
            raw = b"".join(content if isinstance(content, bytes) else struct.pack("<f", content)
                           for field in (4, 10) for content in tensor.all(field))
        else:
            raw = np.array(numbers).astype(kind).tobytes()
    size = int(np.prod(dims, dtype=object))
    return np.frombuffer(raw, kind).reshape(dims).copy() if len(raw) == size * kind.itemsize else None


def tensor_of(name, array):
    dims = [[1, dim] for dim in array.shape]
    return Message(TENSOR, [*dims, [2, KINDS[array.dtype.name]], [8, name.encode()], [9, array.tobytes()]])


def dims_of(value):
    """The messages of a value's dimensions; None of a value without a shape."""
    for part in (2, 1, 2):
        value = value.first(part)
        if not isinstance(value, Message):
            return None
    return value.all(1)
