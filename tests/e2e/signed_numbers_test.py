#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Numbers computed from sizes of which only a run tells whether they are negative, against numpy.

    signed_numbers_test.py HEDDLE

The last rows of a table, as decoders take those of their new tokens, and its first ones: where a slice
begins is a size less another one, or the negative of a size.
"""

import os
import sys
import tempfile
import time

try:
    import numpy as np
except ImportError:
    print("no numpy: nothing to compare with")
    sys.exit(77)

from bounded import Bounded
from onnx_bytes import graph, ints, model, node, value

FAR = (1 << 63) - 1


def main():
    began = time.time()
    check = Bounded(sys.argv[1])
    generator = np.random.default_rng(1)
    nodes = [node("Shape", ["new"], ["count"]), node("Neg", ["count"], ["less"]), node("Sub", ["two", "count"], ["rest"]),
             node("Add", ["table", "table"], ["twice"]),
             node("Slice", ["table", "less", "far", "rows"], ["last"]),
             node("Slice", ["twice", "less", "far", "columns"], ["right"]),
             node("Slice", ["twice", "rest", "far", "rows"], ["later"])]
    weights = [ints("far", [FAR]), ints("rows", [1]), ints("columns", [2]), ints("two", [2])]
    inputs = [value("table", ["b", "n", "m"]), value("new", ["k"])]
    names = ["last", "right", "later"]
    with tempfile.TemporaryDirectory() as work:
        source, artifact = os.path.join(work, "model.onnx"), os.path.join(work, "model.heddle")
        with open(source, "wb") as file:
            file.write(model(graph(nodes, inputs, [value(name, [f"{name}{i}" for i in range(3)]) for name in names],
                                   weights)))
        if check.run("it is compiled", "compile", source, "-o", artifact)[0] != 0:
            check.wrong("it is refused")
        for rows, columns, new in (38, 38, 1), (5, 9, 2), (7, 33, 4), (3, 20, 12):
            given = {"table": generator.standard_normal((2, rows, columns)).astype(np.float32),
                     "new": np.zeros(new, np.float32)}
            flags = []
            for name, x in given.items():
                np.save(os.path.join(work, f"{name}.npy"), x)
                flags += ["--input", f"{name}={work}/{name}.npy"]
            what = f"{new} new of {rows} x {columns}"
            code, error = check.run(what, "run", artifact, *flags, "--output", work)
            if code != 0:
                check.wrong(f"{what} fails", error)
                continue
            table = given["table"]
            wanted = {"last": table[:, -new:], "right": 2 * table[:, :, -new:], "later": 2 * table[:, 2 - new:]}
            for name in names:
                if not np.array_equal(np.load(os.path.join(work, f"{name}.npy")), wanted[name]):
                    check.wrong(f"{what}: {name} has other numbers")
    check.finish(began)


main()
