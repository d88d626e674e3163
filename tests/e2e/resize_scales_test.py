#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Scales that no binary fraction is, against numpy.

    resize_scales_test.py HEDDLE

A size that only a run tells, times a scale, is rounded down as the product of floats, whether the compiler can
write that with integers (23 / 10) or not (7 / 3). Interpolation along two axes is taken apart where it can.
Places are those of floats too, which tells what is nearest where two elements are equally near: ONNX Runtime's.
"""

import itertools
import sys

from numpy_models import NumpyModels, np
from onnx_bytes import ints, node

SCALES = [(2.3, 4 / 3), (7 / 3, 0.7), (0.1, 13 / 5), (1 / 3, 1.5)]
SIZES = [(10, 20), (27, 45), (13, 17), (51, 3)]


FLOAT32 = np.float32
COORDINATES = ["asymmetric", "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel"]
ROUNDINGS = ["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"]
TIED = [(0.6, 2.3), (1.2, 0.3), (1.3, 3.5)]  # with these, quotients of floats miss ties of 55 and 50 elements


def place(coordinates, count, size, scale):
    at, half = np.arange(size, dtype=np.float32), FLOAT32(0.5)
    if coordinates == "asymmetric":
        return at / scale
    if coordinates == "half_pixel_symmetric":
        offset = FLOAT32(count / 2) * (FLOAT32(1) - FLOAT32(size) / (scale * FLOAT32(count)))
        return (np.float64(offset) + (at.astype(np.float64) + 0.5) / np.float64([scale]) - 0.5).astype(np.float32)
    return (at + half) / scale - half


def nearest(rounding, x):
    below = np.floor(x)
    part = x - below
    above = {"floor": part < 0, "ceil": part > 0, "round_prefer_floor": part > 0.5 + 1e-6,
             "round_prefer_ceil": part >= 0.5 - 1e-6}[rounding]
    return (below + above).astype(np.int64)


def resized(x, scale, axis, coordinates="asymmetric", rounding="floor"):
    scale, count = FLOAT32(scale), x.shape[axis]
    size = int(np.floor(FLOAT32(count) * scale))
    places = nearest(rounding, place(coordinates, count, size, scale))
    return np.take(x, np.clip(places, 0, count - 1), axis)


def ties(check, generator):
    """Every way to round every coordinate, with scales that the compiler knows and as the library is given them."""
    x = generator.standard_normal((55, 50)).astype(np.float32)
    cases = list(itertools.product(COORDINATES, ROUNDINGS, range(len(TIED))))
    nodes = [node("Resize", ["x", "", f"s{case[2]}"], [f"y{i}"], mode="nearest", nearest_mode=case[1],
                  coordinate_transformation_mode=case[0]) for i, case in enumerate(cases)]
    outputs = {f"y{i}": [f"h{i}", f"w{i}"] for i in range(len(cases))}
    scales = {f"s{i}": np.array(pair, np.float32) for i, pair in enumerate(TIED)}
    expected = {f"y{i}": resized(resized(x, TIED[case[2]][0], 0, *case[:2]), TIED[case[2]][1], 1, *case[:2])
                for i, case in enumerate(cases)}
    check.write(nodes, {"x": [55, 50]}, outputs, scales)
    check.expect("the nearest by known scales", {"x": x}, expected)
    check.write(nodes, {"x": [55, 50], **{name: [2] for name in scales}}, outputs, {})
    check.expect("the nearest by scales that only a run tells", {"x": x, **scales}, expected)


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
    ties(check, generator)
    check.write([node("Resize", ["x", "", "", "s"], ["y"], mode="nearest", nearest_mode="floor", axes=[0, 1],
                      coordinate_transformation_mode="asymmetric", keep_aspect_ratio_policy="not_larger")],
                {"x": ["h", "w"]}, {"y": ["a", "b"]}, {}, [ints("s", [7, 7])])
    x = generator.standard_normal((4, 2)).astype(np.float32)
    check.expect("the lesser scale of two sizes, of an operand that only a run tells", {"x": x},
                 {"y": x.repeat(2, 0).repeat(2, 1)[:7]})
    check.finish()


main()
