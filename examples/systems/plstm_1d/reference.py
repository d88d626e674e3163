# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every pair of positions: what i hears of j passes the transitions between them."""

import numpy as np

from common.plain import double, sigmoid


def outputs(size, w, inputs):
    w, x = double(w), double(inputs)["x"]
    L, H, d = size["L"], size["H"], size["d"]
    q, k, v = ((x @ w[name]).reshape(L, H, d) for name in ("query", "key", "value"))
    T, S, M, D = (sigmoid(x @ w[name] + w[name + "_b"]) for name in ("transition", "source", "mark", "direct"))
    h = np.zeros((L, H, d))
    for i in range(L):
        passed = np.ones(H)
        for j in range(i - 1, -1, -1):
            h[i] += (M[i] * passed * S[j] * (q[i] * k[j]).sum(-1))[:, None] * v[j]
            passed = passed * T[j]
        h[i] += (D[i] * (q[i] * k[i]).sum(-1))[:, None] * v[i]
    return {"h": h / np.sqrt(d)}
