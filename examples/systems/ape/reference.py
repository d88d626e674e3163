# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights e^(S lse - score) written out; with T = S = 1 and one context, plain causal attention."""

import numpy as np

from common.plain import double, rotate, softmax


def outputs(size, w, inputs):
    w, given = double(w), double(inputs)
    H, d, p, n, m = (size[name] for name in ("H", "d", "prefix", "length", "query"))

    def project(x, layer, begin):
        q, k, v = ((x @ w[name + layer]).reshape(-1, H, d).swapaxes(0, 1) for name in ("query", "key", "value"))
        at = np.arange(begin, begin + len(x))
        return rotate(q, at), rotate(k, at), v

    def add(x, layer, mixed):
        return x + mixed.swapaxes(0, 1).reshape(len(x), -1) @ w["out" + layer]

    def causal(x, layer):
        q, k, v = project(x, layer, 0)
        scores = q @ k.swapaxes(1, 2) / np.sqrt(d)
        return add(x, layer, softmax(np.where(np.tri(len(x), dtype=bool), scores, -np.inf)) @ v)

    if size["T"] == size["S"] == size["N"] == 1:
        x = np.concatenate([given["prefix"], given["contexts"][0], given["query"]])
        return {"y": causal(causal(x, "0"), "1")[p + n:]}
    texts = [np.concatenate([given["prefix"], c]) for c in given["contexts"]]
    query = given["query"]
    for layer in "01":
        far_k, far_v = [], []
        for text in texts:
            _, k, v = project(text, layer, 0)
            far_k.append(k[:, p:])
            far_v.append(v[:, p:])
        near_k, near_v = k[:, :p], v[:, :p]  # of the prefix, which is the same in all
        q, own_k, own_v = project(query, layer, p + n)
        mixed = np.zeros((H, m, d))
        for h in range(H):
            for i in range(m):
                far = np.concatenate([k[h] for k in far_k]) @ q[h, i] / np.sqrt(d) / size["T"]
                near = np.concatenate([near_k[h], own_k[h, : i + 1]]) @ q[h, i] / np.sqrt(d)
                far_weight = np.exp(far) / np.exp(far).sum() * np.exp(far).sum() ** size["S"]
                total = far_weight.sum() + np.exp(near).sum()
                mixed[h, i] = (far_weight @ np.concatenate([v[h] for v in far_v])
                               + np.exp(near) @ np.concatenate([near_v[h], own_v[h, : i + 1]])) / total
        query = add(query, layer, mixed)
        texts = [causal(text, layer) for text in texts]
    return {"y": query}
