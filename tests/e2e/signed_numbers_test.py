#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Numbers computed from sizes of which only a run tells whether they are negative, against numpy.

    signed_numbers_test.py HEDDLE

The last rows of a table, as decoders take those of their new tokens, and its first ones: where a slice
begins is a size less another one, or the negative of a size.
"""

import sys

from numpy_models import NumpyModels, np
from onnx_bytes import ints, node

FAR = (1 << 63) - 1


def main():
    check = NumpyModels(sys.argv[1])
    generator = np.random.default_rng(1)
    nodes = [node("Shape", ["new"], ["count"]), node("Neg", ["count"], ["less"]), node("Sub", ["two", "count"], ["rest"]),
             node("Add", ["table", "table"], ["twice"]),
             node("Slice", ["table", "less", "far", "rows"], ["last"]),
             node("Slice", ["twice", "less", "far", "columns"], ["right"]),
             node("Slice", ["twice", "rest", "far", "rows"], ["later"])]
    check.write(nodes, {"table": ["b", "n", "m"], "new": ["k"]},
                {name: [f"{name}{i}" for i in range(3)] for name in ("last", "right", "later")}, {},
                [ints("far", [FAR]), ints("rows", [1]), ints("columns", [2]), ints("two", [2])])
    check.compile("slices")
    for rows, columns, new in (38, 38, 1), (5, 9, 2), (7, 33, 4), (3, 20, 12):
        table = generator.standard_normal((2, rows, columns)).astype(np.float32)
        check.expect(f"{new} new of {rows} x {columns}", {"table": table, "new": np.zeros(new, np.float32)},
                     {"last": table[:, -new:], "right": 2 * table[:, :, -new:], "later": 2 * table[:, 2 - new:]})
    check.finish()


main()
