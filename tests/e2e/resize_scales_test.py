#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Scales that no binary fraction is, of sizes that only a run tells, against numpy.

    resize_scales_test.py HEDDLE

A size times a scale is rounded down as the product of floats, whether the compiler can write that with
integers (23 / 10) or not (7 / 3). Interpolation along two axes is taken apart where it can.
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


def interpolated(x, scale, axis):
    scale, count = np.float32(scale), x.shape[axis]
    size = int(np.floor(np.float32(count) * scale))
    places = (np.arange(size) + 0.5) / np.float64(scale) - 0.5
    first = np.floor(places).astype(np.int64)
    part = (places - first).astype(np.float32).reshape([-1] + [1] * (x.ndim - 1 - axis))
    before, after = (np.take(x, np.clip(first + i, 0, count - 1), axis) for i in (0, 1))
    return before * (1 - part) + after * part


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
        check.write([node("Resize", ["x", "", "s"], ["y"], mode="linear")], {"x": [1, 2, "h", "w"]},
                    {"y": [f"y{i}" for i in range(4)]},
                    {"s": np.array([1, 1, down, across], np.float32)})
        check.compile(f"interpolation by {down} and {across}")
        for height, width in SIZES:
            x = generator.standard_normal((1, 2, height, width)).astype(np.float32)
            check.expect(f"{height} x {width} interpolated by {down} and {across}", {"x": x},
                         {"y": interpolated(interpolated(x, down, 2), across, 3)},
                         agree=lambda got, want: np.allclose(got, want, 1e-5, 1e-5))
    check.finish()


main()
