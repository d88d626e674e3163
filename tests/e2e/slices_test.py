#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Slices with bounds on either side of both ends, forwards and backwards.

    slices_test.py HEDDLE

Bounds are constants or given when run, of a dimension that is known or named. ONNX brings a start within
[0, size - 1] where steps go backwards, so one before the first element is the first: numpy has none of them then.
"""

import itertools
import sys

from numpy_models import NumpyModels, np
from onnx_bytes import INT64, ints, node

CASES = list(itertools.product((-2**63, -4, -2, -1, 0, 1, 3, 2**63 - 1), (-2**63, -3, -1, 0, 2, 2**63 - 1), (-2, -1, 1, 3)))


def expected(x, begin, end, step):
    size = len(x)
    before, most = (0, size) if step > 0 else (-1, size - 1)
    begin, end = (bound + size if bound < 0 else bound for bound in (begin, end))
    return x[[*range(min(max(begin, 0), most), min(max(end, before), most), step)]]


def main():
    check = NumpyModels(sys.argv[1])
    bounds = {f"{part}{i}": [number] for i, case in enumerate(CASES) for part, number in zip("bes", case)}
    steps = [ints(name, numbers) for name, numbers in bounds.items() if name[0] == "s"]
    limits = {name: numbers for name, numbers in bounds.items() if name[0] != "s"}
    nodes = [node("Slice", ["x", f"b{i}", f"e{i}", "", f"s{i}"], [f"y{i}"], f"slice{i}") for i in range(len(CASES))]
    outputs = {f"y{i}": [f"length{i}"] for i in range(len(CASES))}
    for size, when_run in itertools.product((2, "n"), (False, True)):
        constants = steps if when_run else steps + [ints(name, numbers) for name, numbers in limits.items()]
        inputs = {name: (INT64, [1]) for name in limits} if when_run else {}
        check.write(nodes, {"x": [size], **inputs}, outputs, {}, constants)
        what = f"of {size}, bounds {'given' if when_run else 'constant'}"
        check.compile(what)
        for length in (2,) if size == 2 else (0, 1, 3):
            x = np.arange(length, dtype=np.float32)
            given = {name: np.array(numbers, np.int64) for name, numbers in limits.items()} if when_run else {}
            check.expect(f"{what}, {length} elements", {"x": x, **given},
                         {f"y{i}": expected(x, *case) for i, case in enumerate(CASES)})
    check.finish()


if __name__ == "__main__":
    main()
