# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The cell recursion as it is written, asked for from the far end."""

import functools
import sys

import numpy as np

from common.plain import double, sigmoid


def outputs(size, w, inputs):
    w, x = double(w), double(inputs)["x"]
    X, Y, d = size["X"], size["Y"], size["d"]
    q, k, v = (x @ w[name] for name in ("query", "key", "value"))
    o, t, Sr, Sd, Ml, Mu, D = (sigmoid(x @ w[name] + w[name + "_b"]) for name in
                               ("orientation", "tightness", "source_r", "source_d", "mark_l", "mark_u", "direct"))
    sys.setrecursionlimit(10000)

    @functools.cache
    def C(i, j):
        """Cr and Cd that leave cell (i, j)."""
        if i < 0 or j < 0:
            return np.zeros((d, d)), np.zeros((d, d))
        Cr, Cd = C(i - 1, j)[0], C(i, j - 1)[1]
        share, new = o[i, j] * t[i, j], np.outer(k[i, j], v[i, j])
        return (share * Cr + share * Cd + Sr[i, j] * new,
                (1 - share) * Cd + (1 - share) * Cr + Sd[i, j] * new)

    h = np.zeros((X, Y, d))
    for i in range(X):
        for j in range(Y):
            h[i, j] = (Ml[i, j] * q[i, j] @ C(i - 1, j)[0] + Mu[i, j] * q[i, j] @ C(i, j - 1)[1]
                       + D[i, j] * (q[i, j] @ k[i, j]) * v[i, j])
    return {"h": h / np.sqrt(d)}
