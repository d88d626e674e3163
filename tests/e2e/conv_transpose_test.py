#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Transposed convolutions against numpy: windows side by side, and such as overlap.

    conv_transpose_test.py HEDDLE

Few output channels and many, with a bias and without, sizes that are known and that are not. Numbers
are small and whole, so that results are equal, not close.
"""

import sys

from numpy_models import NumpyModels, np
from onnx_bytes import node

# Channels in and out, window, stride.
CASES = [(24, 1, 2, 2), (5, 3, 3, 3), (1, 7, 4, 4), (24, 8, 2, 2), (6, 2, 3, 2), (3, 20, 2, 2)]
BATCH, HEIGHT, WIDTH = 2, 5, 17


def expected(x, w, b, stride):
    window = w.shape[2]
    y = np.zeros((BATCH, w.shape[1], (HEIGHT - 1) * stride + window, (WIDTH - 1) * stride + window), np.float32)
    for i in range(window):
        for j in range(window):
            y[:, :, i:i + (HEIGHT - 1) * stride + 1:stride, j:j + (WIDTH - 1) * stride + 1:stride] += np.einsum(
                "nchw,ck->nkhw", x, w[:, :, i, j])
    return y + b.reshape(1, -1, 1, 1)


def main():
    check = NumpyModels(sys.argv[1])
    generator = np.random.default_rng(1)
    for (inputs, outputs, window, stride), has_bias, known in (
            (case, has_bias, known) for case in CASES for has_bias in (True, False) for known in (True, False)):
        x = generator.integers(-4, 5, (BATCH, inputs, HEIGHT, WIDTH)).astype(np.float32)
        w = generator.integers(-4, 5, (inputs, outputs, window, window)).astype(np.float32)
        b = generator.integers(-4, 5, outputs).astype(np.float32) if has_bias else np.zeros(outputs, np.float32)
        nodes = [node("ConvTranspose", ["x", "w"] + ["b"] * has_bias, ["y"], kernel_shape=[window] * 2,
                      strides=[stride] * 2)]
        check.write(nodes, {"x": list(x.shape) if known else ["n", inputs, "h", "w"]}, {"y": ["a", "b", "c", "d"]},
                    {"w": w} | ({"b": b} if has_bias else {}))
        check.expect(f"{inputs} to {outputs} channels, window {window}, stride {stride}", {"x": x},
                     {"y": expected(x, w, b, stride)})
    check.finish()


main()
