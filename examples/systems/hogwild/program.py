# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Hogwild! inference in lockstep: workers write one cache that all of them read.

Worker i's view is the prompt, the blocks of the others, and its own block last. Blocks keep local
positions; the query turns to where each block begins in the view. In each layer all workers
append, then all read. What a worker says is what it hears next.
"""

import numpy as np

from common.graph import Graph
from common.layers import linear, normal, rotary_table, seeded

LAYERS = 2


def weights(size):
    rng, d, w = seeded(1), size["d"], {}
    for layer in range(LAYERS):
        for name in ("query", "key", "value", "out"):
            w[f"{name}{layer}"] = normal(rng, d, d)
    return w


def inputs(size):
    rng, d = seeded(2), size["d"]
    return {"prompt_keys": normal(rng, LAYERS, size["prompt"], d, scale=1),
            "prompt_values": normal(rng, LAYERS, size["prompt"], d, scale=1),
            "start": normal(rng, size["W"], d, scale=1)}


def turn(g, x, at, d):
    """Rotary embedding of 1 x d at a position that the program computes."""
    rates = (10000.0 ** (-np.arange(0, d, 2) / d)).astype("float32")
    angle = g.Mul(g.Cast(at, to=1), g.constant(np.concatenate([rates, rates])))
    low, high = g.Slice(x, [0], [d // 2], [-1]), g.Slice(x, [d // 2], [d], [-1])
    return g.Add(g.Mul(x, g.Cos(angle)), g.Mul(g.Concat(g.Neg(high), low, axis=-1), g.Sin(angle)))


def program(size, w):
    W, T, p, d = size["W"], size["T"], size["prompt"], size["d"]
    g = Graph("hogwild")
    given = {name: g.input(name, [LAYERS, p, d]) for name in ("prompt_keys", "prompt_values")}
    start = g.input("start", [W, d])
    cos, sin = rotary_table(range(p), d)
    swap = np.roll(np.eye(d, dtype="float32"), d // 2, 0) * np.where(np.arange(d) < d // 2, -1, 1).astype("float32")
    prompt = []
    for layer in range(LAYERS):
        k, v = (g.row(given[name], g.constant(layer)) for name in ("prompt_keys", "prompt_values"))
        prompt.append((g.Add(g.Mul(k, g.constant(cos)), g.Mul(g.MatMul(k, g.constant(swap)), g.constant(sin))), v))
    empty = g.constant(np.zeros((0, d), "float32"))

    def step(b, t, *state):
        said, blocks = list(state[:W]), list(state[W:])
        block = lambda layer, worker: W * 2 * layer + 2 * worker
        now = b.Reshape(t, [1])
        length = b.Add(now, 1)
        for layer in range(LAYERS):
            for worker in range(W):
                with b.scope(f"append{worker}"):
                    i = block(layer, worker)
                    key = turn(b, linear(b, said[worker], f"key{layer}", w), now, d)
                    value = linear(b, said[worker], f"value{layer}", w)
                    blocks[i] = b.Concat(blocks[i], key, axis=0)
                    blocks[i + 1] = b.Concat(blocks[i + 1], value, axis=0)
            heard = []
            for worker in range(W):
                with b.scope(f"read{worker}"):
                    others = [(worker + k) % W for k in range(1, W)]
                    query = linear(b, said[worker], f"query{layer}", w)
                    # Its token is the last of the view; a block that begins `back` before it
                    # sees the query at local position `back`.
                    back = b.Add(b.Mul(length, W - 1), b.Add(now, p))
                    scores = [b.MatMul(turn(b, query, back, d), b.Transpose(prompt[layer][0], perm=[1, 0]))]
                    values = [prompt[layer][1]]
                    for number, other in enumerate([*others, worker]):
                        back = b.Add(b.Mul(length, W - 1 - number), now)
                        keys = b.Transpose(blocks[block(layer, other)], perm=[1, 0])
                        scores.append(b.MatMul(turn(b, query, back, d), keys))
                        values.append(blocks[block(layer, other) + 1])
                    share = b.Softmax(b.Mul(b.Concat(*scores, axis=1), float(1 / np.sqrt(d))), axis=1)
                    mixed = linear(b, b.MatMul(share, b.Concat(*values, axis=0)), f"out{layer}", w)
                    heard.append(b.Tanh(b.Add(said[worker], mixed)))
            said = heard
        return [*said, *blocks], [b.Concat(*said, axis=0)]

    starts = [g.Gather(start, [worker], axis=0) for worker in range(W)]
    g.output("said", g.loop(T, [*starts, *[empty] * (2 * LAYERS * W)], step, name="lockstep")[-1])
    return g
