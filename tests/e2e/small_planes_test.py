#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Convolutions of planes of few pixels, against numpy, on one thread and on two.

    small_planes_test.py HEDDLE

Windows of one element in groups, which are products of pixels that are read in place, some with a few
pixels left over of vectors, or direct; and depthwise ones of rows that share vectors. Numbers are small
and whole, so that results are equal, not close; one infinite weight makes NaN of pads.
"""

import sys

from numpy_models import NumpyModels, np
from onnx_bytes import node

# Groups, channels in and out of each, height, width.
POINTWISE = [(4, 136, 136, 7, 7), (4, 68, 68, 7, 7), (1, 64, 64, 25, 5), (2, 40, 33, 14, 14), (3, 20, 75, 14, 14),
             (1, 160, 64, 7, 7)]
# Channels, height, width, window.
DEPTHWISE = [(64, 25, 5, 3), (33, 7, 7, 5), (5, 9, 3, 3), (3, 31, 4, 3)]
BATCH = 2


def pointwise(x, w, b, groups):
    batch, channels, height, width = x.shape
    parts = x.reshape(batch, groups, channels // groups, height * width)
    products = np.einsum("ngkp,gok->ngop", parts, w.reshape(groups, -1, w.shape[1]))
    return products.reshape(batch, -1, height, width) + b.reshape(1, -1, 1, 1)


def depthwise(x, w, b):
    pad = w.shape[2] // 2
    height, width = x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    y = np.zeros_like(x)
    for i in range(w.shape[2]):
        for j in range(w.shape[3]):
            with np.errstate(invalid="ignore"):
                y += padded[:, :, i:i + height, j:j + width] * w[:, 0, i, j].reshape(1, -1, 1, 1)
    return y + b.reshape(1, -1, 1, 1)


def main():
    check = NumpyModels(sys.argv[1])
    generator = np.random.default_rng(1)

    def whole(*shape):
        return generator.integers(-3, 4, shape).astype(np.float32)

    def run(name, x, weights, wanted, **attributes):
        residual = whole(*wanted.shape)
        check.write([node("Conv", ["x", "w", "b"], ["p"], **attributes), node("Add", ["p", "r"], ["s"]),
                     node("Relu", ["s"], ["y"])],
                    {"x": ["n", *x.shape[1:]], "r": ["n", *wanted.shape[1:]]}, {"y": ["n", "c", "h", "w"]}, weights)
        for threads in ("1", "2"):
            check.expect(f"{name}, {threads} threads", {"x": x, "r": residual},
                         {"y": np.maximum(wanted + residual, 0)}, "--threads", threads,
                         agree=lambda a, b: np.array_equal(a, b, equal_nan=True))

    for groups, inputs, outputs, height, width in POINTWISE:
        x = whole(BATCH, groups * inputs, height, width)
        weights = {"w": whole(groups * outputs, inputs, 1, 1), "b": whole(groups * outputs)}
        run(f"{inputs} to {outputs} channels in {groups} groups, {height}x{width}", x, weights,
            pointwise(x, weights["w"], weights["b"], groups), kernel_shape=[1, 1], group=groups)
    for channels, height, width, window in DEPTHWISE:
        x = whole(BATCH, channels, height, width)
        weights = {"w": whole(channels, 1, window, window), "b": whole(channels)}
        weights["w"][1, 0, 0, 1] = np.inf
        run(f"depthwise {window}x{window}, {height}x{width}", x, weights, depthwise(x, weights["w"], weights["b"]),
            kernel_shape=[window] * 2, pads=[window // 2] * 4, group=channels)
    check.finish()


main()
