# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pieces that several programs are written with: what an exporter makes of usual layers."""

import numpy as np


def seeded(seed):
    return np.random.default_rng(seed)


def normal(rng, *shape, scale=None):
    """Weights whose products keep their size."""
    scale = scale if scale is not None else 1 / np.sqrt(shape[-2] if len(shape) > 1 else 1)
    return (rng.standard_normal(shape) * scale).astype("float32")


def linear(g, x, name, w):
    """x @ w[name]"""
    return g.MatMul(x, g.weight(name, w[name]))


def affine(g, x, name, w):
    """x @ w[name] + w[name_b]"""
    return g.Add(linear(g, x, name, w), g.weight(name + "_b", w[name + "_b"]))


def silu(g, x):
    return g.Mul(x, g.Sigmoid(x))


def rms_norm(g, x, name, w, epsilon=1e-6):
    mean = g.ReduceMean(g.Mul(x, x), axes=[-1])
    return g.Mul(g.Div(x, g.Sqrt(g.Add(mean, float(epsilon)))), g.weight(name, w[name]))


def rotary_table(positions, d, base=10000.0):
    """Cosines and sines of positions x d, as rotary() takes them."""
    rates = base ** (-np.arange(0, d, 2) / d)
    angles = np.asarray(positions, "float64")[:, None] * rates
    angles = np.concatenate([angles, angles], -1)
    return np.cos(angles).astype("float32"), np.sin(angles).astype("float32")


def rotary(g, x, cos, sin, d):
    """Rotates the halves of the last axis."""
    low = g.Slice(x, [0], [d // 2], [-1])
    high = g.Slice(x, [d // 2], [d], [-1])
    return g.Add(g.Mul(x, cos), g.Mul(g.Concat(g.Neg(high), low, axis=-1), sin))


def heads(g, x, count, d):
    """rows x (count*d) -> count x rows x d"""
    return g.Transpose(g.Reshape(x, [-1, count, d]), perm=[1, 0, 2])


def joined(g, x, width):
    """count x rows x d -> rows x (count*d)"""
    return g.Reshape(g.Transpose(x, perm=[1, 0, 2]), [-1, width])


def attention(g, q, k, v, d, mask=None):
    """softmax(q k^T / sqrt(d) + mask) v, of heads x rows x d."""
    scores = g.Mul(g.MatMul(q, g.Transpose(k, perm=[0, 2, 1])), float(1 / np.sqrt(d)))
    if mask is not None:
        scores = g.Add(scores, mask)
    return g.MatMul(g.Softmax(scores, axis=-1), v)


def causal_mask(rows, columns):
    """0 where a row may look, -1e9 elsewhere; the last row sees all columns."""
    return np.where(np.arange(columns) <= np.arange(rows)[:, None] + columns - rows, 0, -1e9).astype("float32")
