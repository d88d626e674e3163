# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One forward pass over all tokens, with a mask that hides the paths from each other."""

import numpy as np

from common.plain import double, rms_norm, rotate, softmax


def outputs(size, w, inputs):
    w, given = double(w), double(inputs)
    H, d, K, n, p, m = (size[name] for name in ("H", "d", "K", "n", "prefix", "summary"))
    x = np.concatenate([given["prefix"], given["paths"].reshape(K * n, -1), given["summary"]])
    position = np.concatenate([np.arange(p), np.tile(np.arange(p, p + n), K), np.arange(p + n, p + n + m)])
    group = np.concatenate([np.full(p, -1), np.arange(K).repeat(n), np.full(m, K)])
    order = np.arange(len(x))
    sees = (order[None] <= order[:, None]) & (
        (group[None] == -1) | (group[None] == group[:, None]) | (group[:, None] == K))
    for layer in range(2):
        y = rms_norm(x, w[f"norm{layer}"])
        q, k, v = ((y @ w[f"{name}{layer}"]).reshape(-1, H, d).swapaxes(0, 1) for name in ("query", "key", "value"))
        scores = rotate(q, position) @ rotate(k, position).swapaxes(1, 2) / np.sqrt(d)
        mixed = softmax(np.where(sees, scores, -np.inf)) @ v
        x = x + mixed.swapaxes(0, 1).reshape(len(x), -1) @ w[f"out{layer}"]
        x = x + np.maximum(x @ w[f"up{layer}"], 0) @ w[f"down{layer}"]
    return {"paths_out": x[p: p + K * n].reshape(K, n, -1), "summary_out": x[p + K * n:]}
