#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pooling of f16, bf16 and bytes, as whole programs, against numpy.

    narrow_pools_test.py HEDDLE

Inputs are whole and small, with a NaN and infinities, so that maxima are exact, and averages of 2 x 2 and
4 x 4 windows as well. A Relu follows, which the kernel takes in. Bytes are of all values.
"""

import sys

from numpy_models import NumpyModels, np
from onnx_bytes import FLOAT, UINT8, node

NARROW = {"f16": 10, "bf16": 16}
BYTES = {np.uint8: UINT8, np.int8: 3}
# Operator, window, stride, pad on either side.
CASES = [("MaxPool", 2, 2, 0), ("MaxPool", 3, 2, 1), ("MaxPool", 3, 1, 1), ("AveragePool", 2, 2, 0),
         ("AveragePool", 4, 4, 0)]


def pooled(op, x, window, stride, pad):
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), constant_values=-np.inf)
    view = np.lib.stride_tricks.sliding_window_view(x, (window, window), (2, 3))
    view = view[:, :, ::stride, ::stride]
    return view.max((4, 5)) if op == "MaxPool" else view.mean((4, 5))


def main():
    check = NumpyModels(sys.argv[1])
    generator = np.random.default_rng(1)
    for (op, window, stride, pad), kind, width in (
            (case, kind, width) for case in CASES for kind in NARROW for width in (12, 52)):
        x = 16 * generator.integers(-8, 9, (2, 5, 24, width)).astype(np.float32)
        if op == "MaxPool":
            x[0, 1, 3, 5], x[1, 2, 0, 0], x[1, 3, 7, 9] = np.nan, np.inf, -np.inf
        pads = {"pads": [pad] * 4} if pad else {}
        nodes = [node("Cast", ["x"], ["a"], to=NARROW[kind]),
                 node(op, ["a"], ["b"], kernel_shape=[window] * 2, strides=[stride] * 2, **pads),
                 node("Relu", ["b"], ["c"]), node("Cast", ["c"], ["y"], to=FLOAT)]
        check.write(nodes, {"x": list(x.shape)}, {"y": ["n", "c", "h", "w"]}, {})
        check.expect(f"{op} {window}x{window}, stride {stride}, {kind}, width {width}", {"x": x},
                     {"y": np.maximum(pooled(op, x, window, stride, pad), 0)},
                     agree=lambda a, b: np.array_equal(a, b, equal_nan=True))
    for (op, window, stride, pad), kind in ((case, kind) for case in CASES for kind in BYTES if case[0] == "MaxPool"):
        x = generator.integers(np.iinfo(kind).min, np.iinfo(kind).max + 1, (2, 5, 24, 52)).astype(kind)
        check.write([node(op, ["x"], ["y"], kernel_shape=[window] * 2, strides=[stride] * 2, pads=[pad] * 4)],
                    {"x": (BYTES[kind], list(x.shape))}, {"y": (BYTES[kind], ["n", "c", "h", "w"])}, {})
        check.expect(f"{op} {window}x{window}, stride {stride}, {kind.__name__}", {"x": x},
                     {"y": pooled(op, x.astype(np.float32), window, stride, pad).astype(kind)})
    check.finish()


main()
