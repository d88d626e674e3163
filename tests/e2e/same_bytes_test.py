#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Artifacts are the same bytes whatever lies in memory: nothing in them was never written.

    same_bytes_test.py HEDDLE

Weights are packed for the kernels that read them, and a last panel or tile is seldom full. glibc fills
what it allocates with the byte that MALLOC_PERTURB_ says.
"""

import os
import sys

from numpy_models import NumpyModels, np
from onnx_bytes import node

GENERATOR = np.random.default_rng(1)


def weights(**shapes):
    return {name: GENERATOR.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def cases():
    """Nodes from x to y, the shape of x and weights."""
    for columns in 1, 33, 50, 67:   # over the last panel's width: a few, or almost all
        for rows in 1, 17:
            yield [node("MatMul", ["x", "w"], ["y"])], [rows, 33], weights(w=(33, columns))
            yield [node("Gemm", ["x", "w"], ["y"], transB=1)], [rows, 100], weights(w=(columns, 100))
    for filters, window, groups in (5, 3, 1), (20, 3, 1), (33, 1, 1), (12, 3, 12), (18, 5, 6):
        shapes = weights(w=(filters, 12 // groups, window, window))
        yield [node("Conv", ["x", "w"], ["y"], group=groups)], [1, 12, 14, 15], shapes
    yield ([node("LSTM", ["x", "w", "r"], ["y"], hidden_size=5)], [7, 1, 9], weights(w=(1, 20, 9), r=(1, 20, 5)))


def main():
    check = NumpyModels(sys.argv[1])
    for place, (nodes, shape, arrays) in enumerate(cases()):
        check.write(nodes, {"x": shape}, {"y": None}, arrays)
        artifacts = set()
        for byte in "90", "165":
            os.environ["MALLOC_PERTURB_"] = byte
            check.program = check.file("model.onnx")
            check.compile(f"case {place}", "--no-cache")
            with open(check.program, "rb") as file:
                artifacts.add(file.read())
        if len(artifacts) > 1:
            check.wrong(f"case {place}, weights of {[array.shape for array in arrays.values()]}: other bytes")
    check.finish()


if __name__ == "__main__":
    main()
