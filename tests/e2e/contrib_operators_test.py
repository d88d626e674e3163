#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators of com.microsoft, as optimisers and quantisers write them, against numpy.

    contrib_operators_test.py HEDDLE
"""

import math
import sys

from numpy_models import KINDS, NumpyModels, np
from onnx_bytes import node, tensor

GENERATOR = np.random.default_rng(1)
ERF = np.vectorize(math.erf)
# What no operator of ai.onnx does, and what is wrong where a function comes after it.
REFUSED = [("FusedConv", 2, {"activation": "Tanh", "turns": 1}, "turns"),
           ("FusedGemm", 2, {"activation": "Gelu"}, "activation 'Gelu' is not supported"),
           ("QLinearSoftmax", 4, {"axis": 1, "opset": 12}, "before the last one is not supported")]


def real(*shape):
    return GENERATOR.standard_normal(shape).astype(np.float32)


def byte(kind, *shape):
    return GENERATOR.integers(-120 if kind == np.int8 else 0, 120, shape).astype(kind)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def normal(x, scale, shift):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12) * scale + shift


def number(x, scale, zero):
    return (x.astype(np.float32) - np.asarray(zero, np.float32)) * np.asarray(scale, np.float32)


def quantized(x, scale, zero):
    return np.clip(np.rint(x / np.float32(scale)) + zero, 0, 255).astype(np.uint8)


def rounded(x):
    """To the nearest of 256 numbers from the least to the greatest, and zero among them."""
    low, high = min(x.min(), 0), max(x.max(), 0)
    scale = np.float32(high - low) / np.float32(255) if high > low else np.float32(1)
    zero = np.rint(-low / scale)
    return (np.clip(np.rint(x / scale) + zero, 0, 255) - zero).astype(np.float32) * scale


def lstm(x, w, r, b):
    """One direction; w and r have the gates i, o, f, c last, and what meets them is rounded."""
    size, steps = r.shape[0], []
    h = c = np.zeros((x.shape[1], size), np.float32)
    for step in rounded(x):
        i, o, f, g = np.split(step @ w + rounded(h) @ r + b[:4 * size] + b[4 * size:], 4, 1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        steps.append(h)
    return np.stack(steps)[:, None]


def attended(q, k, v, heads, added):
    """Over [batch, time, heads * size]."""
    def apart(x):
        return x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)
    scores = apart(q) @ apart(k).transpose(0, 1, 3, 2) / np.sqrt(q.shape[2] // heads) + added
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    result = weights / weights.sum(-1, keepdims=True) @ apart(v)
    return result.transpose(0, 2, 1, 3).reshape(q.shape)


def scalar(x, kind=np.float32):
    return np.array(x, kind)


def cases():
    """Operator, inputs (None: left out), attributes and what it gives."""
    x, y, bias = real(3, 5, 8), real(3, 7, 8), real(8)
    yield "FusedMatMul", [x, y], {"transB": 1}, x @ y.transpose(0, 2, 1)
    yield "FusedMatMul", [x[:, :3], y[:, :3]], {"transA": 1}, x[:, :3].transpose(0, 2, 1) @ y[:, :3]
    first, across = np.ascontiguousarray(x.transpose(1, 0, 2)), x @ y.transpose(0, 2, 1)
    yield "FusedMatMul", [first, y], {"transBatchA": 1, "transB": 1}, across
    first, second = (np.ascontiguousarray(z.transpose(2, 0, 1)) for z in (x, y))
    yield "FusedMatMul", [first, second], {"transA": 1, "transBatchA": 1, "transBatchB": 1, "alpha": 0.5}, across / 2
    yield "BiasGelu", [x, bias], {}, (x + bias) * 0.5 * (1 + ERF((x + bias) / math.sqrt(2)))
    yield "FastGelu", [x], {}, x * 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))
    yield "QuickGelu", [x], {}, x * sigmoid(1.702 * x)
    image, filters = real(2, 6, 4, 5), real(7, 6, 1, 1)
    sums = np.einsum("nchw,fc->nfhw", image, filters[:, :, 0, 0])
    yield "FusedConv", [image, filters], {"activation": "Relu"}, np.maximum(sums, 0)
    rest = real(*sums.shape)
    yield "FusedConv", [image, filters, None, rest], {"activation": "Tanh"}, np.tanh(sums + rest)
    yield "FusedGemm", [x[0], y[0].T], {"activation": "Relu"}, np.maximum(x[0] @ y[0].T, 0)
    scale, shift = real(8), real(8)
    yield "SkipLayerNormalization", [x, y[:, :5], scale, shift, bias], {}, normal(x + y[:, :5] + bias, scale, shift)
    root = np.sqrt((x ** 2).mean(-1, keepdims=True) + 1e-5)
    yield "SimplifiedLayerNormalization", [x, scale], {"axis": -1}, x / root * scale
    # Of the standard, but written into models of versions that do not have it.
    yield "LayerNormalization", [x, scale, shift], {"axis": -1}, normal(x, scale, shift)
    ids, words, places = GENERATOR.integers(0, 9, (2, 5)).astype(np.int32), real(9, 8), real(6, 8)
    yield ("EmbedLayerNormalization", [ids, None, words, places, None, scale, shift], {},
           normal(words[ids] + places[:5], scale, shift))
    keys = np.ones((3, 7), np.int32)
    keys[1, 4:] = 0
    yield ("MultiHeadAttention", [x, y, y, None, keys], {"num_heads": 2},
           attended(x, y, y, 2, (1 - keys[:, None, None]) * -10000.0))
    weights, biases = real(8, 24), real(24)
    projected = np.split(x @ weights + biases, 3, -1)
    later = np.triu(np.full((5, 5), -np.inf, np.float32), 1)
    yield "Attention", [x, weights, biases], {"num_heads": 4, "unidirectional": 1}, attended(*projected, 4, later)
    codes = byte(np.uint8, 3, 5, 8)
    for kind, zero in ((np.int8, scalar(0, np.int8)), (np.uint8, byte(np.uint8, 24))):
        weights, scales = byte(kind, 8, 24), np.abs(real(24)) * np.float32(0.005) if zero.size > 1 else scalar(0.003)
        projected = np.split(number(codes, 0.02, 7) @ number(weights, scales, zero) + biases, 3, -1)
        operands = [codes, weights, biases, scalar(0.02), scales, None, scalar(7, np.uint8), zero]
        yield "QAttention", operands, {"num_heads": 4}, attended(*projected, 4, 0)
        yield "QAttention", operands, {"num_heads": 4, "unidirectional": 1}, attended(*projected, 4, later)
        masked = [*operands[:5], (keys[:, :5] > 0).astype(np.int32), *operands[6:]]
        yield "QAttention", masked, {"num_heads": 2}, attended(*projected, 2, (1 - masked[5][:, None, None]) * -10000.0)
    a, b = byte(np.uint8, 1, 4, 3, 3), byte(np.uint8, 1, 4, 3, 3)
    one, two, out = (scalar(0.02), scalar(7, np.uint8)), (scalar(0.03), scalar(9, np.uint8)), (scalar(0.05), scalar(50, np.uint8))
    first, second = number(a, *one), number(b, *two)
    yield "QLinearAdd", [a, *one, b, *two, *out], {}, quantized(first + second, *out)
    yield "QLinearMul", [a, *one, b, *two, *out], {}, quantized(first * second, *out)
    yield "QLinearConcat", [*out, a, *one, b, *two], {"axis": 1}, quantized(np.concatenate([first, second], 1), *out)
    yield "QLinearGlobalAveragePool", [a, *one, *out], {}, quantized(first.mean((2, 3), keepdims=True), *out)
    left, right = byte(np.uint8, 5, 8), byte(np.int8, 8, 6)
    product = (left.astype(np.int32) - 7) @ right.astype(np.int32)
    yield ("MatMulIntegerToFloat", [left, right, scalar(0.02), scalar(0.03), scalar(7, np.uint8), scalar(0, np.int8)], {},
           product * np.float32(0.02 * 0.03))
    yield ("QGemm", [left, *one, np.ascontiguousarray(right.T), scalar(0.03), scalar(0, np.int8), np.arange(6, dtype=np.int32)],
           {"transB": 1}, (product + np.arange(6)) * np.float32(0.02 * 0.03))
    steps, gates, states, biases = real(4, 3, 8), byte(np.int8, 1, 8, 24), byte(np.int8, 1, 6, 24), real(1, 48)
    scales = [np.array([0.005], np.float32), np.array([3], np.int8), np.array([0.004], np.float32), np.array([0], np.int8)]
    yield ("DynamicQuantizeLSTM", [steps, gates, states, biases, None, None, None, None, *scales], {"hidden_size": 6},
           lstm(steps, number(gates[0], 0.005, 3), number(states[0], 0.004, 0), biases[0]))
    # Both ways, and a scale for each column.
    gates, states, biases = byte(np.uint8, 2, 8, 24), byte(np.int8, 2, 6, 24), real(2, 48)
    columns = [np.abs(real(2, 24)) * np.float32(0.005) for _ in range(2)]
    zeros = [byte(np.uint8, 2, 24), byte(np.int8, 2, 24) // 8]
    ways = [lstm(x, number(gates[d], columns[0][d], zeros[0][d]), number(states[d], columns[1][d], zeros[1][d]), biases[d])
            for d, x in enumerate((steps, steps[::-1]))]
    yield ("DynamicQuantizeLSTM", [steps, gates, states, biases, None, None, None, None, columns[0], zeros[0], columns[1], zeros[1]],
           {"hidden_size": 6, "direction": "bidirectional"}, np.concatenate([ways[0], ways[1][::-1]], 1))


def near(made, wanted):
    """An integer may round a tie the other way."""
    bound = 1 if made.dtype == np.uint8 else 1e-4 * max(1, np.abs(wanted).max())
    return made.shape == wanted.shape and np.abs(made.astype(np.float64) - wanted).max() <= bound


def main():
    check = NumpyModels(sys.argv[1])
    for op, inputs, attributes, wanted in cases():
        names = ["" if x is None else f"i{place}" for place, x in enumerate(inputs)]
        fed = 2 if op == "QLinearConcat" else 0
        constants = [tensor(name, x.shape, KINDS[x.dtype.name], x.tobytes())
                     for place, (name, x) in enumerate(zip(names, inputs)) if name and place != fed]
        domain = "" if op in ("SimplifiedLayerNormalization", "LayerNormalization") else "com.microsoft"
        x, kind = inputs[fed], KINDS[wanted.dtype.name.replace("64", "32")]
        check.write([node(op, names, ["z"], domain=domain, **attributes)],
                    {names[fed]: (KINDS[x.dtype.name], list(x.shape))}, {"z": (kind, list(wanted.shape))}, {}, constants,
                    opset=13)
        check.expect(op, {names[fed]: x}, {"z": wanted}, agree=near)
    for op, count, attributes, pattern in REFUSED:
        check.write([node(op, ["x"] * count, ["z"], domain="com.microsoft", **attributes)], {"x": [2, 3, 3]},
                    {"z": [2, 3, 3]}, {})
        check.refuses(f"{op} {attributes}", pattern, "compile", check.program, "-o", check.file("model.heddle"))
    check.finish()


main()
