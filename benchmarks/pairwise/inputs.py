# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tensors and models that are made for a measurement."""

import array
import math
import os
import random
import re

import onnx_bytes


def numbers(dims, scale=1.0, seed=1):
    """Bytes of floats between -scale and scale; they repeat after some thousands."""
    generator = random.Random(seed)
    some = array.array("f", (scale * generator.uniform(-1, 1) for _ in range(4099)))
    count = math.prod(dims)
    return (some * (count // len(some) + 1))[:count].tobytes()


def tensor(name, dims, scale=1.0):
    return onnx_bytes.tensor(name, dims, onnx_bytes.FLOAT, numbers(dims, scale))


def write(prefix, values):
    """Files of the inputs {name: dims}."""
    files = []
    for index, (name, dims) in enumerate(values.items()):
        files.append("%s_input_%d.pb" % (prefix, index))
        with open(files[-1], "wb") as file:
            file.write(tensor(name, dims))
    return files


def name_of(path):
    """The name of the tensor in a .pb file, by way of its fields; "" without one."""
    with open(path, "rb") as file:
        data = file.read()

    def varint(at):
        number = shift = 0
        while True:
            number |= (data[at] & 127) << shift
            at, shift = at + 1, shift + 7
            if data[at - 1] < 128:
                return number, at

    at = 0
    while at < len(data):
        key, at = varint(at)
        if key & 7 == 0:
            _, at = varint(at)
        elif key & 7 in (1, 5):
            at += 8 if key & 7 == 1 else 4
        else:
            length, at = varint(at)
            if key >> 3 == 8:
                return data[at:at + length].decode()
            at += length
    return ""


def safe(name):
    return re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")


def as_options(files):
    """--input NAME=FILE for each, as `heddle explain` takes them."""
    named = [(name_of(file), file) for file in files]
    return [part for name, file in named if name for part in ("--input", "%s=%s" % (name, os.path.abspath(file)))]
