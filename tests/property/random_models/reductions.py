# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reductions, and what divides by them: softmax and normalisations."""

import numpy as np

SUMS = ("ReduceSum", "ReduceMean", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceSumSquare", "ReduceLogSum")


def reduce(g):
    op = g.pick(*SUMS, "ReduceMax", "ReduceMin")
    value = g.any(kinds=("f4", "f4", "f8", "i4", "i8", "f2"))
    if value.is_kind("i") and "Log" in op:
        return None     # rounded to integers, a logarithm may be either of two
    axes = None
    if value.rank and g.chance(0.85):
        axes = g.parameter([axis - value.rank if g.chance(0.3) else axis
                            for axis in g.permutation(value.rank)[:g.integer(1, value.rank + 1)]])
    exact = op in ("ReduceMax", "ReduceMin") or (value.is_kind("i") and op in ("ReduceSum", "ReduceProd", "ReduceL1"))
    return g.add(op, value, axes, keepdims=g.integer(0, 2), noop_with_empty_axes=int(g.chance(0.1)), exact=exact)


def place(g):
    value = g.any(exact=True, kinds=("f4", "f4", "f8", "i4", "i8", "f2"))
    return g.add(g.pick("ArgMax", "ArgMin"), value, axis=g.axis(value), keepdims=g.integer(0, 2),
                 select_last_index=g.integer(0, 2), exact=True)


def softmax(g):
    value = g.real(least_rank=1)
    return g.add(g.pick("Softmax", "Softmax", "LogSoftmax"), value, axis=g.axis(value))


def hardmax(g):
    value = g.real(exact=True, least_rank=1)
    return g.add("Hardmax", value, axis=g.axis(value), exact=True)


def layer_normalization(g):
    op = g.pick("LayerNormalization", "LayerNormalization", "RMSNormalization", "LpNormalization")
    value = g.real(least_rank=1, kinds=("f4",) if op == "LpNormalization" else ("f4", "f4", "f4", "f2"))
    axis = g.axis(value)
    if op == "LpNormalization":
        return g.add(op, value, axis=axis, p=g.pick(1, 2))
    scale = g.like(value, value.shape[axis:])
    shift = [g.like(value, value.shape[axis:])] if op[0] == "L" and g.chance(0.7) else []
    return g.add(op, value, scale, *shift, axis=axis, epsilon=1e-3)


def channel_normalization(g):
    op = g.pick("InstanceNormalization", "BatchNormalization", "GroupNormalization", "MeanVarianceNormalization", "LRN")
    value = g.operand(lambda value: value.kind == "f4" and 3 <= value.rank <= 5 and 0 not in value.shape,
                      lambda: g.leaf([g.pick(1, 2), g.pick(1, 2, 3, 4, 6, 8, 16), *g.integers(3, 10, g.pick(1, 2, 2, 3))]))
    channels = value.shape[1]
    if op == "MeanVarianceNormalization":
        axes = g.pick([0, 2, 3], [2, 3], [1], None) if value.rank == 4 else [0, 1]
        if np.any(np.var(value.array.astype("f8"), tuple(axes or (0, 2, 3))) < 1e-6):
            return None     # of equal numbers, what remains is rounding
        return g.add(op, value, axes=axes)
    if op == "LRN":
        return g.add(op, value, size=g.pick(1, 3, 5), alpha=1e-2, beta=0.75, bias=g.pick(1.0, 2.0))
    scale, shift = g.leaf([channels]), g.leaf([channels])
    if op == "BatchNormalization":
        variance = g.leaf(array=np.abs(g.numbers([channels], "f4")) + np.float32(0.1))
        return g.add(op, value, scale, shift, g.leaf([channels]), variance, epsilon=1e-3)
    groups = g.divisor(channels) if op == "GroupNormalization" else None
    return g.add(op, value, scale, shift, epsilon=1e-3, num_groups=groups)


FAMILIES = [*[reduce] * 4, place, *[softmax] * 2, hardmax, *[layer_normalization, channel_normalization] * 2]
