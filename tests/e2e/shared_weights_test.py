#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights that one kernel reads twice, against numpy: packed for a product, and as they are written beside it.

    shared_weights_test.py HEDDLE
"""

import sys

from numpy_models import NumpyModels, np
from onnx_bytes import UINT8, node, tensor

INT32 = 6


def main():
    check = NumpyModels(sys.argv[1])
    generator = np.random.default_rng(2)
    w = generator.standard_normal((2, 3, 3)).astype(np.float32)
    x = generator.standard_normal((2, 3, 3)).astype(np.float32)

    def close(got, want):
        return np.allclose(got, want, 1e-4, 1e-4)

    check.write([node("MatMul", ["w", "w"], ["y"])], {}, {"y": [2, 3, 3]}, {"w": w})
    check.expect("weights times themselves", {}, {"y": w @ w}, agree=close)

    check.write([node("MatMul", ["x", "w"], ["p"]), node("Add", ["p", "w"], ["y"])], {"x": [2, 3, 3]},
                {"y": [2, 3, 3]}, {"w": w})
    check.expect("weights added to their product", {"x": x}, {"y": x @ w + w}, agree=close)

    check.write([node("Gemm", ["x", "w", "w"], ["y"])], {"x": [3, 3]}, {"y": [3, 3]}, {"w": w[0]})
    check.expect("weights as the third operand", {"x": x[0]}, {"y": x[0] @ w[0] + w[0]}, agree=close)

    filters = generator.standard_normal((5, 5, 1, 1)).astype(np.float32)
    image = generator.standard_normal((5, 5, 1, 1)).astype(np.float32)
    convolved = np.einsum("nchw,ocij->nohw", image, filters)
    check.write([node("Conv", ["x", "w"], ["c"]), node("Add", ["c", "w"], ["y"])], {"x": [5, 5, 1, 1]},
                {"y": [5, 5, 1, 1]}, {"w": filters})
    check.expect("filters added to their convolution", {"x": image}, {"y": convolved + filters}, agree=close)

    narrow = generator.integers(0, 256, (5, 5), np.uint8)
    check.write([node("MatMulInteger", ["w", "w"], ["y"])], {}, {"y": (INT32, [5, 5])}, {},
                [tensor("w", [5, 5], UINT8, narrow.tobytes())])
    check.expect("bytes times themselves", {}, {"y": narrow.astype(np.int32) @ narrow.astype(np.int32)})

    # Rounded to bf16, the second operand is packed though it is no weight.
    square = generator.standard_normal((64, 64)).astype(np.float32)
    check.write([node("MatMul", ["x", "x"], ["y"])], {"x": [64, 64]}, {"y": [64, 64]}, {})
    check.expect("a square in bf16", {"x": square}, {"y": square @ square}, "--precision", "bf16",
                 agree=lambda got, want: np.allclose(got, want, 0.05, 0.3))
    check.finish()


main()
