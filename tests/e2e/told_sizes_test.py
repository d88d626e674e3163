#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sizes that one branch tells when it runs and that order another, which reads none of its values, against numpy.

    told_sizes_test.py HEDDLE

The branches are long enough to run beside each other. Numbers are small and whole, so that results are equal.
"""

import sys

from numpy_models import NumpyModels, np
from onnx_bytes import INT64, ints, node

SIDE = 256


def main():
    check = NumpyModels(sys.argv[1])
    # As many rows of the second product as a slice of the first one has.
    nodes = [node("MatMul", ["x", "v"], ["a"]), node("MatMul", ["x", "w"], ["b"]), node("MatMul", ["a", "v"], ["c"]),
             node("Slice", ["c", "none", "n"], ["y"]),
             node("Shape", ["y"], ["sizes"]), node("Gather", ["sizes", "zero"], ["count"]),
             node("Range", ["zero", "count", "one"], ["rows"]), node("Gather", ["b", "rows"], ["z"])]
    check.write(nodes, {name: [SIDE, SIDE] for name in "xvw"} | {"n": (INT64, [1])},
                {"y": ["told", SIDE], "z": ["told", SIDE]}, {},
                [ints("none", [0]), ints("zero", [0], []), ints("one", [1], [])])
    check.compile("rows of two products", "--cores", "2")
    generator = np.random.default_rng(1)
    x, v, w = (generator.integers(-2, 3, (SIDE, SIDE)).astype(np.float32) for _ in range(3))
    for rows in (1, 7, SIDE):
        check.expect(f"{rows} rows of two products", {"x": x, "v": v, "w": w, "n": np.array([rows])},
                     {"y": (x @ v @ v)[:rows], "z": (x @ w)[:rows]})
    check.finish()


main()
