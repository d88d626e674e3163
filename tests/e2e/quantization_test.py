#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantisation of numbers whose quotients are ties, or the floats next to ties.

    quantization_test.py HEDDLE

The integers are those of a division in f32 that is rounded to even, whatever is done instead of it.
"""

import struct
import sys

from numpy_models import NumpyModels, np
from onnx_bytes import FLOAT, UINT8, node, tensor

INT8 = 3
# With digits in all 24 bits, in few, and those next to few, for which there is no reciprocal in two parts.
SCALES = [0.1, 1 / 3, 0.0234567, 1.9999, 1.0, 0.75, 3e-38, 1e38] + [
    float.fromhex(text) for text in ("0x1.0002p-5", "0x1.000002p-3", "0x1.fffffep-7", "0x1.80004p+10", "0x1.55a4c6p-63")]


def numbers(scale):
    """Near all ties of nine bits, and numbers that are no quotients or no numbers."""
    ties = (np.arange(-256, 256) + 0.5).astype(np.float32)
    with np.errstate(over="ignore"):
        near = ties * np.float32(scale)
    steps = np.arange(-6, 7, dtype=np.int32)
    around = (near.view(np.int32)[:, None] + steps).reshape(-1).view(np.float32)
    special = [0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 3.4e38, -3.4e38]
    return np.concatenate([around[np.isfinite(around)], np.array(special, np.float32)])


def quantized(x, scale, zero, kind):
    low, high = (-128, 127) if kind == INT8 else (0, 255)
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = np.rint(x / np.float32(scale))
    rounded = np.where(rounded < high - zero, rounded, high - zero)
    return np.maximum(rounded, low - zero) + zero


def main():
    check = NumpyModels(sys.argv[1])
    for scale in SCALES:
        for kind, zero in (UINT8, 119), (INT8, -5):
            x = numbers(scale)
            nodes = [node("QuantizeLinear", ["x", "scale", "zero"], ["q"]), node("Cast", ["q"], ["y"], to=FLOAT)]
            check.write(nodes, {"x": [len(x)]}, {"y": [len(x)]}, {"scale": np.float32(scale)},
                        [tensor("zero", [], kind, struct.pack("<b" if kind == INT8 else "<B", zero))])
            for cpu in "native", "x86-64-v3", "x86-64-v2":
                check.expect(f"{scale} on {cpu}", {"x": x}, {"y": quantized(x, scale, zero, kind)}, "--target-cpu", cpu)
    check.finish()


main()
