# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""APE: contexts are encoded apart from each other, at the same positions, after a prefix that all of
them share; a query attends to them with a temperature T and a scale S, and merges that with the rest.
"""

import numpy as np

from common.graph import Graph
from common.layers import attention, causal_mask, heads, joined, linear, normal, rotary, rotary_table, seeded

NAMES = ("query", "key", "value")


def weights(size):
    rng, D = seeded(1), size["H"] * size["d"]
    return {name + layer: normal(rng, D, D) for layer in "01" for name in (*NAMES, "out")}


def inputs(size):
    rng, D = seeded(2), size["H"] * size["d"]
    return {"prefix": normal(rng, size["prefix"], D, scale=1),
            "contexts": normal(rng, size["N"], size["length"], D, scale=1),
            "query": normal(rng, size["query"], D, scale=1)}


def program(size, w):
    H, d, p, N, n, m = (size[name] for name in ("H", "d", "prefix", "N", "length", "query"))
    D, g = H * d, Graph("ape")
    prefix, contexts, query = (g.input("prefix", [p, D]), g.input("contexts", [N, n, D]), g.input("query", [m, D]))
    cos, sin = rotary_table(range(p + n + m), d)

    def project(x, layer, begin, rows):
        table = [g.constant(t[begin: begin + rows]) for t in (cos, sin)]
        q, k, v = (heads(g, linear(g, x, name + layer, w), H, d) for name in NAMES)
        return rotary(g, q, *table, d), rotary(g, k, *table, d), v

    def out(x, layer, mixed):
        return g.Add(x, linear(g, joined(g, mixed, D), "out" + layer, w))

    with g.scope("prefix"):
        q, k0, v0 = project(prefix, "0", 0, p)
        _, k1, v1 = project(out(prefix, "0", attention(g, q, k0, v0, d, g.constant(causal_mask(p, p)))), "1", 0, p)
    keys, values = {"0": [], "1": []}, {"0": [], "1": []}
    for c in range(N):
        with g.scope(f"context{c}"):
            x = g.row(contexts, g.constant(c))
            q, k, v = project(x, "0", p, n)
            keys["0"].append(k)
            values["0"].append(v)
            k, v = g.Concat(k0, k, axis=1), g.Concat(v0, v, axis=1)
            x = out(x, "0", attention(g, q, k, v, d, g.constant(causal_mask(n, p + n))))
            _, k, v = project(x, "1", p, n)
            keys["1"].append(k)
            values["1"].append(v)
    x = query
    for layer, (first_k, first_v) in (("0", (k0, v0)), ("1", (k1, v1))):
        with g.scope(f"query{layer}"):
            q, k, v = project(x, layer, p + n, m)
            root = float(1 / np.sqrt(d))
            to = lambda keys, scale: g.Mul(g.MatMul(q, g.Transpose(keys, perm=[0, 2, 1])), scale)
            far = to(g.Concat(*keys[layer], axis=1), root / size["T"])
            mask = np.concatenate([np.zeros((m, p), "float32"), causal_mask(m, m)], 1)
            near = g.Add(to(g.Concat(first_k, k, axis=1), root), g.constant(mask))
            far_lse = g.Mul(g.ReduceLogSumExp(far, axes=[2]), float(size["S"]))
            near_lse = g.ReduceLogSumExp(near, axes=[2])
            share = g.Sigmoid(g.Sub(far_lse, near_lse))
            far_mix = g.MatMul(g.Softmax(far, axis=-1), g.Concat(*values[layer], axis=1))
            near_mix = g.MatMul(g.Softmax(near, axis=-1), g.Concat(first_v, v, axis=1))
            mixed = g.Add(g.Mul(far_mix, share), g.Mul(near_mix, g.Sub(1.0, share)))
            x = out(x, layer, mixed)
    g.output("y", x)
    return g
