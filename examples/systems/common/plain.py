# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Usual functions in fp64, for the references: numpy alone, nothing of the programs' builders."""

import numpy as np


def double(arrays):
    return {name: a.astype("float64") if a.dtype.kind == "f" else a for name, a in arrays.items()}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def silu(x):
    return x * sigmoid(x)


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def rms_norm(x, weight, epsilon=1e-6):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon) * weight


def rotate(x, positions, base=10000.0):
    """Rotary embedding of ... x rows x d as complex numbers, one turn a pair of halves."""
    d = x.shape[-1]
    turns = np.exp(1j * np.asarray(positions, "float64")[:, None] * base ** (-np.arange(0, d, 2) / d))
    turned = (x[..., : d // 2] + 1j * x[..., d // 2:]) * turns
    return np.concatenate([turned.real, turned.imag], -1)


def convolve(x, w, b=None, pad=0, stride=1, dilation=1):
    """Correlation of channels x space with filters, in as many dimensions as the filters have."""
    rank = w.ndim - 2
    x = np.pad(x, [(0, 0)] + [(pad, pad)] * rank)
    extent = [(k - 1) * dilation + 1 for k in w.shape[2:]]
    windows = np.lib.stride_tricks.sliding_window_view(x, extent, axis=tuple(range(1, rank + 1)))
    pick = (slice(None),) + (slice(None, None, stride),) * rank + (slice(None, None, dilation),) * rank
    y = np.tensordot(w, windows[pick], axes=([1, *range(2, rank + 2)], [0, *range(rank + 1, 2 * rank + 1)]))
    return y if b is None else y + b.reshape(-1, *[1] * rank)


def monoid(a, b):
    """Two partial softmaxes (m, u, w) as one."""
    m = np.maximum(a[0], b[0])
    guard = np.where(np.isneginf(m), 0, m)
    left, right = np.exp(a[0] - guard), np.exp(b[0] - guard)
    return m, a[1] * left + b[1] * right, a[2] * left[..., None] + b[2] * right[..., None]
