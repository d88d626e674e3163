#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantisation of numbers whose quotients are ties, or the floats next to ties.

    quantization_test.py HEDDLE

The integers are those of a division in f32 that is rounded to even, whatever is done instead of it.
"""

import os
import struct
import sys
import tempfile
import time

try:
    import numpy
except ImportError:
    print("no numpy: nothing to compare with")
    sys.exit(77)

from bounded import Bounded
from npy import read_npy, write_npy
from onnx_bytes import UINT8, floats, graph, model, node, tensor, value

INT8 = 3
# With digits in all 24 bits, in few, and those next to few, for which there is no reciprocal in two parts.
SCALES = [0.1, 1 / 3, 0.0234567, 1.9999, 1.0, 0.75, 3e-38, 1e38] + [
    float.fromhex(text) for text in ("0x1.0002p-5", "0x1.000002p-3", "0x1.fffffep-7", "0x1.80004p+10", "0x1.55a4c6p-63")]


def numbers(scale):
    """Near all ties of nine bits, and numbers that are no quotients or no numbers."""
    ties = (numpy.arange(-256, 256) + 0.5).astype(numpy.float32)
    with numpy.errstate(over="ignore"):
        near = ties * numpy.float32(scale)
    steps = numpy.arange(-6, 7, dtype=numpy.int32)
    around = (near.view(numpy.int32)[:, None] + steps).reshape(-1).view(numpy.float32)
    special = [0, -0.0, numpy.inf, -numpy.inf, numpy.nan, 1e-45, -1e-45, 3.4e38, -3.4e38]
    return numpy.concatenate([around[numpy.isfinite(around)], numpy.array(special, numpy.float32)])


def quantized(x, scale, zero, kind):
    low, high = (-128, 127) if kind == INT8 else (0, 255)
    with numpy.errstate(over="ignore", invalid="ignore"):
        rounded = numpy.rint(x / numpy.float32(scale))
    rounded = numpy.where(rounded < high - zero, rounded, high - zero)
    return numpy.maximum(rounded, low - zero) + zero


def main():
    began = time.time()
    check = Bounded(sys.argv[1])
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "model.onnx")
        for scale in SCALES:
            for kind, zero in (UINT8, 119), (INT8, -5):
                x = numbers(scale)
                write_npy(os.path.join(work, "x.npy"), list(map(float, x)), [len(x)])
                weights = [floats("scale", [scale], []), floats("one", [1], []),
                           tensor("zero", [], kind, struct.pack("<b" if kind == INT8 else "<B", zero))]
                nodes = [node("QuantizeLinear", ["x", "scale", "zero"], ["q"]), node("Cast", ["q"], ["y"], to=1)]
                with open(path, "wb") as file:
                    file.write(model(graph(nodes, [value("x", [len(x)])], [value("y", [len(x)])], weights)))
                wanted = quantized(x, scale, zero, kind)
                for cpu in "native", "x86-64-v3", "x86-64-v2":
                    code, _ = check.run(f"{scale} on {cpu}", "run", path, "--input", f"x={work}/x.npy",
                                        "--target-cpu", cpu, "--output", work)
                    y = numpy.array(read_npy(os.path.join(work, "y.npy"))) if code == 0 else numpy.zeros(1)
                    if y.shape != wanted.shape or (y != wanted).any():
                        places = numpy.flatnonzero(y != wanted) if y.shape == wanted.shape else []
                        check.wrong(f"{scale} on {cpu}: {len(places)} other integers",
                                    "\n".join(f"{x[i]} {y[i]} {wanted[i]}" for i in places))
    check.finish(began)


main()
