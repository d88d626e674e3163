# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX models as bytes, without a library that would refuse to write bad ones.

Each function is a message of onnx_model.proto; a message is bytes. Tests join them as they like.
"""

import struct

FLOAT, UINT8, INT64, BOOL = 1, 2, 7, 9


def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes([number])


def field(number, value):
    """A field; an int, a str, bytes or a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def fields(number, values):
    return b"".join(field(number, value) for value in values)


def tensor(name, dims, kind, raw, extra=b""):
    return fields(1, dims) + field(2, kind) + field(8, name) + field(9, raw) + extra


def ints(name, numbers, dims=None):
    return tensor(name, [len(numbers)] if dims is None else dims, INT64, struct.pack(f"<{len(numbers)}q", *numbers))


def floats(name, numbers, dims=None):
    return tensor(name, [len(numbers)] if dims is None else dims, FLOAT, struct.pack(f"<{len(numbers)}f", *numbers))


def external(name, dims, location, **more):
    """A tensor of floats in another file."""
    entries = {"location": location, **{key: str(value) for key, value in more.items()}}
    pairs = b"".join(field(13, field(1, key) + field(2, value)) for key, value in entries.items())
    return fields(1, dims) + field(2, FLOAT) + field(8, name) + pairs + field(14, 1)


def value(name, dims, kind=FLOAT):
    """An input or output: a dimension is a size or a name; without dimensions, one that does not say its type."""
    if dims is None:
        return field(1, name)
    shape = b"".join(field(1, field(2 if isinstance(d, str) else 1, d)) for d in dims)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))


def attribute(name, content):
    """An attribute: a number, a list of ints, a graph, or a tensor as ("tensor", message)."""
    if isinstance(content, int):
        return field(1, name) + field(3, content) + field(20, 2)
    if isinstance(content, float):
        return field(1, name) + varint(2 << 3 | 5) + struct.pack("<f", content) + field(20, 1)
    if isinstance(content, list):
        return field(1, name) + fields(8, content) + field(20, 7)
    if isinstance(content, str):
        return field(1, name) + field(4, content) + field(20, 3)
    if isinstance(content, tuple):
        return field(1, name) + field(5, content[1]) + field(20, 4)
    return field(1, name) + field(6, content) + field(20, 5)


def node(op, inputs, outputs, name="", domain="", **attributes):
    return (fields(1, inputs) + fields(2, outputs) + field(3, name or f"the_{op}") + field(4, op)
            + b"".join(field(5, attribute(key, content)) for key, content in attributes.items())
            + (field(7, domain) if domain else b""))


def graph(nodes, inputs=(), outputs=(), initializers=()):
    return (fields(1, nodes) + field(2, "g") + fields(5, initializers) + fields(11, inputs)
            + fields(12, outputs))


def function(name, inputs, outputs, nodes, domain="test"):
    return (field(1, name) + fields(4, inputs) + fields(5, outputs) + fields(7, nodes)
            + field(9, field(1, "") + field(2, 18)) + field(9, field(1, domain) + field(2, 1)) + field(10, domain))


def model(main, functions=(), opset=18, domains=("test",)):
    return (field(1, 8) + field(7, main) + field(8, field(1, "") + field(2, opset))
            + fields(8, (field(1, domain) + field(2, 1) for domain in domains)) + fields(25, functions))
