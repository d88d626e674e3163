#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LSTM, GRU and RNN against numpy, in every direction, of a length that is known and of any.

    recurrent_cells_test.py HEDDLE
"""

import itertools
import sys

from numpy_models import NumpyModels, np
from onnx_bytes import node

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


def close(a, b):
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-4, atol=1e-5)


def main():
    check = NumpyModels(sys.argv[1])
    generator = np.random.default_rng(1)
    for operator, direction, length, known in itertools.product(
            GATES, ("forward", "reverse", "bidirectional"), (1, 7), (True, False)):
        count, rows = 2 if direction == "bidirectional" else 1, GATES[operator] * HIDDEN
        x, w, r, b = (generator.normal(size=shape).astype(np.float32) * 0.5 for shape in (
            (length, BATCH, INPUTS), (count, rows, INPUTS), (count, rows, HIDDEN), (count, 2 * rows)))
        cell = node(operator, ["x", "w", "r", "b"], ["y", "h"], direction=direction, hidden_size=HIDDEN)
        check.write([cell], {"x": [length if known else "t", BATCH, INPUTS]},
                    {"y": ["t", count, BATCH, HIDDEN], "h": [count, BATCH, HIDDEN]}, {"w": w, "r": r, "b": b})
        each = [steps_of(operator, x, w[d], r[d], b[d], direction == "reverse" or d == 1) for d in range(count)]
        wanted = {name: np.stack([result[part] for result in each], axis=axis)
                  for name, axis, part in (("y", 1, 0), ("h", 0, 1))}
        check.expect(f"{operator} {direction}, {length} steps" + ("" if known else " of any number"), {"x": x}, wanted,
                     agree=close)
    check.finish()


main()
