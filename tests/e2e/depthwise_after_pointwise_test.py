#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Depthwise convolutions of what large 1x1 layers make, against numpy, on one thread and on two.

    depthwise_after_pointwise_test.py HEDDLE

With biases of both and a Relu between, and where another layer reads what is between as well. Numbers
are small and whole, so that results are equal, not close.
"""

import sys

from numpy_models import NumpyModels, np
from onnx_bytes import node

# Channels in and out, height, width, window, stride, whether another layer reads what is between.
CASES = [(5, 44, 80, 80, 3, 2, False), (17, 40, 90, 75, 3, 1, False), (3, 70, 61, 64, 5, 2, False),
         (4, 44, 80, 80, 3, 1, True)]
BATCH = 2


def expected(x, w, b, d, c, stride):
    between = np.maximum(np.einsum("nchw,oc->nohw", x, w[:, :, 0, 0]) + b.reshape(1, -1, 1, 1), 0)
    window = d.shape[2]
    pad = window // 2
    height, width = ((size - 1) // stride + 1 for size in x.shape[2:])
    padded = np.pad(between, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    y = np.zeros((*between.shape[:2], height, width), np.float32)
    for i in range(window):
        for j in range(window):
            y += padded[:, :, i:i + (height - 1) * stride + 1:stride, j:j + (width - 1) * stride + 1:stride] * d[
                :, 0, i, j].reshape(1, -1, 1, 1)
    return y + c.reshape(1, -1, 1, 1), -between


def main():
    check = NumpyModels(sys.argv[1])
    generator = np.random.default_rng(1)

    def whole(*shape):
        return generator.integers(-3, 4, shape).astype(np.float32)

    for inputs, outputs, height, width, window, stride, shared in CASES:
        x = whole(BATCH, inputs, height, width)
        weights = {"w": whole(outputs, inputs, 1, 1), "b": whole(outputs), "d": whole(outputs, 1, window, window),
                   "c": whole(outputs)}
        nodes = [node("Conv", ["x", "w", "b"], ["p"], kernel_shape=[1, 1]), node("Relu", ["p"], ["r"]),
                 node("Conv", ["r", "d", "c"], ["y"], kernel_shape=[window] * 2, strides=[stride] * 2,
                      pads=[window // 2] * 4, group=outputs)] + [node("Neg", ["r"], ["z"])] * shared
        check.write(nodes, {"x": list(x.shape)},
                    {name: [BATCH, outputs, "h" + name, "w" + name] for name in "yz"[:1 + shared]}, weights)
        wanted = dict(zip("yz", expected(x, *weights.values(), stride)))
        for threads in ("1", "2"):
            check.expect(f"{inputs} to {outputs} channels, window {window}, stride {stride}, {threads} threads",
                         {"x": x}, wanted, "--threads", threads)
    check.finish()


main()
