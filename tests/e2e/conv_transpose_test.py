#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Transposed convolutions against numpy: windows side by side, and such as overlap.

    conv_transpose_test.py HEDDLE

Few output channels and many, with a bias and without, sizes that are known and that are not. Numbers
are small and whole, so that results are equal, not close.
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
from onnx_bytes import floats, graph, model, node, value

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
    began = time.time()
    check = Bounded(sys.argv[1])
    generator = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "model.onnx")
        for (inputs, outputs, window, stride), has_bias, known in (
                (case, has_bias, known) for case in CASES for has_bias in (True, False) for known in (True, False)):
            x = generator.integers(-4, 5, (BATCH, inputs, HEIGHT, WIDTH)).astype(np.float32)
            w = generator.integers(-4, 5, (inputs, outputs, window, window)).astype(np.float32)
            b = generator.integers(-4, 5, outputs).astype(np.float32) if has_bias else np.zeros(outputs, np.float32)
            weights = [floats("w", w.ravel().tolist(), w.shape)] + [floats("b", b.tolist(), b.shape)] * has_bias
            nodes = [node("ConvTranspose", ["x", "w"] + ["b"] * has_bias, ["y"], kernel_shape=[window] * 2,
                          strides=[stride] * 2)]
            dims = list(x.shape) if known else ["n", inputs, "h", "w"]
            with open(path, "wb") as file:
                file.write(model(graph(nodes, [value("x", dims)], [value("y", ["a", "b", "c", "d"])], weights)))
            np.save(os.path.join(work, "x.npy"), x)
            what = f"{inputs} to {outputs} channels, window {window}, stride {stride}"
            code, error = check.run(what, "run", path, "--input", f"x={work}/x.npy", "--output", work)
            if code != 0:
                check.wrong(f"{what} fails", error)
            elif not np.array_equal(np.load(os.path.join(work, "y.npy")), expected(x, w, b, stride)):
                check.wrong(f"{what} gives other numbers")
    check.finish(began)


main()
