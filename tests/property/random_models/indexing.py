# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators whose places come from numbers: gathering, scattering, choosing, and what only counts."""

import numpy as np
from onnx_bytes import floats

COMBINATIONS = ("none", "none", "add", "mul", "max", "min")


def indices(g, size, shape):
    return g.leaf(array=np.asarray(g.random.integers(-size, size, shape), g.pick("i4", "i8")), constant=g.chance(0.5))


def filled(g, least_rank=1, **which):
    """A value without a dimension of 0, or None."""
    value = g.any(least_rank=least_rank, **which)
    return None if 0 in value.shape else value


def gather(g):
    value = filled(g)
    axis = value and g.axis(value)
    return value and g.add("Gather", value, indices(g, value.shape[axis], g.integers(1, 5, g.integer(0, 3))), axis=axis,
                           exact=True)


def gather_elements(g):
    value = filled(g)
    if value is None:
        return None
    axis, shape = g.axis(value), [g.integer(1, size + 1) for size in value.shape]
    shape[axis] = g.integer(1, 6)
    return g.add("GatherElements", value, indices(g, value.shape[axis], shape), axis=axis, exact=True)


def gather_nd(g):
    value = filled(g)
    if value is None:
        return None
    batch = g.integer(0, value.rank) if g.chance(0.3) else 0
    count = g.integer(1, value.rank - batch + 1)
    shape = list(value.shape[:batch]) + g.integers(1, 4, g.integer(0, 2))
    places = np.stack([g.random.integers(-size, size, shape) for size in value.shape[batch:batch + count]], -1)
    return g.add("GatherND", value, g.leaf(array=places.astype("i8")), batch_dims=batch or None, exact=True)


def is_exact(value, combination):
    return combination in ("none", "max", "min") or value.is_kind("iu")


def scatter_elements(g):
    value = filled(g, kinds=("f4", "i4", "i8", "f2"))
    if value is None:
        return None
    axis, combination = g.axis(value) % value.rank, g.pick(*COMBINATIONS)
    shape = [g.integer(1, size + 1) for size in value.shape]
    if combination == "none":   # each place once
        every = list(shape)
        every[axis] = value.shape[axis]
        places = np.take(np.argsort(g.random.random(every), axis=axis), range(shape[axis]), axis)
    else:
        places = g.random.integers(-value.shape[axis], value.shape[axis], shape)
    return g.add("ScatterElements", value, g.leaf(array=places.astype(g.pick("i4", "i8"))), g.like(value, shape),
                 axis=axis, reduction=combination, exact=is_exact(value, combination))


def scatter_nd(g):
    value = filled(g, kinds=("f4", "i4", "i8"))
    if value is None:
        return None
    outer, combination = value.shape[:g.integer(1, value.rank + 1)], g.pick(*COMBINATIONS)
    all_places = int(np.prod(outer))
    count = g.integer(1, min(4, all_places) + 1)
    flat = g.permutation(all_places)[:count] if combination == "none" else g.integers(0, all_places, count)
    places = np.stack(np.unravel_index(flat, outer), -1)
    places = np.where(g.random.random(places.shape) < 0.2, places - np.array(outer), places).astype("i8")
    return g.add("ScatterND", value, g.leaf(array=places), g.like(value, [count, *value.shape[len(outer):]]),
                 reduction=combination, exact=is_exact(value, combination))


def top(g):
    value = g.real(least_rank=1, exact=True, kinds=("f4", "f8"))
    if len(np.unique(value.array)) < value.array.size:  # of equal ones, any may come first
        order = g.random.permutation(value.array.size).reshape(value.shape)
        value = g.leaf(array=(order * 0.25).astype(value.array.dtype))
    axis = g.axis(value)
    size = value.shape[axis]
    count = g.integer(0 if g.chance(0.1) else min(size, 1), size + 1)
    return g.add("TopK", value, g.parameter([count]), results=2, axis=axis, largest=g.integer(0, 2), sorted=1, exact=True)


def one_hot(g):
    depth = g.integer(1, 6)
    places = g.random.integers(-depth - 1, depth + 2, g.shape(g.integer(0, 3)))
    return g.add("OneHot", g.leaf(array=places.astype("i8")), g.parameter(np.asarray(depth)), g.leaf([2]),
                 axis=g.pick(-1, 0), exact=True)


def chosen(g):
    """As many results as there are elements of some kind."""
    op = g.pick("NonZero", "Compress", "Unique")
    if op == "NonZero":
        return g.add(op, g.any(exact=True), exact=True)
    if op == "Compress":
        value = g.any(least_rank=1)
        axis = g.pick(None, g.axis(value))
        size = value.array.size if axis is None else value.shape[axis]
        return g.add(op, value, g.leaf([g.integer(0, size + 1)], "?"), axis=axis, exact=True)
    value = g.any(exact=True, least_rank=1, kinds=("f4", "i8"))
    return g.add(op, value, results=4, sorted=1, exact=True)


def along(g):
    op = g.pick("CumSum", "Trilu")
    if op == "CumSum":
        value = g.any(least_rank=1, kinds=("f4", "f8", "i4", "i8"))
        return g.add(op, value, g.parameter(np.asarray(g.axis(value))), exclusive=g.integer(0, 2), reverse=g.integer(0, 2),
                     exact=value.is_kind("i"))
    value = g.any(least_rank=2)
    diagonal = g.parameter(np.asarray(g.integer(-3, 4))) if g.chance(0.6) else None
    return g.add(op, value, diagonal, upper=g.integer(0, 2), exact=True)


def of_sizes(g):
    """What depends on shapes alone."""
    op = g.pick("Shape", "Size", "ConstantOfShape", "Range", "EyeLike")
    if op == "Shape":
        return g.add(op, g.any(), start=g.pick(0, 0, 1, -1), end=g.pick(None, None, 2, -1), exact=True)
    if op == "Size":
        return g.add(op, g.any(), exact=True)
    if op == "ConstantOfShape":
        number = ("tensor", floats("number", [2.5])) if g.chance(0.5) else None
        return g.add(op, g.parameter(g.shape(g.integer(0, 4))), value=number, exact=True)
    if op == "Range":
        kind = g.pick("f4", "i8", "i4")
        return g.add(op, *(g.leaf(array=np.asarray(g.pick(*numbers), kind)) for numbers in ((0, 1, -2), (5, 9, 0), (1, 2))),
                     exact=True)
    return g.add(op, g.any(rank=2), k=g.integer(-2, 3), exact=True)


FAMILIES = [gather, gather, gather_elements, gather_nd, scatter_elements, scatter_nd, top, one_hot, chosen, along, of_sizes]
