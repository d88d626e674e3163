#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Chains of operators that each read a value twice: code that computes it twice doubles with every one of them.

    shared_values_test.py HEDDLE

Numbers are small and whole, so that results are equal, not close.
"""

import sys

from numpy_models import NumpyModels, np
from onnx_bytes import node

LENGTH = 40
generator = np.random.default_rng(1)


def whole(*shape):
    return generator.integers(-3, 4, shape).astype(np.float32)


def doubled(value):
    """(v + v) / 2, again and again."""
    nodes = []
    for i in range(LENGTH):
        nodes += [node("Add", [value, value], [f"d{i}"]), node("Mul", [f"d{i}", "half"], [f"v{i}"])]
        value = f"v{i}"
    return nodes, value


def mirrored(value):
    """The greater of v and -v, and less one."""
    nodes = []
    for i in range(LENGTH):
        nodes += [node("Neg", [value], [f"n{i}"]), node("Max", [value, f"n{i}"], [f"a{i}"]),
                  node("Sub", [f"a{i}", "one"], [f"v{i}"])]
        value = f"v{i}"
    return nodes, value


def mirror(x):
    for _ in range(LENGTH):
        x = np.abs(x) - 1
    return x


def main():
    check = NumpyModels(sys.argv[1])
    numbers = {"half": np.full(1, 0.5, np.float32), "one": np.ones(1, np.float32)}
    image, filters = whole(1, 128, 28, 28), whole(16, 128, 1, 1)
    rows, matrix = whole(9, 40), whole(40, 24)

    def convolved(x):
        return np.einsum("nchw,oc->nohw", x, filters[:, :, 0, 0])

    for name, chain, apply in [("doubled", doubled, lambda x: x), ("mirrored", mirrored, mirror)]:
        cases = [
            ("alone", rows, lambda: chain("x"), apply(rows)),
            ("before a sum", rows, lambda: before(chain, "ReduceSum", [], keepdims=1), apply(rows).sum(keepdims=True)),
            ("before a product", rows, lambda: before(chain, "MatMul", ["m"]), apply(rows) @ matrix),
            ("after a product", rows, lambda: after(chain, "MatMul", ["m"]), apply(rows @ matrix)),
            ("before a convolution", image, lambda: before(chain, "Conv", ["f"], kernel_shape=[1, 1]), convolved(apply(image))),
            ("after a convolution", image, lambda: after(chain, "Conv", ["f"], kernel_shape=[1, 1]), apply(convolved(image))),
        ]
        for what, given, build, wanted in cases:
            nodes, result = build()
            check.write(nodes, {"x": list(given.shape)}, {result: list(wanted.shape)}, {**numbers, "m": matrix, "f": filters})
            check.expect(f"{name}, {what}", {"x": given}, {result: wanted}, "--no-cache")
    check.finish()


def before(chain, op, weights, **attributes):
    nodes, value = chain("x")
    return nodes + [node(op, [value, *weights], ["y"], **attributes)], "y"


def after(chain, op, weights, **attributes):
    nodes, value = chain("y")
    return [node(op, ["x", *weights], ["y"], **attributes)] + nodes, value


main()
