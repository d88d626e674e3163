#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Numbers far beyond the operands they are for: diagonals of matrices and windows of channels, against numpy.

    far_numbers_test.py HEDDLE
"""

import sys

from numpy_models import NumpyModels, np
from onnx_bytes import INT64, node

FAR = (1 << 63) - 1


def local_response(x, size, alpha=0.5, beta=0.75, bias=1.0):
    channels = range(x.shape[1])
    sums = np.stack([(x[:, max(c - (size - 1) // 2, 0):c + size // 2 + 1] ** 2).sum(axis=1) for c in channels], axis=1)
    return x / (bias + alpha / size * sums) ** beta


def main():
    check = NumpyModels(sys.argv[1])
    generator = np.random.default_rng(1)
    x = generator.standard_normal((3, 5)).astype(np.float32)
    for upper, cut in (0, np.tril), (1, np.triu):
        check.write([node("Trilu", ["x", "k"], ["y"], upper=upper)], {"x": ["n", 5], "k": (INT64, [])}, {"y": ["n", 5]}, {})
        check.compile(f"Trilu, upper {upper}")
        for k in (-FAR - 1, -FAR, -4, -3, -1, 0, 2, 4, 5, FAR - 1, FAR):
            kept = cut(x, int(np.clip(k, -9, 9)))
            check.expect(f"Trilu, upper {upper}, k {k}", {"x": x, "k": np.array(k)}, {"y": kept})
    x = generator.standard_normal((2, 4, 3, 3)).astype(np.float32)
    for channels in (4, "c"):
        for size in (1, 2, 3, 7, 8, 100, 1 << 40):
            check.write([node("LRN", ["x"], ["y"], size=size, alpha=0.5)], {"x": [2, channels, 3, 3]}, {"y": [2, channels, 3, 3]}, {})
            check.expect(f"LRN of {size} channels", {"x": x}, {"y": local_response(x, size)},
                         agree=lambda got, want: np.allclose(got, want, 1e-5, 1e-6))
    check.finish()


main()
