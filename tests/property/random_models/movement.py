# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators that only move elements: other shapes, orders, parts and repetitions."""

import numpy as np

FAR = (2**31 - 1, 2**63 - 1)


def transpose(g):
    value = g.any()
    return g.add("Transpose", value, perm=None if g.chance(0.15) else g.permutation(value.rank), exact=True)


def reshape(g):
    value = g.any()
    if value.array.size == 0:
        return g.add("Reshape", value, g.parameter([0] * value.rank), exact=True)
    dims, left = [], value.array.size
    for _ in range(g.integer(0, 4)):
        dims.append(g.divisor(left))
        left //= dims[-1]
    dims = [(dims + [left])[place] for place in g.permutation(len(dims) + 1)]
    if g.chance(0.5):
        dims[g.integer(0, len(dims))] = -1
    return g.add("Reshape", value, g.parameter(dims), exact=True)


def squeeze(g):
    value = g.any()
    ones = [axis for axis, size in enumerate(value.shape) if size == 1]
    if ones and g.chance(0.6):
        return g.add("Squeeze", value, g.parameter([g.pick(*ones)]) if g.chance(0.8) else None, exact=True)
    count = g.integer(1, 3)
    axes = sorted(g.permutation(value.rank + count)[:count])
    return g.add("Unsqueeze", value, g.parameter([axis - value.rank - count if g.chance(0.3) else axis for axis in axes]),
                 exact=True)


def flatten(g):
    value = g.any()
    return g.add("Flatten", value, axis=g.integer(-value.rank, value.rank + 1), exact=True)


def concat(g):
    value = g.any(least_rank=1)
    axis, parts = g.axis(value), [value]
    for _ in range(g.integer(0, 3)):
        shape = list(value.shape)
        shape[axis] = g.integer(0 if g.chance(0.1) else 1, 5)
        rest = np.delete(shape, axis).tolist()
        parts.append(g.operand(lambda other: other.kind == value.kind and other.rank == value.rank
                               and np.delete(other.shape, axis).tolist() == rest, lambda: g.like(value, shape)))
    return g.add("Concat", *(parts[place] for place in g.permutation(len(parts))), axis=axis, exact=True)


def split(g):
    value = g.any(least_rank=1)
    axis = g.axis(value)
    size = value.shape[axis]
    if g.chance(0.4):
        count = g.integer(1, min(4, max(size, 1)) + 1)
        return g.add("Split", value, results=count, axis=axis, num_outputs=count, exact=True)
    cuts = sorted(g.integers(0, size + 1, g.integer(0, 3)))
    parts = np.diff([0, *cuts, size])
    return g.add("Split", value, g.parameter(parts), results=len(parts), axis=axis, exact=True)


def bounds_of_slice(g, size):
    step = g.pick(1, 1, 1, 2, 3, -1, -1, -2)
    if step < 0 and g.chance(0.5):
        return g.pick(-1, size - 1, *FAR), g.pick(-FAR[0], -size - 1, -FAR[1]), step
    if step > 0 and g.chance(0.6):
        return g.integer(0, size // 2 + 1), g.pick(size, *FAR, size - size // 3, -1), step
    return g.integer(-size - 1, size + 2), g.integer(-size - 2, size + 3), step


def slices(g):
    value = g.any(least_rank=1)
    axes = g.permutation(value.rank)[:g.integer(1, value.rank + 1)]
    begins, ends, steps = zip(*(bounds_of_slice(g, value.shape[axis]) for axis in axes))
    when_run = g.pick(0, 0, 0.5)
    strided = any(step != 1 for step in steps) or g.chance(0.5)
    return g.add("Slice", value, g.parameter(begins, when_run=when_run), g.parameter(ends, when_run=when_run),
                 g.parameter([axis - value.rank if g.chance(0.3) else axis for axis in axes], when_run=0),
                 g.parameter(steps, when_run=0.4 * when_run) if strided else None, exact=True)


def pad(g):
    value = g.any(least_rank=1)
    mode = g.pick("constant", "reflect", "edge", "wrap")
    low, high = [], []
    for size in value.shape:
        most = 3 if mode == "constant" else max(0, min(3, size - 1))
        least = -min(1, size // 2) if mode == "constant" and g.chance(0.2) else 0
        low.append(g.integer(least, most + 1) if g.chance(0.5) else 0)
        high.append(g.integer(least, most + 1) if g.chance(0.5) else 0)
    filling = g.scalar(g.pick(0, 1, 3), value.kind) if mode == "constant" and g.chance(0.5) else None
    return g.add("Pad", value, g.parameter(low + high), filling, mode=mode, exact=True)


def expand(g):
    value = g.any()
    dims = [size if size != 1 else g.pick(1, 3) for size in value.shape]
    if g.chance(0.3):
        dims = [g.integer(1, 4)] + dims
    elif g.chance(0.3):
        dims = [1 if g.chance(0.5) else size for size in dims]
    return g.add("Expand", value, g.parameter(dims), exact=True)


def tile(g):
    value = g.any(least_rank=1)
    return g.add("Tile", value, g.parameter([g.pick(1, 1, 2, 3) for _ in value.shape]), exact=True)


def depth_and_space(g):
    if g.chance(0.5):
        return g.add("SpaceToDepth", g.leaf([1, 3, 4, 6]), blocksize=2, exact=True)
    return g.add("DepthToSpace", g.leaf([1, 4 * g.pick(1, 2, 3), 3, 4]), blocksize=2, mode=g.pick("DCR", "CRD"), exact=True)


def reverse(g):
    value, time = g.any(least_rank=2), g.integer(0, 2)
    if 0 in value.shape[:2]:
        return None
    lengths = g.random.integers(1, value.shape[time] + 1, value.shape[1 - time])
    return g.add("ReverseSequence", value, g.leaf(array=lengths.astype("i8")), time_axis=time, batch_axis=1 - time,
                 exact=True)


FAMILIES = [squeeze, flatten, split, expand, tile, depth_and_space, reverse, *[transpose, slices] * 3,
            *[reshape, concat, pad] * 2]
