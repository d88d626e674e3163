#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Clip, Max, Min and Relu of NaN, infinities and zeros, against numpy.

    bounds_test.py HEDDLE

Bounds are known, which makes them a part of the code, or inputs; NaN, infinite or zero as well, and the lower one may be
above the upper one. The sign of a zero is not compared.
"""

import sys

from numpy_models import NumpyModels, np
from onnx_bytes import node

VALUES = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-30, -1e-30, 5.9, 6.0, 6.1, -7.0, 1e30, 3.0]
BOUNDS = [(0.0, 6.0), (-1.0, 0.0), (6.0, 0.0), (-0.0, np.inf), (np.nan, 6.0), (0.0, np.nan)]


def main():
    check = NumpyModels(sys.argv[1])
    x = np.tile(np.array(VALUES, np.float32), 3)  # whole vectors, and what is left
    nodes = [node("Clip", ["x", "low", "high"], ["both"]), node("Clip", ["x", "low"], ["lower"]),
             node("Clip", ["x", "", "high"], ["upper"]), node("Max", ["low", "x"], ["most"]),
             node("Min", ["x", "high"], ["least"]), node("Relu", ["x"], ["relu"])]
    for low, high in BOUNDS:
        bounds = {"low": np.array(low, np.float32), "high": np.array(high, np.float32)}
        lower, upper = np.maximum(x, bounds["low"]), np.minimum(x, bounds["high"])
        expected = {"both": np.minimum(lower, bounds["high"]), "lower": lower, "upper": upper, "most": lower,
                    "least": upper, "relu": np.maximum(x, 0)}
        outputs = {name: [len(x)] for name in expected}
        for known in True, False:
            given = {} if known else bounds
            check.write(nodes, {"x": [len(x)], **{name: [] for name in given}}, outputs, bounds if known else {})
            check.expect(f"bounds {low} and {high}, {'known' if known else 'given'}", {"x": x, **given}, expected,
                         agree=lambda a, b: np.array_equal(a, b, equal_nan=True))
    check.finish()


main()
