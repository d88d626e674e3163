#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Channels that a convolution stores in another order, as between the groups of ShuffleNet.

    shuffles_test.py HEDDLE

The same model once gives channels as they are made, and once in turns: they are equal, bit for bit. With
the numbers of channels in between, and for each way in which a convolution is computed.
"""

import os
import random
import sys
import tempfile

from bounded import Bounded
from npy import read_npy, write_npy
from onnx_bytes import floats, graph, ints, model, node, value

# Images, channels before and after, groups, runs, rows, columns, window, stride.
CASES = [(1, 12, 18, 3, 3, 28, 28, 1, 1), (2, 68, 68, 4, 4, 14, 14, 1, 1), (1, 136, 136, 4, 4, 7, 7, 1, 1),
         (1, 256, 64, 1, 4, 9, 9, 1, 1), (1, 24, 40, 2, 2, 13, 9, 3, 2), (1, 3, 24, 1, 4, 33, 40, 3, 2),
         (1, 10, 10, 10, 5, 14, 30, 3, 1), (1, 6, 15, 1, 5, 1, 5, 1, 1)]


def main():
    check = Bounded(sys.argv[1])
    generator = random.Random(1)

    def numbers(count):
        return [generator.uniform(-1, 1) for _ in range(count)]

    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "model.onnx")
        for case in CASES:
            images, inputs, outputs, groups, runs, height, width, window, stride = case
            pad = window // 2
            rows, columns = ((size + 2 * pad - window) // stride + 1 for size in (height, width))
            nodes = [node("Conv", ["x", "w", "b"], ["c"], group=groups, strides=[stride] * 2, pads=[pad] * 4),
                     node("Mul", ["c", "factor"], ["scaled"]), node("Add", ["scaled", "shift"], ["sum"]),
                     node("Relu", ["sum"], ["made"]),
                     node("Reshape", ["made", "apart"], ["split"]),
                     node("Transpose", ["split"], ["turned"], perm=[0, 2, 1, 3, 4]),
                     node("Reshape", ["turned", "together"], ["shuffled"])]
            filters = inputs // groups * window * window
            weights = [floats("w", numbers(outputs * filters), [outputs, inputs // groups, window, window]),
                       floats("b", numbers(outputs)),
                       floats("factor", numbers(outputs), [outputs, 1, 1]),
                       floats("shift", numbers(outputs), [1, outputs, 1, 1]),
                       ints("apart", [images, runs, outputs // runs, rows, columns]),
                       ints("together", [images, outputs, rows, columns])]
            write_npy(os.path.join(work, "x.npy"), numbers(images * inputs * height * width),
                      [images, inputs, height, width])
            results = {}
            for name, kept in ("made", nodes[:4]), ("shuffled", nodes):
                with open(path, "wb") as file:
                    file.write(model(graph(kept, [value("x", [images, inputs, height, width])],
                                           [value(name, [images, outputs, rows, columns])], weights)))
                code, _ = check.run(f"{name} of {case}", "run", path, "--input", f"x={work}/x.npy",
                                    "--output", work)
                results[name] = read_npy(os.path.join(work, name + ".npy")) if code == 0 else ()
            plane, made, shuffled = rows * columns, results["made"], results["shuffled"]
            length = outputs // runs
            wanted = [made[((n * outputs + c % runs * length + c // runs) * plane) + p]
                      for n in range(images) for c in range(outputs) for p in range(plane)] if made else None
            if list(shuffled) != wanted:
                check.wrong(f"{case}: channels are not where they belong")
    check.finish()


main()
