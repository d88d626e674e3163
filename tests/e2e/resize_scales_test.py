#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Scales that no binary fraction is, of sizes that only a run tells, against numpy.

    resize_scales_test.py HEDDLE

A size times a scale is rounded down as the product of floats, whether the compiler can write that with
integers (23 / 10) or not (7 / 3).
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
from onnx_bytes import floats, graph, model, node, value

SCALES = [(2.3, 4 / 3), (7 / 3, 0.7), (0.1, 13 / 5), (1 / 3, 1.5)]
SIZES = [(10, 20), (27, 45), (13, 17), (51, 3)]


def resized(x, scale, axis):
    scale = np.float32(scale)
    size = int(np.floor(np.float32(x.shape[axis]) * scale))
    places = np.floor(np.arange(size) / np.float64(scale)).astype(np.int64)
    return np.take(x, np.minimum(places, x.shape[axis] - 1), axis)


def main():
    began = time.time()
    check = Bounded(sys.argv[1])
    generator = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as work:
        source, artifact = os.path.join(work, "model.onnx"), os.path.join(work, "model.heddle")
        for down, across in SCALES:
            nodes = [node("Resize", ["x", "", "s"], ["r"], mode="nearest", nearest_mode="floor",
                          coordinate_transformation_mode="asymmetric"), node("Add", ["r", "r"], ["y"])]
            with open(source, "wb") as file:
                file.write(model(graph(nodes, [value("x", [1, 2, "h", "w"])],
                                       [value("y", [f"y{i}" for i in range(4)])], [floats("s", [1, 1, down, across])])))
            if check.run(f"scales {down} and {across} are compiled", "compile", source, "-o", artifact)[0] != 0:
                check.wrong(f"scales {down} and {across} are refused")
                continue
            for height, width in SIZES:
                x = generator.standard_normal((1, 2, height, width)).astype(np.float32)
                np.save(os.path.join(work, "x.npy"), x)
                what = f"{height} x {width} by {down} and {across}"
                code, error = check.run(what, "run", artifact, "--input", f"x={work}/x.npy", "--output", work)
                if code != 0:
                    check.wrong(f"{what} fails", error)
                elif not np.array_equal(np.load(os.path.join(work, "y.npy")),
                                        2 * resized(resized(x, down, 2), across, 3)):
                    check.wrong(f"{what} gives other numbers")
    check.finish(began)


main()
