#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Attention as exporters spell it: found, and equal to float64.

usage: attention_spellings_test.py HEDDLE [SPELLING ...]

Each spelling is a function that adds the nodes some exporter writes and says what they compute. Sizes
are ragged and symbolic, with none and one of keys and queries, rows without any key that counts, and
for one query so many keys that these are cut into parts.
"""
import json
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError:
    print("no numpy or onnx: nothing to build programs with")
    sys.exit(77)

SPELLINGS = {}
MIN = np.finfo(np.float32).min


def spelling(function):
    SPELLINGS[function.__name__] = function
    return function


class Graph:
    """Nodes in the order they are added; inputs have names for their symbolic sizes."""

    def __init__(self):
        self.nodes, self.inputs, self.values, self.constants = [], [], {}, []
        self.opset = 17

    def input(self, name, dims, kind=np.float32):
        """`dims` are pairs of a name (or None) and a size."""
        element = helper.np_dtype_to_tensor_dtype(np.dtype(kind)) if hasattr(
            helper, "np_dtype_to_tensor_dtype") else onnx.mapping.NP_TYPE_TO_TENSOR_TYPE[np.dtype(kind)]
        self.inputs.append(helper.make_tensor_value_info(
            name, element, [symbol or size for symbol, size in dims]))
        self.values[name] = tuple(size for _, size in dims), kind
        return name

    def constant(self, value, kind=None):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(value, kind), name))
        return name

    def ints(self, *numbers):
        return self.constant(list(numbers), np.int64)

    def f32(self, number):
        return self.constant(number, np.float32)

    def __getattr__(self, op):
        def add(*operands, **attributes):
            name = f"{op}_{len(self.nodes)}"
            self.nodes.append(helper.make_node(op, operands, [name], name=name, **attributes))
            return name
        return add

    def shape_of(self, x, *axes):
        """Sizes as a one-dimensional tensor, as exporters read them."""
        return self.Concat(*[self.Unsqueeze(self.Gather(self.Shape(x), self.constant(axis, np.int64), axis=0),
                                            self.ints(0)) for axis in axes], axis=0)

    def save(self, path, output):
        self.nodes[-1].output[0] = "y"
        graph = helper.make_graph(self.nodes, "g", self.inputs,
                                  [helper.make_tensor_value_info("y", output, None)], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 8
        onnx.save(model, path)


def softmax(scores):
    with np.errstate(all="ignore"):
        weights = np.exp(scores - scores.max(-1, keepdims=True, initial=-np.inf))
        return weights / weights.sum(-1, keepdims=True)


def attention(q, k, v, scale=1.0, change=lambda s: s):
    """[..., L, d] in float64; keys and values of fewer heads are repeated."""
    if k.ndim == 4 and k.shape[1] not in (1, q.shape[1]):
        k, v = (np.repeat(x, q.shape[1] // x.shape[1], 1) for x in (k, v))
    with np.errstate(all="ignore"):
        return softmax(change(q @ np.swapaxes(k, -1, -2) * scale)) @ v if k.shape[-2] else np.zeros(
            (*q.shape[:-1], v.shape[-1]))


def causal(scores):
    rows, columns = scores.shape[-2:]
    return np.arange(columns)[None] <= np.arange(rows)[:, None] + columns - rows


class Sizes:
    def __init__(self, batch=2, heads=3, queries=5, keys=5, depth=16, groups=1):
        self.batch, self.heads, self.queries, self.keys = batch, heads, queries, keys
        self.depth, self.groups = depth, groups

    def heads_first(self, g, heads=None):
        heads = heads or self.heads
        return (g.input("q", [("b", self.batch), (None, self.heads), ("l", self.queries), (None, self.depth)]),
                g.input("k", [("b", self.batch), (None, heads), ("s", self.keys), (None, self.depth)]),
                g.input("v", [("b", self.batch), (None, heads), ("s", self.keys), (None, self.depth)]))


def scale_from_shape(g, q):
    """As TorchScript: 1 / sqrt of the last size."""
    size = g.Cast(g.Gather(g.Shape(q), g.constant(-1, np.int64), axis=0), to=TensorProto.FLOAT)
    return g.Sqrt(g.Div(g.f32(1.0), g.Sqrt(size)))


def torch_scaled(g, q, k):
    root = scale_from_shape(g, q)
    return g.MatMul(g.Mul(q, root), g.Mul(g.Transpose(k, perm=[0, 1, 3, 2]), root))


@spelling
def torch_sdpa(g, s):
    q, k, v = s.heads_first(g)
    g.MatMul(g.Softmax(torch_scaled(g, q, k), axis=-1), v)
    return lambda x: attention(x["q"], x["k"], x["v"], s.depth**-0.5)


@spelling
def torch_sdpa_float_mask(g, s):
    q, k, v = s.heads_first(g)
    mask = g.input("mask", [("b", s.batch), (None, 1), ("l", s.queries), ("s", s.keys)])
    g.MatMul(g.Softmax(g.Add(torch_scaled(g, q, k), mask), axis=-1), v)
    return lambda x: attention(x["q"], x["k"], x["v"], s.depth**-0.5, lambda p: p + x["mask"])


@spelling
def torch_sdpa_bool_mask(g, s):
    """Rows without any key are not a number."""
    q, k, v = s.heads_first(g)
    keep = g.input("keep", [("b", s.batch), (None, 1), ("l", s.queries), ("s", s.keys)], np.bool_)
    mask = g.Where(keep, g.f32(0.0), g.f32(-np.inf))
    g.MatMul(g.Softmax(g.Add(torch_scaled(g, q, k), mask), axis=-1), v)
    return lambda x: attention(x["q"], x["k"], x["v"], s.depth**-0.5,
                               lambda p: np.where(x["keep"], p, -np.inf))


@spelling
def torch_sdpa_bool_mask_zero(g, s):
    """Newer versions make such rows zero."""
    q, k, v = s.heads_first(g)
    keep = g.input("keep", [("b", s.batch), (None, 1), ("l", s.queries), ("s", s.keys)], np.bool_)
    mask = g.Where(keep, g.f32(0.0), g.f32(-np.inf))
    weights = g.Softmax(g.Add(torch_scaled(g, q, k), mask), axis=-1)
    g.MatMul(g.Where(g.IsNaN(weights), g.f32(0.0), weights), v)
    return lambda x: np.nan_to_num(attention(x["q"], x["k"], x["v"], s.depth**-0.5,
                                             lambda p: np.where(x["keep"], p, -np.inf)))


@spelling
def torch_sdpa_causal(g, s):
    """A triangle of ones made for the sizes."""
    q, k, v = s.heads_first(g)
    size = g.Concat(g.shape_of(q, 2), g.shape_of(k, 2), axis=0)
    triangle = g.Trilu(g.Expand(g.f32(1.0), size), upper=0)
    mask = g.Where(g.Equal(triangle, g.f32(0.0)), g.f32(-np.inf), g.f32(0.0))
    g.MatMul(g.Softmax(g.Add(torch_scaled(g, q, k), mask), axis=-1), v)
    lower = np.tril(np.ones((s.queries, s.keys), bool))
    return lambda x: attention(x["q"], x["k"], x["v"], s.depth**-0.5,
                               lambda p: np.where(lower, p, -np.inf))


@spelling
def torch_dynamo(g, s):
    """Keys transposed as a batch of matrices, through shapes that are computed."""
    q, k, v = s.heads_first(g)
    shape = g.Shape(k)
    last = g.Slice(shape, g.ints(-1), g.ints(2**63 - 1))
    before = g.Slice(shape, g.ints(-2), g.ints(-1))
    first = g.Slice(shape, g.ints(0), g.ints(-2))
    rows = g.Reshape(k, g.Concat(g.ints(-1), before, last, axis=0))
    columns = g.Reshape(g.Transpose(rows, perm=[0, 2, 1]), g.Concat(first, last, before, axis=0))
    root = g.f32(np.sqrt(s.depth**-0.5))
    g.MatMul(g.Softmax(g.MatMul(g.Mul(q, root), g.Mul(columns, root)), axis=-1), v)
    return lambda x: attention(x["q"], x["k"], x["v"], s.depth**-0.5)


def split_heads(g, s, name, length, rows, perm=(0, 2, 1, 3)):
    """[b, length, heads * depth] as exporters split it."""
    x = g.input(name, [("b", s.batch), (length, rows), (None, s.heads * s.depth)])
    shape = g.Concat(g.shape_of(x, 0, 1), g.ints(s.heads, s.depth), axis=0)
    return g.Transpose(g.Reshape(x, shape), perm=list(perm))


def heads_of(x, s):
    return x.reshape(*x.shape[:2], s.heads, s.depth).swapaxes(1, 2)


def joined(x):
    return x.swapaxes(1, 2).reshape(x.shape[0], x.shape[2], x.shape[1] * x.shape[3])


def join_heads(g, s, y):
    together = g.Transpose(y, perm=[0, 2, 1, 3])
    g.Reshape(together, g.Concat(g.shape_of(together, 0, 1), g.ints(s.heads * s.depth), axis=0))


@spelling
def bert(g, s):
    """Optimum: Div, an additive mask of large negative numbers."""
    q = split_heads(g, s, "q", "l", s.queries)
    k = split_heads(g, s, "k", "s", s.keys, (0, 2, 3, 1))
    v = split_heads(g, s, "v", "s", s.keys)
    keep = g.input("keep", [("b", s.batch), ("s", s.keys)], np.int64)
    wide = g.Unsqueeze(g.Unsqueeze(keep, g.ints(1)), g.ints(2))
    mask = g.Mul(g.Sub(g.f32(1.0), g.Cast(wide, to=TensorProto.FLOAT)), g.f32(MIN))
    scores = g.Add(g.Div(g.MatMul(q, k), g.f32(np.sqrt(s.depth))), mask)
    join_heads(g, s, g.MatMul(g.Softmax(scores, axis=-1), v))
    return lambda x: joined(attention(
        heads_of(x["q"], s), heads_of(x["k"], s), heads_of(x["v"], s), s.depth**-0.5,
        lambda p: p + (1.0 - x["keep"])[:, None, None] * float(MIN)))


@spelling
def gpt2(g, s):
    """A slice of a constant triangle chooses between scores and the least number."""
    q, k, v = s.heads_first(g)
    triangle = g.constant(np.tril(np.ones((1, 1, 64, 64), bool)))
    rows, columns = g.shape_of(q, 2), g.shape_of(k, 2)
    keep = g.Slice(g.Slice(triangle, g.Sub(columns, rows), columns, g.ints(2)), g.ints(0), columns, g.ints(3))
    scores = g.Div(g.MatMul(q, g.Transpose(k, perm=[0, 1, 3, 2])), g.f32(np.sqrt(s.depth)))
    g.MatMul(g.Softmax(g.Where(keep, scores, g.f32(MIN)), axis=-1), v)
    return lambda x: attention(x["q"], x["k"], x["v"], s.depth**-0.5,
                               lambda p: np.where(causal(p), p, float(MIN)))


@spelling
def llama(g, s):
    """Heads in groups, a mask cut to the keys, a softmax between casts."""
    q, k, v = s.heads_first(g, heads=s.heads // s.groups)
    mask = g.input("mask", [("b", s.batch), (None, 1), ("l", s.queries), ("m", s.keys + 3)])

    def repeated(x):
        wide = g.Concat(g.shape_of(x, 0), g.ints(s.heads // s.groups, s.groups), g.shape_of(x, 2),
                        g.ints(s.depth), axis=0)
        five = g.Expand(g.Unsqueeze(x, g.ints(2)), wide)
        return g.Reshape(five, g.Concat(g.shape_of(x, 0), g.ints(s.heads), g.shape_of(x, 2), g.ints(s.depth), axis=0))

    scores = g.Mul(g.MatMul(q, g.Transpose(repeated(k), perm=[0, 1, 3, 2])), g.f32(s.depth**-0.5))
    cut = g.Slice(mask, g.ints(0), g.shape_of(k, 2), g.ints(3))
    weights = g.Cast(g.Softmax(g.Cast(g.Add(scores, cut), to=TensorProto.FLOAT), axis=-1), to=TensorProto.FLOAT)
    g.MatMul(weights, repeated(v))
    return lambda x: attention(x["q"], x["k"], x["v"], s.depth**-0.5,
                               lambda p: p + x["mask"][..., :p.shape[-1]])


@spelling
def t5(g, s):
    """No scale, a bias for each distance from a table, and a mask, added beforehand."""
    q, k, v = s.heads_first(g)
    table = g.constant(np.random.default_rng(5).standard_normal((32, s.heads)), np.float32)
    rows = g.Range(g.constant(0, np.int64), g.Gather(g.Shape(q), g.constant(2, np.int64), axis=0), g.constant(1, np.int64))
    columns = g.Range(g.constant(0, np.int64), g.Gather(g.Shape(k), g.constant(2, np.int64), axis=0), g.constant(1, np.int64))
    distance = g.Abs(g.Sub(g.Unsqueeze(columns, g.ints(0)), g.Unsqueeze(rows, g.ints(1))))
    bucket = g.Min(distance, g.constant(31, np.int64))
    bias = g.Unsqueeze(g.Transpose(g.Gather(table, bucket, axis=0), perm=[2, 0, 1]), g.ints(0))
    keep = g.input("keep", [("b", s.batch), ("s", s.keys)])
    mask = g.Mul(g.Sub(g.f32(1.0), g.Unsqueeze(keep, g.ints(1, 2))), g.f32(MIN))
    scores = g.Add(g.MatMul(q, g.Transpose(k, perm=[0, 1, 3, 2])), g.Add(bias, mask))
    g.MatMul(g.Softmax(scores, axis=-1), v)
    far = np.minimum(np.abs(np.arange(s.keys)[None] - np.arange(s.queries)[:, None]), 31)
    biases = numpy_helper.to_array(g.constants[0]).astype(np.float64)[far].transpose(2, 0, 1)
    return lambda x: attention(x["q"], x["k"], x["v"], 1.0, lambda p: p + (
        biases + (1.0 - x["keep"])[:, None, None] * float(MIN)))


@spelling
def whisper(g, s):
    """Batches of matrices, queries scaled, a mask added under a view with heads."""
    def as_batch(name, length, rows):
        heads = split_heads(g, s, name, length, rows)
        return g.Reshape(heads, g.Concat(g.ints(-1), g.shape_of(heads, 2), g.ints(s.depth), axis=0))
    q, k, v = as_batch("q", "l", s.queries), as_batch("k", "s", s.keys), as_batch("v", "s", s.keys)
    mask = g.input("mask", [("b", s.batch), (None, 1), ("l", s.queries), ("s", s.keys)])
    scores = g.MatMul(g.Mul(q, g.f32(s.depth**-0.5)), g.Transpose(k, perm=[0, 2, 1]))
    sizes = g.Concat(g.shape_of("q", 0), g.ints(s.heads), g.shape_of("q", 1), g.shape_of("k", 1), axis=0)
    masked = g.Add(g.Reshape(scores, sizes), mask)
    flat = g.Reshape(masked, g.Concat(g.ints(-1), g.shape_of("q", 1), g.shape_of("k", 1), axis=0))
    y = g.MatMul(g.Softmax(flat, axis=-1), v)
    heads = g.Reshape(y, g.Concat(g.shape_of("q", 0), g.ints(s.heads), g.shape_of("q", 1), g.ints(s.depth), axis=0))
    join_heads(g, s, heads)
    return lambda x: joined(attention(heads_of(x["q"], s), heads_of(x["k"], s), heads_of(x["v"], s),
                                      s.depth**-0.5, lambda p: p + x["mask"]))


@spelling
def torch_multihead(g, s):
    """nn.MultiheadAttention: time first, heads joined with the batch."""
    def as_batch(name, length, rows):
        x = g.input(name, [(length, rows), ("b", s.batch), (None, s.heads * s.depth)])
        flat = g.Reshape(x, g.Concat(g.shape_of(x, 0), g.ints(-1, s.depth), axis=0))
        return g.Transpose(flat, perm=[1, 0, 2])
    q, k, v = as_batch("q", "l", s.queries), as_batch("k", "s", s.keys), as_batch("v", "s", s.keys)
    scores = g.MatMul(g.Div(q, g.f32(np.sqrt(s.depth))), g.Transpose(k, perm=[0, 2, 1]))
    y = g.Transpose(g.MatMul(g.Softmax(scores, axis=-1), v), perm=[1, 0, 2])
    g.Reshape(y, g.Concat(g.shape_of("q", 0, 1), g.ints(s.heads * s.depth), axis=0))

    def reference(x):
        first = [heads_of(x[name].swapaxes(0, 1), s) for name in "qkv"]
        return joined(attention(*first, s.depth**-0.5)).swapaxes(0, 1)
    return reference


@spelling
def range_mask(g, s):
    """Positions compared with each other."""
    q, k, v = s.heads_first(g)
    zero, one = g.constant(0, np.int64), g.constant(1, np.int64)
    rows = g.Gather(g.Shape(q), g.constant(2, np.int64), axis=0)
    columns = g.Gather(g.Shape(k), g.constant(2, np.int64), axis=0)
    at = g.Add(g.Unsqueeze(g.Range(zero, rows, one), g.ints(1)), g.Sub(columns, rows))
    keep = g.LessOrEqual(g.Unsqueeze(g.Range(zero, columns, one), g.ints(0)), at)
    scores = g.Mul(g.MatMul(q, g.Transpose(k, perm=[0, 1, 3, 2])), g.f32(s.depth**-0.5))
    g.MatMul(g.Softmax(g.Where(keep, scores, g.f32(-np.inf)), axis=-1), v)
    return lambda x: attention(x["q"], x["k"], x["v"], s.depth**-0.5,
                               lambda p: np.where(causal(p), p, -np.inf))


@spelling
def multiplied_mask(g, s):
    """scores * mask - large * (1 - mask)."""
    q, k, v = s.heads_first(g)
    keep = g.input("keep", [("b", s.batch), (None, 1), (None, 1), ("s", s.keys)])
    scores = g.Mul(g.MatMul(q, g.Transpose(k, perm=[0, 1, 3, 2])), g.f32(s.depth**-0.5))
    masked = g.Sub(g.Mul(scores, keep), g.Mul(g.f32(1e4), g.Sub(g.f32(1.0), keep)))
    g.MatMul(g.Softmax(masked, axis=-1), v)
    return lambda x: attention(x["q"], x["k"], x["v"], s.depth**-0.5,
                               lambda p: p * x["keep"] - 1e4 * (1 - x["keep"]))


@spelling
def keras_einsum(g, s):
    """tf2onnx: products by letters, keys first."""
    q = g.input("q", [("b", s.batch), ("l", s.queries), (None, s.heads), (None, s.depth)])
    k = g.input("k", [("b", s.batch), ("s", s.keys), (None, s.heads), (None, s.depth)])
    v = g.input("v", [("b", s.batch), ("s", s.keys), (None, s.heads), (None, s.depth)])
    scores = g.Einsum(k, g.Mul(q, g.f32(s.depth**-0.5)), equation="aecd,abcd->acbe")
    g.Einsum(g.Softmax(scores, axis=-1), v, equation="acbe,aecd->abcd")
    return lambda x: attention(*(x[n].swapaxes(1, 2) for n in "qkv"), s.depth**-0.5).swapaxes(1, 2)


@spelling
def written_out(g, s):
    """A softmax of its parts, as decompositions write it."""
    q, k, v = s.heads_first(g)
    scores = g.Mul(g.MatMul(q, g.Transpose(k, perm=[0, 1, 3, 2])), g.f32(s.depth**-0.5))
    powers = g.Exp(g.Sub(scores, g.ReduceMax(scores, axes=[-1], keepdims=1)))
    g.MatMul(g.Div(powers, g.ReduceSum(powers, g.ints(-1), keepdims=1)), v)
    return lambda x: attention(x["q"], x["k"], x["v"], s.depth**-0.5)


@spelling
def group_axis(g, s):
    """Groups of heads as an axis of the queries."""
    few = s.heads // s.groups
    q = g.input("q", [("b", s.batch), (None, few), (None, s.groups), ("l", s.queries), (None, s.depth)])
    k = g.input("k", [("b", s.batch), (None, few), ("s", s.keys), (None, s.depth)])
    v = g.input("v", [("b", s.batch), (None, few), ("s", s.keys), (None, s.depth)])
    columns = g.Unsqueeze(g.Transpose(k, perm=[0, 1, 3, 2]), g.ints(2))
    scores = g.Mul(g.MatMul(q, columns), g.f32(s.depth**-0.5))
    g.MatMul(g.Softmax(scores, axis=-1), g.Unsqueeze(v, g.ints(2)))
    return lambda x: attention(x["q"], x["k"][:, :, None], x["v"][:, :, None], s.depth**-0.5)


@spelling
def shared_queries(g, s):
    """Queries that all batches share, as streams of one model have them."""
    q = g.input("q", [(None, s.heads), ("l", s.queries), (None, s.depth)])
    k = g.input("k", [("b", s.batch), (None, s.heads), ("s", s.keys), (None, s.depth)])
    v = g.input("v", [("b", s.batch), (None, s.heads), ("s", s.keys), (None, s.depth)])
    scores = g.Mul(g.MatMul(q, g.Transpose(k, perm=[0, 1, 3, 2])), g.f32(s.depth**-0.5))
    g.MatMul(g.Softmax(scores, axis=-1), v)
    return lambda x: attention(np.broadcast_to(x["q"], (s.batch, *x["q"].shape)), x["k"], x["v"], s.depth**-0.5)


@spelling
def shared_memory(g, s):
    """Keys and values that all batches share."""
    q = g.input("q", [("b", s.batch), (None, s.heads), ("l", s.queries), (None, s.depth)])
    k = g.input("k", [(None, s.heads), ("s", s.keys), (None, s.depth)])
    v = g.input("v", [(None, 1), ("s", s.keys), (None, s.depth)])
    scores = g.Mul(g.MatMul(q, g.Transpose(k, perm=[0, 2, 1])), g.f32(s.depth**-0.5))
    g.MatMul(g.Softmax(scores, axis=-1), v)
    return lambda x: attention(x["q"], x["k"][None], x["v"][None], s.depth**-0.5)


@spelling
def capped_alibi(g, s):
    """Scores capped, then a slope for each head times the distance."""
    q, k, v = s.heads_first(g)
    slopes = np.array([2.0**-(i + 1) for i in range(s.heads)]).reshape(1, -1, 1, 1)
    at = g.input("at", [(None, 1), (None, 1), (None, 1), ("s", s.keys)])
    scores = g.MatMul(q, g.Transpose(k, perm=[0, 1, 3, 2]))
    capped = g.Mul(g.Tanh(g.Div(scores, g.f32(30.0))), g.f32(30.0))
    g.MatMul(g.Softmax(g.Add(capped, g.Mul(at, g.constant(slopes, np.float32))), axis=-1), v)
    return lambda x: attention(x["q"], x["k"], x["v"], 1.0,
                               lambda p: np.tanh(p / 30) * 30 + slopes * x["at"])


@spelling
def dropout_and_identity(g, s):
    """What training leaves behind."""
    q, k, v = s.heads_first(g)
    scores = g.Identity(g.Div(g.MatMul(q, g.Transpose(k, perm=[0, 1, 3, 2])), g.f32(np.sqrt(s.depth))))
    g.MatMul(g.Dropout(g.Softmax(scores, axis=3)), v)
    return lambda x: attention(x["q"], x["k"], x["v"], s.depth**-0.5)


@spelling
def opset_11(g, s):
    """Softmax of rows when it still flattened."""
    g.opset = 11
    q, k, v = s.heads_first(g)
    g.MatMul(g.Softmax(g.Div(g.MatMul(q, g.Transpose(k, perm=[0, 1, 3, 2])), g.f32(np.sqrt(s.depth))), axis=3), v)
    return lambda x: attention(x["q"], x["k"], x["v"], s.depth**-0.5)


@spelling
def opset_23(g, s):
    """The operator itself, with its triangle."""
    g.opset = 23
    g.Attention(*s.heads_first(g), is_causal=1)
    lower = np.tril(np.ones((s.queries, s.keys), bool))
    return lambda x: attention(x["q"], x["k"], x["v"], s.depth**-0.5,
                               lambda p: np.where(lower, p, -np.inf))


@spelling
def head_mask(g, s):
    """Whole heads weighted after the softmax."""
    q, k, v = s.heads_first(g)
    heads = g.input("heads", [(None, 1), (None, s.heads), (None, 1), (None, 1)])
    weights = g.Softmax(g.Div(g.MatMul(q, g.Transpose(k, perm=[0, 1, 3, 2])), g.f32(np.sqrt(s.depth))), axis=-1)
    g.MatMul(g.Mul(weights, heads), v)
    return lambda x: attention(x["q"], x["k"], x["v"], s.depth**-0.5) * x["heads"]


def inputs_of(g, seed):
    r = np.random.default_rng(seed)
    values = {}
    for name, (shape, kind) in g.values.items():
        if name == "keep":
            value = r.random(shape) < 0.6
            if shape[-1] and len(shape) == 4 and kind == np.bool_:
                value[:1, :1, :1] = False
        elif name == "mask":
            value = np.where(r.random(shape) < 0.3, MIN / 2, r.standard_normal(shape))
        else:
            value = r.standard_normal(shape)
        values[name] = value.astype(kind)
    return values


CASES = [Sizes(), Sizes(queries=1, keys=1), Sizes(queries=70, keys=133, depth=24),
         Sizes(batch=1, queries=1, keys=33, depth=8), Sizes(queries=3, keys=0), Sizes(queries=0, keys=4),
         Sizes(batch=1, heads=3, queries=1, keys=9001, depth=32)]
FEW_KEYS = {"gpt2": 64}  # of a constant
LEFT = {"head_mask": "go to Mul"}  # what is not attention, and a part of the reason


def heddle(*arguments):
    run = subprocess.run(list(arguments), capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(" ".join(arguments[1:3]) + ": " + (run.stderr or run.stdout).strip())
    return run.stdout


def check(program, name, folder):
    """Failures of one spelling, as lines."""
    failures, compiled = [], {}
    for number, sizes in enumerate(CASES):
        groups = 3 if name in ("llama", "group_axis") else 1
        sizes = Sizes(sizes.batch, sizes.heads * (2 if groups == 3 else 1), sizes.queries, sizes.keys,
                      sizes.depth, groups)
        if name in FEW_KEYS and max(sizes.keys, sizes.queries) > FEW_KEYS[name]:
            continue
        if name in ("gpt2", "range_mask") and sizes.queries > sizes.keys:
            continue
        g = Graph()
        reference = SPELLINGS[name](g, sizes)
        model = f"{folder}/{name}{number}.onnx"
        g.save(model, TensorProto.FLOAT)
        key = (sizes.heads, sizes.depth)
        if key not in compiled:
            compiled[key] = f"{folder}/{name}{number}.heddle"
            heddle(program, "compile", model, "-o", compiled[key])
            found = json.loads(heddle(program, "explain", compiled[key], "--json"))
            kinds = [construct["kind"] for construct in found["constructs"]]
            reasons = [left["reason"] for left in found["sequential"]]
            if name in LEFT:
                if "attention" in kinds or not any(LEFT[name] in reason for reason in reasons):
                    failures.append(f"no such reason among {reasons}")
            elif kinds.count("attention") != 1:
                failures.append(f"attention was not found in {sizes.heads} heads of {sizes.depth}: {reasons}")
        values = inputs_of(g, number)
        arguments = []
        for input_name, value in values.items():
            np.save(f"{folder}/{input_name}.npy", value)
            arguments += ["--input", f"{input_name}={folder}/{input_name}.npy"]
        results = []
        for threads in ("1", "2"):
            heddle(program, "run", compiled[key], *arguments, "--output", folder, "--threads", threads)
            results.append(np.load(f"{folder}/y.npy"))
        wanted = reference({n: v.astype(np.float64) if v.dtype == np.float32 else v for n, v in values.items()})
        what = f"{sizes.queries} queries, {sizes.keys} keys"
        if results[0].tobytes() != results[1].tobytes():
            failures.append(f"{what}: other bits on two threads")
        if results[0].shape != wanted.shape:
            failures.append(f"{what}: shape {results[0].shape} instead of {wanted.shape}")
        elif not np.allclose(results[0], wanted, rtol=2e-5, atol=2e-5, equal_nan=True):
            failures.append(f"{what}: {np.nanmax(np.abs(results[0] - wanted))} off, "
                            f"{np.isnan(results[0]).sum()} and {np.isnan(wanted).sum()} not numbers")
    return failures


def main():
    program, chosen = sys.argv[1], sys.argv[2:] or list(SPELLINGS)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen:
            try:
                failures = check(program, name, folder)
            except RuntimeError as error:
                failures = [str(error)]
            failed += bool(failures)
            print(f"{'FAILED' if failures else 'ok    '} {name}")
            for failure in failures:
                print("       " + failure)
    print(f"{len(chosen) - failed} of {len(chosen)} spellings found and equal")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
