# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""pLSTM on a graph without cycles: a loop over its edges, each after those that lead to it.

    C_e = sum of T_{e'e} C_{e'} over the edges e' that end where e begins, + S_e k v^T

States stand in a table; its last row is zero, for edges with fewer than P edges before them.
"""

import numpy as np

from common.graph import Graph
from common.layers import linear, normal, seeded


def topology(size):
    """Edges (from, to) in the order of `from`, and for each the edges before it, padded."""
    rng, N = seeded(3), size["N"]
    edges = sorted({(int(rng.integers(max(0, n - size["reach"]), n)), n) for n in range(1, N) for _ in range(2)})
    into = [[e for e, edge in enumerate(edges) if edge[1] == n] for n in range(N)]
    before = [into[source] for source, _ in edges]
    most = max(map(len, before))
    padded = np.array([b + [len(edges)] * (most - len(b)) for b in before], "int64")
    at = np.array([i + [len(edges)] * (2 - len(i)) for i in into], "int64")
    return np.array(edges, "int64"), padded, at


def weights(size):
    rng, d = seeded(1), size["d"]
    edges, before, _ = topology(size)
    T = rng.uniform(0.2, 0.6, before.shape).astype("float32")
    return {**{name: normal(rng, d, d) for name in ("query", "key", "value")},
            "T": T, "S": rng.uniform(0.2, 1, len(edges)).astype("float32")}


def inputs(size):
    return {"x": normal(seeded(2), size["N"], size["d"], scale=1)}


def program(size, w):
    d = size["d"]
    edges, before, at = topology(size)
    E, P = before.shape
    g = Graph("plstm_dag")
    x = g.input("x", [size["N"], d])
    q, k, v = (linear(g, x, name, w) for name in ("query", "key", "value"))
    k, v = (g.Gather(of_node, g.constant(edges[:, 0]), axis=0) for of_node in (k, v))
    before, T, S = g.weight("before", before), g.weight("T", w["T"]), g.weight("S", w["S"])

    def edge(b, e, table):
        states = b.Gather(table, b.row(before, e), axis=0)
        past = b.ReduceSum(b.Mul(states, b.Unsqueeze(b.row(T, e), [1, 2])), [0], keepdims=0)
        new = b.Mul(b.Unsqueeze(b.row(k, e), [1]), b.Unsqueeze(b.row(v, e), [0]))
        C = b.Add(past, b.Mul(new, b.row(S, e)))
        return [b.ScatterND(table, b.Reshape(e, [1, 1]), b.Unsqueeze(C, [0]))], []

    table, = g.loop(E, [g.constant(np.zeros((E + 1, d, d), "float32"))], edge)
    arrived = g.ReduceSum(g.Gather(table, g.constant(at), axis=0), [1], keepdims=0)
    h = g.Squeeze(g.MatMul(g.Unsqueeze(q, [1]), arrived), [1])
    g.output("h", g.Mul(h, float(1 / np.sqrt(d))))
    return g
