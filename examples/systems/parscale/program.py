# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ParScale: P streams of one model, each with a learned prefix of keys and values in every layer, and a
learned, smoothed mean of what they say. The prefixes are not rotated; real positions start at 0.

A step of decoding: `rows` new tokens after a cache of `past`, for each stream its own.
"""

import numpy as np

from common.graph import Graph
from common.layers import (attention, causal_mask, heads, joined, linear, normal, rms_norm, rotary, rotary_table,
                           seeded, silu)


def weights(size):
    rng, H, d, P = seeded(1), size["H"], size["d"], size["P"]
    D, w = H * d, {}
    for layer in range(size["layers"]):
        for name in ("query", "key", "value", "out"):
            w[f"{name}{layer}"] = normal(rng, D, D)
        for name in ("gate", "up"):
            w[f"{name}{layer}"] = normal(rng, D, 3 * D)
        w[f"down{layer}"] = normal(rng, 3 * D, D)
        for name in ("before", "between"):
            w[f"{name}{layer}"] = (1 + 0.1 * rng.standard_normal(D)).astype("float32")
        for name in ("prefix_key", "prefix_value"):
            w[f"{name}{layer}"] = normal(rng, P, H, size["prefix"], d, scale=1)
    w["W1"], w["W2"] = normal(rng, P * D, D), normal(rng, D, P)
    return w


def inputs(size):
    rng, H, d = seeded(2), size["H"], size["d"]
    cache = {f"past_{name}{layer}": normal(rng, size["P"], H, size["past"], d, scale=1)
             for layer in range(size["layers"]) for name in ("key", "value")}
    return {"x": normal(rng, size["rows"], H * d, scale=1), **cache}


def program(size, w):
    H, d, P, S, past = size["H"], size["d"], size["P"], size["rows"], size["past"]
    D, g = H * d, Graph("parscale")
    x = g.input("x", [S, D])
    caches = {name: g.input(name, [P, H, past, d])
              for layer in range(size["layers"]) for name in (f"past_key{layer}", f"past_value{layer}")}
    cos, sin = (g.constant(table) for table in rotary_table(range(past, past + S), d))
    mask = g.constant(causal_mask(S, size["prefix"] + past + S))
    streams = []
    for p in range(P):
        with g.scope(f"stream{p}"):
            y = x
            for layer in range(size["layers"]):
                z = rms_norm(g, y, f"before{layer}", w)
                q, k, v = (heads(g, linear(g, z, f"{name}{layer}", w), H, d) for name in ("query", "key", "value"))
                q, k = rotary(g, q, cos, sin, d), rotary(g, k, cos, sin, d)
                # A stream's own parameters and cache are slices of what is stored for all of them.
                own = lambda name: g.row(caches[name] if name in caches else g.weight(name, w[name]), g.constant(p))
                k = g.Concat(own(f"prefix_key{layer}"), own(f"past_key{layer}"), k, axis=1)
                v = g.Concat(own(f"prefix_value{layer}"), own(f"past_value{layer}"), v, axis=1)
                y = g.Add(y, linear(g, joined(g, attention(g, q, k, v, d, mask), D), f"out{layer}", w))
                z = rms_norm(g, y, f"between{layer}", w)
                wide = g.Mul(silu(g, linear(g, z, f"gate{layer}", w)), linear(g, z, f"up{layer}", w))
                y = g.Add(y, linear(g, wide, f"down{layer}", w))
            streams.append(g.Unsqueeze(y, [2]))
    all_streams = g.Concat(*streams, axis=2)  # rows x D x P: index h*P+p
    z = g.Reshape(all_streams, [S, D * P])
    share = g.Softmax(linear(g, silu(g, linear(g, z, "W1", w)), "W2", w), axis=-1)
    share = g.Add(g.Mul(share, 0.99), float(0.01 / P))
    g.output("y", g.ReduceSum(g.Mul(all_streams, g.Unsqueeze(share, [1])), [2], keepdims=0))
    return g
