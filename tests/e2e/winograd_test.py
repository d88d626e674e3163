#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""3x3, 3x1 and 1x3 convolutions by Winograd's minimal filtering, as whole programs, against numpy and --no-winograd.

    winograd_test.py HEDDLE

With all that may follow a convolution in its kernel, planes of known and of any size, images of a
batch, 1, 2 and 8 threads. Inputs are small and whole, weights are so times 8, so that transforms are
exact and results are equal, not close. NaN, infinity and what overflows go through Relu, which could
hide them, and must be where they are without the algorithm.
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

# Images, channels in and out, height, width, pads at top, left, bottom, right, window.
CASES = [(2, 24, 40, 13, 11, (1, 1, 1, 1), (3, 3)), (1, 40, 33, 30, 70, (0, 0, 0, 0), (3, 3)),
         (1, 64, 64, 14, 14, (1, 1, 1, 1), (3, 3)), (1, 32, 48, 20, 20, (2, 1, 0, 3), (3, 3)),
         (2, 48, 40, 34, 16, (0, 0, 0, 0), (3, 1)), (1, 72, 72, 12, 32, (1, 0, 1, 0), (3, 1)),
         (2, 48, 72, 36, 8, (0, 1, 0, 1), (1, 3)), (1, 40, 33, 9, 22, (0, 1, 0, 1), (1, 3))]


def convolved(x, w, pads):
    x = np.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3]))).astype(np.float64)
    down, across = w.shape[2:]
    height, width = x.shape[2] - down + 1, x.shape[3] - across + 1
    return sum(np.einsum("nchw,kc->nkhw", x[:, :, i:i + height, j:j + width], w[:, :, i, j])
               for i in range(down) for j in range(across)).astype(np.float32)


def main():
    began = time.time()
    check = Bounded(sys.argv[1])
    generator = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "model.onnx")

        def run(what, x, r, *options):
            np.save(os.path.join(work, "x.npy"), x)
            np.save(os.path.join(work, "r.npy"), r)
            code, error = check.run(what, "run", path, "--input", f"x={work}/x.npy", "--input",
                                    f"r={work}/r.npy", "--output", work, *options)
            if code != 0:
                check.wrong(f"{what} fails", error)
                return np.zeros(0)
            return np.load(os.path.join(work, "y.npy"))

        for (images, inputs, outputs, height, width, pads, window), known in (
                (case, known) for case in CASES for known in (True, False)):
            what = f"{window}, {inputs} to {outputs} channels, {height}x{width}, sizes known {known}"
            x = generator.integers(-4, 5, (images, inputs, height, width)).astype(np.float32)
            w = 8 * generator.integers(-4, 5, (outputs, inputs, *window)).astype(np.float32)
            b = generator.integers(-4, 5, outputs).astype(np.float32)
            plain = convolved(x, w, pads) + b.reshape(1, -1, 1, 1)
            r = generator.integers(-4, 5, plain.shape).astype(np.float32)
            nodes = [node("Conv", ["x", "w", "b"], ["c"], kernel_shape=list(window), pads=list(pads)),
                     node("Add", ["c", "r"], ["s"]), node("Relu", ["s"], ["y"])]
            weights = [floats("w", w.ravel().tolist(), w.shape), floats("b", b.tolist(), b.shape)]
            dims = list(x.shape) if known else ["n", inputs, "h", "w"]
            rest = list(r.shape) if known else ["n", outputs, "oh", "ow"]
            with open(path, "wb") as file:
                file.write(model(graph(nodes, [value("x", dims), value("r", rest)],
                                       [value("y", ["a", "k", "c", "d"])], weights)))
            for threads in ("1", "2", "8"):
                y = run(what, x, r, "--threads", threads)
                if not np.array_equal(y, np.maximum(plain + r, 0)):
                    check.wrong(f"{what} gives other numbers on {threads} threads")
            for kind in (np.nan, np.inf, -np.inf, np.float32(3e38)):
                bad = x.copy()
                for _ in range(3):
                    place = tuple(int(generator.integers(0, size)) for size in x.shape)
                    bad[place] = kind
                bad[0, 0, 0, 0] = kind
                y, direct = run(what, bad, r), run(what, bad, r, "--no-winograd")
                if y.shape != plain.shape or not np.array_equal(y, direct, equal_nan=True):
                    check.wrong(f"{what} with {kind} differs from direct sums")
                if np.isnan(kind) and not np.isnan(y).any():
                    check.wrong(f"{what} loses NaN")
    check.finish(began)


main()
