#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Elementwise work on what is transposed, against numpy, and how its kernels read it.

    transposes_test.py HEDDLE

Squares are read and turned in registers, and no element gathered, however often one is used; unless its
operand is read untransposed as well. Sizes are known and unknown, with ragged edges. Numbers are small
and whole, so that results are equal, not close.
"""

import sys

from numpy_models import NumpyModels, np
from onnx_bytes import node

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
    check = NumpyModels(sys.argv[1])
    generator = np.random.default_rng(1)
    for (name, (nodes, expected, turned)), shape, known in (
            (case, shape, known) for case in CASES.items() for shape in SHAPES for known in (True, False)):
        dims = list(shape) if known else ["n", "s", "s"]
        check.write(nodes, {"x": dims}, {"y": dims}, {})
        what = f"{name}, {shape}" + ("" if known else " of any size")
        x = generator.integers(-4, 5, shape).astype(np.float32)
        check.expect(what, {"x": x}, {"y": expected(x.transpose(0, 2, 1), x)})
        code, error = check.run(what, "compile", check.program, "--emit", "llvm", "-o", check.file("code.ll"))
        with open(check.file("code.ll"), encoding="utf-8") as file:
            if code != 0 or ("masked.gather" in file.read()) == turned:
                check.wrong(f"{what}: squares are {'not ' if turned else ''}turned", error)
    check.finish()


main()
