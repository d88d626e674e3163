#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Elementwise work on what is transposed, against numpy, and how its kernels read it.

    transposes_test.py HEDDLE

Squares are read and turned in registers, and no element gathered, however often one is used; unless its
operand is read untransposed as well. Sizes are known and unknown, with ragged edges. Numbers are small
and whole, so that results are equal, not close.
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
from onnx_bytes import graph, model, node, value

TURN = node("Transpose", ["x"], ["t"], perm=[0, 2, 1])
# Nodes, the result, whether squares are turned.
CASES = {
    "used once": ([TURN, node("Neg", ["t"], ["y"])], lambda t, x: -t, True),
    "used twice": ([TURN, node("Abs", ["t"], ["a"]), node("Neg", ["a"], ["b"]), node("Mul", ["t", "b"], ["y"])],
                   lambda t, x: t * -abs(t), True),
    "read both ways": ([TURN, node("Abs", ["t"], ["a"]), node("Mul", ["x", "a"], ["y"])],
                       lambda t, x: x * abs(t), False),
}
SHAPES = [(2, 40, 40), (1, 7, 7), (3, 33, 33)]


def main():
    began = time.time()
    check = Bounded(sys.argv[1])
    generator = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as work:
        source, code_file = os.path.join(work, "model.onnx"), os.path.join(work, "code.ll")
        for (name, (nodes, expected, turned)), shape, known in (
                (case, shape, known) for case in CASES.items() for shape in SHAPES for known in (True, False)):
            dims = list(shape) if known else ["n", "s", "s"]
            with open(source, "wb") as file:
                file.write(model(graph(nodes, [value("x", dims)], [value("y", dims)], [])))
            what = f"{name}, {shape}" + ("" if known else " of any size")
            x = generator.integers(-4, 5, shape).astype(np.float32)
            np.save(os.path.join(work, "x.npy"), x)
            code, error = check.run(what, "run", source, "--input", f"x={work}/x.npy", "--output", work)
            if code != 0:
                check.wrong(f"{what} fails", error)
                continue
            if not np.array_equal(np.load(os.path.join(work, "y.npy")), expected(x.transpose(0, 2, 1), x)):
                check.wrong(f"{what} gives other numbers")
            code, error = check.run(what, "compile", source, "--emit", "llvm", "-o", code_file)
            with open(code_file, encoding="utf-8") as file:
                if code != 0 or ("masked.gather" in file.read()) == turned:
                    check.wrong(f"{what}: squares are {'not ' if turned else ''}turned", error)
    check.finish(began)


main()
