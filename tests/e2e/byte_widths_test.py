#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bytes in rows that are one longer than vectors, or just one: nothing beside them is written.

    byte_widths_test.py HEDDLE

A store of the last lane alone was one of four bytes. Rows of a convolution by strides do not follow each
other in memory, so that each has a last vector.
"""

import sys

from numpy_models import KINDS, NumpyModels, np
from onnx_bytes import node, tensor

GENERATOR = np.random.default_rng(1)
CHANNELS, FILTERS, ROWS, COLUMNS = 3, 5, 6, 3


def convolved(x, w):
    """By one row and two columns at a time, in integers."""
    width = (x.shape[3] - COLUMNS) // 2 + 1
    windows = np.stack([x[:, :, :, column:column + 2 * width - 1:2] for column in range(COLUMNS)], -1).astype(np.int64)
    return np.einsum("nchwk,fck->nfhw", windows, w[:, :, 0].astype(np.int64))


def main():
    check = NumpyModels(sys.argv[1])
    for width in (1, 2, 3, 16, 17, 18, 33, 65):
        for kind in (np.int8, np.uint8):
            low, high = np.iinfo(kind).min, np.iinfo(kind).max
            x = GENERATOR.integers(low, high + 1, (1, CHANNELS, ROWS, 2 * width + 1)).astype(kind)
            w = GENERATOR.integers(-20, 21, (FILTERS, CHANNELS, 1, COLUMNS)).astype(np.int8)
            y = np.clip(np.rint(convolved(x, w) / 64.0), low, high).astype(kind)
            zeros = [tensor("zx", [], KINDS[x.dtype.name], b"\0"), tensor("zw", [], KINDS["int8"], b"\0"),
                     tensor("w", w.shape, KINDS["int8"], w.tobytes())]
            check.write([node("QLinearConv", ["x", "one", "zx", "w", "one", "zw", "scale", "zx"], ["y"], strides=[1, 2])],
                        {"x": (KINDS[x.dtype.name], x.shape)}, {"y": (KINDS[x.dtype.name], y.shape)},
                        {"one": np.ones((), np.float32), "scale": np.full((), 64, np.float32)}, zeros)
            check.expect(f"{width} columns of {x.dtype}", {"x": x}, {"y": y})
    check.finish()


if __name__ == "__main__":
    main()
