#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Channels that are multiplied by rows of zeros: what is not finite among them still shows.

    zero_rows_test.py HEDDLE

Filters of windows, their squares, and a matrix that reads three of eight channels, as mel filters do.
Results are those of the whole computation, step by step in f32, also where zero meets what is not
finite: a NaN or an infinity of the input, or a square that leaves f32's range in a channel that only
zeros multiply.
"""

import math
import os
import random
import struct
import sys
import tempfile

from bounded import Bounded
from npy import read_npy, write_npy
from onnx_bytes import floats, graph, model, node, value

CHANNELS, WIDTH, STRIDE, MELS, SAMPLES = 8, 4, 2, 3, 70


def f32(number):
    try:
        return struct.unpack("<f", struct.pack("<f", number))[0]
    except OverflowError:
        return math.copysign(math.inf, number)


def expected(x, filters, matrix):
    result = []
    for begin in range(0, len(x) - WIDTH + 1, STRIDE):
        power = []
        for channel in filters:
            total = 0.0
            for number, weight in zip(x[begin:begin + WIDTH], channel):
                total = f32(total + number * weight)
            power.append(f32(total * total))
        for mel in range(MELS):
            total = 0.0
            for channel in range(CHANNELS):
                total = f32(total + power[channel] * matrix[channel * MELS + mel])
            result.append(total)
    return result


def agree(a, b):
    if math.isnan(a) or math.isnan(b) or math.isinf(a) or math.isinf(b):
        return a == b or (math.isnan(a) and math.isnan(b))
    return abs(a - b) <= 1e-4 * max(1.0, abs(b))


def main():
    check = Bounded(sys.argv[1])
    generator = random.Random(1)
    filters = [[f32(generator.choice([-1, 1]) * generator.uniform(0.5, 1)) for _ in range(WIDTH)]
               for _ in range(CHANNELS)]
    # Channels that no result reads are ten times as large: theirs are the first to overflow.
    filters = [[f32(w * (1 if 2 <= c < 5 else 10)) for w in row] for c, row in enumerate(filters)]
    matrix = [f32(generator.uniform(0.1, 1)) if 2 <= c < 5 else 0.0 for c in range(CHANNELS) for _ in range(MELS)]
    nodes = [node("Conv", ["x", "w"], ["c"], strides=[STRIDE]),
             node("Transpose", ["c"], ["t"], perm=[0, 2, 1]),
             node("Mul", ["t", "t"], ["p"]), node("MatMul", ["p", "m"], ["y"])]
    weights = [floats("w", sum(filters, []), [CHANNELS, 1, WIDTH]), floats("m", matrix, [CHANNELS, MELS])]
    usual = [f32(generator.gauss(0, 1)) for _ in range(SAMPLES)]
    inputs = {"usual": usual, "zero": [0.0] * SAMPLES, "loud": [f32(3e4 * x) for x in usual]}
    # The last one overflows where nobody reads, and not where results are made.
    for name, odd in ("nan", math.nan), ("inf", math.inf), ("minus_inf", -math.inf), ("large", f32(2e18)):
        inputs[name] = usual[:31] + [odd] + usual[32:]
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "model.onnx")
        for size in SAMPLES, "n":
            with open(path, "wb") as file:
                file.write(model(graph(nodes, [value("x", [1, 1, size])], [value("y", [1, "frames", MELS])], weights)))
            for name, x in inputs.items():
                write_npy(os.path.join(work, "x.npy"), x, [1, 1, SAMPLES])
                code, _ = check.run(f"{name} of {size}", "run", path, "--input", f"x={work}/x.npy", "--output", work)
                wanted, got = expected(x, filters, matrix), read_npy(os.path.join(work, "y.npy")) if code == 0 else ()
                if len(got) != len(wanted) or not all(map(agree, got, wanted)):
                    check.wrong(f"{name} of {size}: {got} instead of {wanted}")
        # The reference is what it is meant to be: something is left out of account only there.
        if not any(map(math.isnan, expected(inputs["large"], filters, matrix))):
            check.wrong("no channel overflowed")
    check.finish()


main()
