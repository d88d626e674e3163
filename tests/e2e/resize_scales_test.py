#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Scales that no binary fraction is, of sizes that only a run tells, against numpy.

    resize_scales_test.py HEDDLE

A size times a scale is rounded down as the product of floats, whether the compiler can write that with
integers (23 / 10) or not (7 / 3).
"""

import sys

from numpy_models import NumpyModels, np
from onnx_bytes import node

SCALES = [(2.3, 4 / 3), (7 / 3, 0.7), (0.1, 13 / 5), (1 / 3, 1.5)]
SIZES = [(10, 20), (27, 45), (13, 17), (51, 3)]


def resized(x, scale, axis):
    scale = np.float32(scale)
    size = int(np.floor(np.float32(x.shape[axis]) * scale))
    places = np.floor(np.arange(size) / np.float64(scale)).astype(np.int64)
    return np.take(x, np.minimum(places, x.shape[axis] - 1), axis)


def main():
    check = NumpyModels(sys.argv[1])
    generator = np.random.default_rng(1)
    for down, across in SCALES:
        nodes = [node("Resize", ["x", "", "s"], ["r"], mode="nearest", nearest_mode="floor",
                      coordinate_transformation_mode="asymmetric"), node("Add", ["r", "r"], ["y"])]
        check.write(nodes, {"x": [1, 2, "h", "w"]}, {"y": [f"y{i}" for i in range(4)]},
                    {"s": np.array([1, 1, down, across], np.float32)})
        check.compile(f"scales {down} and {across}")
        for height, width in SIZES:
            x = generator.standard_normal((1, 2, height, width)).astype(np.float32)
            check.expect(f"{height} x {width} by {down} and {across}", {"x": x},
                         {"y": 2 * resized(resized(x, down, 2), across, 3)})
    check.finish()


main()
