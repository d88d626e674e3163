#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""3x3, 3x1 and 1x3 convolutions by Winograd's minimal filtering, as whole programs, against numpy and --no-winograd.

    winograd_test.py HEDDLE

With all that may follow a convolution in its kernel, planes of known and of any size, images of a
batch, 1, 2 and 8 threads. Inputs are small and whole, weights are so times 8, so that transforms are
exact and results are equal, not close. NaN, infinity and what overflows go through Relu, which could
hide them, and must be where they are without the algorithm. Inputs and 3x3 weights that are stored as
f16 or bf16 give the same numbers.
"""

import sys

from numpy_models import NumpyModels, np
from onnx_bytes import FLOAT, node, tensor

# Images, channels in and out, height, width, pads at top, left, bottom, right, window.
CASES = [(2, 24, 40, 13, 11, (1, 1, 1, 1), (3, 3)), (1, 40, 33, 30, 70, (0, 0, 0, 0), (3, 3)),
         (1, 64, 64, 14, 14, (1, 1, 1, 1), (3, 3)), (1, 32, 48, 20, 20, (2, 1, 0, 3), (3, 3)),
         (2, 48, 40, 34, 16, (0, 0, 0, 0), (3, 1)), (1, 72, 72, 12, 32, (1, 0, 1, 0), (3, 1)),
         (2, 48, 72, 36, 8, (0, 1, 0, 1), (1, 3)), (1, 40, 33, 9, 22, (0, 1, 0, 1), (1, 3))]

# As ONNX counts types, with the bytes of numbers that they hold.
STORED = {FLOAT: lambda w: w.tobytes(), 10: lambda w: w.astype(np.float16).tobytes(),
          16: lambda w: (w.view(np.uint32) >> 16).astype(np.uint16).tobytes()}


def convolved(x, w, pads):
    x = np.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3]))).astype(np.float64)
    down, across = w.shape[2:]
    height, width = x.shape[2] - down + 1, x.shape[3] - across + 1
    return sum(np.einsum("nchw,kc->nkhw", x[:, :, i:i + height, j:j + width], w[:, :, i, j])
               for i in range(down) for j in range(across)).astype(np.float32)


def main():
    check = NumpyModels(sys.argv[1])
    generator = np.random.default_rng(1)
    for (images, inputs, outputs, height, width, pads, window), known, kept in (
            (case, known, kept) for case in CASES for known in (True, False)
            for kept in (STORED if case[-1] == (3, 3) else (FLOAT,))):
        what = f"{window}, {inputs} to {outputs} channels, {height}x{width}, sizes known {known}, stored as type {kept}"
        x = generator.integers(-4, 5, (images, inputs, height, width)).astype(np.float32)
        w = 8 * generator.integers(-4, 5, (outputs, inputs, *window)).astype(np.float32)
        b = generator.integers(-4, 5, outputs).astype(np.float32)
        plain = convolved(x, w, pads) + b.reshape(1, -1, 1, 1)
        r = generator.integers(-4, 5, plain.shape).astype(np.float32)
        nodes = [node("Cast", ["x"], ["kept"], to=kept), node("Cast", ["kept"], ["input"], to=FLOAT),
                 node("Cast", ["w"], ["filter"], to=FLOAT),
                 node("Conv", ["input", "filter", "b"], ["c"], kernel_shape=list(window), pads=list(pads)),
                 node("Add", ["c", "r"], ["s"]), node("Relu", ["s"], ["y"])]
        check.write(nodes, {"x": list(x.shape) if known else ["n", inputs, "h", "w"],
                            "r": list(r.shape) if known else ["n", outputs, "oh", "ow"]},
                    {"y": ["a", "k", "c", "d"]}, {"b": b}, [tensor("w", w.shape, kept, STORED[kept](w))])
        odd = {}
        for kind in (np.nan, np.inf, -np.inf, np.float32(3e38)):
            odd[kind] = x.copy()
            for _ in range(3):
                place = tuple(int(generator.integers(0, size)) for size in x.shape)
                odd[kind][place] = kind
            odd[kind][0, 0, 0, 0] = kind
        check.compile(what, "--no-winograd")
        direct = {kind: check.results(f"{what} with {kind}", {"x": bad, "r": r}) for kind, bad in odd.items()}
        check.compile(what)
        for threads in ("1", "2", "8"):
            check.expect(f"{what} on {threads} threads", {"x": x, "r": r}, {"y": np.maximum(plain + r, 0)},
                         "--threads", threads)
        for kind, bad in odd.items():
            check.expect(f"{what} with {kind}", {"x": bad, "r": r}, direct[kind],
                         agree=lambda a, b: np.array_equal(a, b, equal_nan=True))
            if np.isnan(kind) and not any(np.isnan(y).any() for y in direct[kind].values()):
                check.wrong(f"{what} loses NaN")
    check.finish()


main()
