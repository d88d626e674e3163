#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What stands before large 1x1 convolutions, which their kernels compute, against numpy, on one thread and on two.

    computed_inputs_test.py HEDDLE

Numbers are small and whole, so that results are equal, not close, rounded to bf16 or not.
"""

import sys

from numpy_models import NumpyModels, np
from onnx_bytes import node

BATCH = 2
generator = np.random.default_rng(1)


def whole(*shape):
    return generator.integers(-3, 4, shape).astype(np.float32)


def convolved(x, w):
    return np.einsum("nchw,oc->nohw", x, w[:, :, 0, 0])


def main():
    check = NumpyModels(sys.argv[1])

    def expect(what, nodes, inputs, weights, wanted):
        convolution = dict(kernel_shape=[1, 1])
        check.write([node(*parts, **(convolution if parts[0] == "Conv" else {})) for parts in nodes],
                    {name: list(array.shape) for name, array in inputs.items()},
                    {name: list(array.shape) for name, array in wanted.items()}, weights)
        for options in (["--threads", "1"], ["--threads", "2"], ["--precision", "bf16"]):
            check.expect(f"{what}, {' '.join(options)}", inputs, wanted, *options)

    # Channels in and out, height, width: planes that are blocks of pixels or not, channels that fill panels or not.
    for inputs, outputs, height, width in [(130, 40, 25, 23), (256, 33, 14, 14), (300, 300, 16, 17), (128, 64, 1, 600)]:
        x, w = whole(BATCH, inputs, height, width), whole(outputs, inputs, 1, 1)
        scale, shift, gate = whole(inputs, 1, 1), whole(inputs, 1, 1), whole(BATCH, inputs, 1, 1)
        ready = np.maximum(x * scale + shift, 0)
        activated = [("Mul", ["x", "s"], ["m"]), ("Add", ["m", "t"], ["a"]), ("Relu", ["a"], ["r"])]
        weights = {"s": scale, "t": shift, "w": w}
        sizes = f"{inputs} to {outputs} channels, {height} x {width}"
        conv = ("Conv", ["r", "w"], ["y"])
        expect(f"{sizes}, activated", activated + [conv], {"x": x}, weights, {"y": convolved(ready, w)})
        expect(f"{sizes}, read twice", activated + [conv, ("Neg", ["r"], ["z"])], {"x": x}, weights,
               {"y": convolved(ready, w), "z": -ready})
        expect(f"{sizes}, scaled by what an input says", [("Mul", ["x", "g"], ["r"]), conv],
               {"x": x, "g": gate}, {"w": w}, {"y": convolved(x * gate, w)})
        rows = whole(1, 1, height, 1)
        expect(f"{sizes}, of rows", [("Mul", ["x", "rows"], ["r"]), conv, ("Relu", ["y"], ["z"])], {"x": x},
               {"rows": rows, "w": w}, {"z": np.maximum(convolved(x * rows, w), 0)})
        other = whole(*x.shape)
        expect(f"{sizes}, a sum", [("Add", ["x", "other"], ["r"]), conv], {"x": x, "other": other}, {"w": w},
               {"y": convolved(x + other, w)})
        if inputs == outputs:
            expect(f"{sizes}, and added", activated + [conv, ("Add", ["y", "x"], ["z"])], {"x": x}, weights,
                   {"z": convolved(ready, w) + x})

    # Two layers' results are put together for nothing.
    x, first, second = whole(1, 8, 30, 31), whole(150, 8, 1, 1), whole(130, 8, 1, 1)
    last, shift = whole(40, 280, 1, 1), whole(280, 1, 1)
    joined = np.maximum(np.concatenate([convolved(x, first), convolved(x, second)], axis=1) + shift, 0)
    check.write([node("Conv", ["x", "f"], ["a"], kernel_shape=[1, 1]), node("Conv", ["x", "g"], ["b"], kernel_shape=[1, 1]),
                 node("Concat", ["a", "b"], ["c"], axis=1), node("Add", ["c", "t"], ["d"]), node("Relu", ["d"], ["r"]),
                 node("Conv", ["r", "w"], ["y"], kernel_shape=[1, 1])], {"x": list(x.shape)}, {"y": [1, 40, 30, 31]},
                {"f": first, "g": second, "t": shift, "w": last})
    for threads in ("1", "2"):
        check.expect(f"joined, {threads} threads", {"x": x}, {"y": convolved(joined, last)}, "--threads", threads)

    # What reads the results is a kernel of its own, though it may be part of one that computes no input.
    x, scale, w, windows = whole(1, 128, 60, 60), whole(128, 1, 1), whole(160, 128, 1, 1), whole(160, 1, 2, 2)
    between = convolved(x * scale, w)
    pooled = sum(between[:, :, i:60 - 1 + i, j:60 - 1 + j] * windows[:, 0, i, j].reshape(1, -1, 1, 1)
                 for i in range(2) for j in range(2))
    check.write([node("Mul", ["x", "s"], ["r"]), node("Conv", ["r", "w"], ["c"], kernel_shape=[1, 1]),
                 node("Conv", ["c", "d"], ["y"], kernel_shape=[2, 2], group=160)], {"x": list(x.shape)},
                {"y": list(pooled.shape)}, {"s": scale, "w": w, "d": windows})
    for threads in ("1", "2"):
        check.expect(f"windows, {threads} threads", {"x": x}, {"y": pooled}, "--threads", threads)
    check.finish()


main()
