# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""S_t = (I - beta k k^T) S_{t-1} + beta k v^T, with the matrix of each step written out."""

import numpy as np

from common.plain import double, sigmoid


def outputs(size, w, inputs):
    w, x = double(w), double(inputs)["x"]
    H, d = size["H"], size["d"]
    q, k, v = ((x @ w[name]).reshape(-1, H, d) for name in ("query", "key", "value"))
    k = k / np.linalg.norm(k, axis=-1, keepdims=True)
    beta = sigmoid(x @ w["beta"])
    S, y = np.zeros((H, d, d)), []
    for t in range(len(x)):
        for h in range(H):
            transition = np.eye(d) - beta[t, h] * np.outer(k[t, h], k[t, h])
            S[h] = transition @ S[h] + beta[t, h] * np.outer(k[t, h], v[t, h])
        y.append(np.einsum("hk,hkv->hv", q[t], S))
    return {"y": np.array(y).reshape(len(x), H, d), "state": S}
