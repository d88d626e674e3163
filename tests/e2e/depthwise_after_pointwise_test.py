#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Depthwise convolutions of what large 1x1 layers make, against numpy, on one thread and on two.

    depthwise_after_pointwise_test.py HEDDLE

With biases of both and a Relu between, and where another layer reads what is between as well. Numbers
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
    began = time.time()
    check = Bounded(sys.argv[1])
    generator = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "model.onnx")
        for inputs, outputs, height, width, window, stride, shared in CASES:
            def whole(*shape):
                return generator.integers(-3, 4, shape).astype(np.float32)
            x = whole(BATCH, inputs, height, width)
            named = {"w": whole(outputs, inputs, 1, 1), "b": whole(outputs), "d": whole(outputs, 1, window, window),
                     "c": whole(outputs)}
            weights = [floats(name, array.ravel().tolist(), array.shape) for name, array in named.items()]
            nodes = [node("Conv", ["x", "w", "b"], ["p"], kernel_shape=[1, 1]), node("Relu", ["p"], ["r"]),
                     node("Conv", ["r", "d", "c"], ["y"], kernel_shape=[window] * 2, strides=[stride] * 2,
                          pads=[window // 2] * 4, group=outputs)]
            results = ["y"]
            if shared:
                nodes.append(node("Neg", ["r"], ["z"]))
                results.append("z")
            signature = [value(name, [BATCH, outputs, "h" + name, "w" + name]) for name in results]
            with open(path, "wb") as file:
                file.write(model(graph(nodes, [value("x", list(x.shape))], signature, weights)))
            np.save(os.path.join(work, "x.npy"), x)
            want = dict(zip("yz", expected(x, *named.values(), stride)))
            for threads in ("1", "2"):
                what = f"{inputs} to {outputs} channels, window {window}, stride {stride}, {threads} threads"
                code, error = check.run(what, "run", path, "--input", f"x={work}/x.npy", "--output", work,
                                        "--threads", threads)
                if code != 0:
                    check.wrong(f"{what} fails", error)
                    continue
                for name in results:
                    if not np.array_equal(np.load(os.path.join(work, name + ".npy")), want[name]):
                        check.wrong(f"{what} gives other numbers")
    check.finish(began)


main()
