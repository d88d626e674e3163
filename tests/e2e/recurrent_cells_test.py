#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LSTM, GRU and RNN against numpy, in every direction, of a length that is known and of any.

    recurrent_cells_test.py HEDDLE
"""

import itertools
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

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
BATCH, INPUTS, HIDDEN = 2, 5, 8


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def steps_of(operator, x, w, r, b, backward):
    """The states after each step, at the places of its input."""
    n = HIDDEN
    h, c = np.zeros((BATCH, n)), np.zeros((BATCH, n))
    of_input, of_state = b[:len(b) // 2], b[len(b) // 2:]
    y = np.zeros((len(x), BATCH, n))
    for t in reversed(range(len(x))) if backward else range(len(x)):
        p = x[t] @ w.T + of_input
        if operator == "RNN":
            h = np.tanh(p + h @ r.T + of_state)
        elif operator == "LSTM":
            i, o, f, g = np.split(p + h @ r.T + of_state, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        else:
            z, reset = np.split(sigmoid(p[:, :2 * n] + h @ r[:2 * n].T + of_state[:2 * n]), 2, axis=1)
            g = np.tanh(p[:, 2 * n:] + (reset * h) @ r[2 * n:].T + of_state[2 * n:])
            h = (1 - z) * g + z * h
        y[t] = h
    return y, h


def main():
    began = time.time()
    check = Bounded(sys.argv[1])
    generator = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "model.onnx")
        for operator, direction, length, known in itertools.product(
                GATES, ("forward", "reverse", "bidirectional"), (1, 7), (True, False)):
            count, rows = 2 if direction == "bidirectional" else 1, GATES[operator] * HIDDEN
            x, w, r, b = (generator.normal(size=shape).astype(np.float32) * 0.5 for shape in (
                (length, BATCH, INPUTS), (count, rows, INPUTS), (count, rows, HIDDEN), (count, 2 * rows)))
            weights = [floats(name, numbers.ravel().tolist(), numbers.shape)
                       for name, numbers in (("w", w), ("r", r), ("b", b))]
            cell = node(operator, ["x", "w", "r", "b"], ["y", "h"], direction=direction, hidden_size=HIDDEN)
            outputs = [value("y", ["t", count, BATCH, HIDDEN]), value("h", [count, BATCH, HIDDEN])]
            with open(path, "wb") as file:
                given = [value("x", [length if known else "t", BATCH, INPUTS])]
                file.write(model(graph([cell], given, outputs, weights)))
            np.save(os.path.join(work, "x.npy"), x)
            what = f"{operator} {direction}, {length} steps" + ("" if known else " of any number")
            code, error = check.run(what, "run", path, "--input", f"x={work}/x.npy", "--output", work)
            if code != 0:
                check.wrong(f"{what} fails", error)
                continue
            each = [steps_of(operator, x, w[d], r[d], b[d], direction == "reverse" or d == 1) for d in range(count)]
            for name, axis, part in (("y", 1, 0), ("h", 0, 1)):
                expected = np.stack([result[part] for result in each], axis=axis)
                if not np.allclose(np.load(os.path.join(work, name + ".npy")), expected, rtol=1e-4, atol=1e-5):
                    check.wrong(f"{what}: {name} has other numbers")
    check.finish(began)


main()
