#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sizes of which only a run tells whether they are 1, and are broadcast, against numpy.

    broadcast_sizes_test.py HEDDLE

Models with a name for every size are compiled once and run with sizes of 1 in turns, and with rows
that leave vectors ragged. Numbers are small and whole, so that results are equal, not close.
"""

import itertools
import sys

from numpy_models import NumpyModels, np
from onnx_bytes import BOOL, FLOAT, node

ROWS = (1, 5, 16, 33)


def operands():
    """Three of them, each with sizes of its own: sums, products and a choice between the two."""
    nodes = [node("Add", ["a", "b"], ["s"]), node("Mul", ["s", "c"], ["p"]), node("Where", ["k", "p", "s"], ["y"])]
    inputs = {name: (BOOL if name == "k" else FLOAT, [f"{name}0", f"{name}1"]) for name in "abck"}
    sizes = [dict(zip("abck", choice)) for choice in itertools.product([(3, 33), (1, 33), (3, 1)], repeat=4)]
    sizes += [dict.fromkeys("abck", (2, row)) | {"b": (2, 1)} for row in ROWS]

    def expected(a, b, c, k):
        return np.where(k, (a + b) * c, a + b)

    return nodes, {}, inputs, sizes, expected


def halved_and_doubled():
    """An image plus itself halved, rounded up, and doubled: as large, but where the image is one pixel."""
    nodes = [node("MaxPool", ["a"], ["h"], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
             node("Resize", ["h", "", "f"], ["d"], mode="nearest", coordinate_transformation_mode="asymmetric",
                  nearest_mode="floor"),
             node("Add", ["a", "d"], ["t"]), node("Mul", ["t", "a"], ["u"]), node("Sub", ["u", "d"], ["y"])]
    inputs = {"a": (FLOAT, ["n", 2, "height", "width"])}
    sizes = [{"a": (n, 2, height, width)} for n in (1, 2) for height in (1, 2, 6) for width in (1, 2, 16, 34)]

    def expected(a):
        n, channels, height, width = a.shape
        padded = np.pad(a, ((0, 0), (0, 0), (0, height % 2), (0, width % 2)), constant_values=-np.inf)
        halved = padded.reshape(n, channels, (height + 1) // 2, 2, (width + 1) // 2, 2).max((3, 5))
        doubled = halved.repeat(2, 2).repeat(2, 3)
        return (a + doubled) * a - doubled

    return nodes, {"f": np.array([1, 1, 2, 2], np.float32)}, inputs, sizes, expected


def product():
    """A product plus what may have one row, one column, or both; columns are few, many, or leave vectors ragged."""
    nodes = [node("Gemm", ["a", "b", "c"], ["y"], transB=1)]
    inputs = {name: (FLOAT, [f"{name}0", f"{name}1"]) for name in "abc"}
    sizes = [{"a": (rows, 7), "b": (columns, 7), "c": (c_rows, c_columns)} for rows in (1, 5) for columns in (1, 16, 37, 100)
             for c_rows in {1, rows} for c_columns in {1, columns}]

    def expected(a, b, c):
        return a @ b.T + c

    return nodes, {}, inputs, sizes, expected


def main():
    check = NumpyModels(sys.argv[1])
    generator = np.random.default_rng(1)
    for case in operands, halved_and_doubled, product:
        nodes, weights, inputs, all_sizes, expected = case()
        rank = len(next(iter(inputs.values()))[1])
        check.write(nodes, inputs, {"y": [f"y{i}" for i in range(rank)]}, weights)
        check.compile(case.__name__)
        for sizes in all_sizes:
            given = {name: generator.integers(-4, 5, shape).astype(np.float32) for name, shape in sizes.items()}
            given = {name: x > 0 if inputs[name][0] == BOOL else x for name, x in given.items()}
            check.expect(f"{case.__name__} with {sizes}", given, {"y": expected(**given)})
    check.finish()


main()
