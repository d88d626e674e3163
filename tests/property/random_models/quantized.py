# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Numbers of few bits: quantisation, products and convolutions of bytes, and blocks of codes.

Scales are powers of two and a halfway case rounds to even everywhere, so quantised numbers are exact.
"""

import numpy as np

BYTES = ("u1", "i1")


def scale(g, shape=(), least=-5):
    return g.leaf(array=np.asarray(2.0 ** g.random.integers(least, -1, shape), "f4"), constant=True, hidden=True)


def quantize(g):
    value = g.real(exact=True, kinds=("f4", "f4", "f2"))
    kind, form, how, shape = g.pick(*BYTES, *BYTES, "i2", "u2"), g.pick("one", "axis", "block"), {}, []
    if value.rank and form != "one":
        how["axis"] = g.axis(value)
        shape = [value.shape[how["axis"]]]
        if form == "block":
            how["block_size"], shape = g.pick(1, 2, 3), list(value.shape)
            shape[how["axis"]] = -(-shape[how["axis"]] // how["block_size"])
    step = g.leaf(array=np.asarray(2.0 ** g.random.integers(-4, 0, shape), value.array.dtype), constant=g.chance(0.8),
                  hidden=True)
    zero = g.leaf(array=np.asarray(g.random.integers(0, 9, shape), kind), constant=g.chance(0.8), hidden=True)
    zero = zero if kind != "u1" or g.chance(0.7) else None
    codes = g.add("QuantizeLinear", value, step, zero, exact=True, **how)
    return codes and g.add("DequantizeLinear", codes[0], step, zero, exact=True, **how)


def quantize_when_run(g):
    return g.add("DynamicQuantizeLinear", g.real(exact=True, kinds=("f4",)), results=3)


def product(g):
    rows, depth, columns = g.integers(1, 30, 3)
    left, right, lead = g.pick(*BYTES), g.pick(*BYTES), g.pick([], [], [2])
    a, b = g.leaf([*lead, rows, depth], left), g.leaf([depth, columns], right, constant=g.chance(0.8))
    if g.chance(0.5):
        zeros = g.leaf(g.pick([], [columns]), right) if g.chance(0.7) else None
        return g.add("MatMulInteger", a, b, g.scalar(3, left), zeros, exact=True)
    return g.add("QLinearMatMul", a, scale(g), g.scalar(3, left), b, scale(g), g.scalar(2, right), scale(g), g.scalar(5, left))


def convolution(g):
    channels, filters, left, right = g.pick(1, 3, 4, 8, 16), g.pick(1, 4, 8, 17), g.pick(*BYTES), g.pick(*BYTES)
    value, window = g.leaf([1, channels, *g.integers(4, 12, 2)], left), g.integers(1, 4, 2)
    how = {"pads": g.integers(0, 2, 4), "strides": g.integers(1, 3, 2)}
    weights = g.leaf([filters, channels, *window], right, constant=True)
    if g.chance(0.4):
        return g.add("ConvInteger", value, weights, g.scalar(3, left), g.scalar(2, right), exact=True, **how)
    bias = g.leaf([filters], "i4", constant=True) if g.chance(0.5) else None
    return g.add("QLinearConv", value, scale(g), g.scalar(3, left), weights, scale(g, g.pick([], [filters])),
                 g.scalar(0, right), scale(g), g.scalar(5, left), bias, **how)


def bracketed_convolution(g):
    """A convolution between numbers that are quantised before and after it, as quantisers write them."""
    channels, groups = g.pick(1, 3, 4, 8, 16), g.pick(1, 1, 0)
    groups = groups or channels
    filters = groups * g.pick(1, 2, 4)
    step, zero = scale(g), g.scalar(g.integer(0, 9), g.pick(*BYTES))
    codes = g.add("QuantizeLinear", g.leaf([1, channels, *g.integers(4, 12, 2)]), step, zero, exact=True)
    value = codes and g.add("DequantizeLinear", codes[0], step, zero, exact=True)
    steps = scale(g, [filters])
    weights = g.leaf([filters, channels // groups, *g.pick([1, 1], [3, 3], [2, 3])], "i1", constant=True)
    numbers = value and g.add("DequantizeLinear", weights, steps, g.leaf(array=np.zeros(filters, "i1"), constant=True),
                              axis=0, exact=True)
    bias = [None]
    if numbers and g.chance(0.5):
        products = g.leaf(array=step.array * steps.array, constant=True, hidden=True)
        bias = g.add("DequantizeLinear", g.leaf([filters], "i4", constant=True), products, axis=0, exact=True)
    result = numbers and bias and g.add("Conv", value[0], numbers[0], *bias, exact=True, group=groups,
                                        pads=g.integers(0, 2, 4), strides=g.integers(1, 3, 2))
    if result and g.chance(0.5):
        result = g.add("Relu", result[0], exact=True)
    coarse = scale(g, least=-2)
    codes = result and g.add("QuantizeLinear", result[0], coarse, zero, exact=True)
    return codes and g.add("DequantizeLinear", codes[0], coarse, zero, exact=True)


def codes_of_blocks(g, rows, depth, bits, block):
    """Codes, scales and zero points of `rows` rows, each of blocks along it."""
    blocks = -(-depth // block)
    codes = g.random.integers(0, 256, (rows, blocks, block * bits // 8)).astype("u1")
    return codes, (g.random.standard_normal((rows, blocks)) * 0.1).astype("f4"), \
        g.random.integers(0, 256, (rows, -(-blocks * bits // 8))).astype("u1")


def block_product(g):
    bits, block, depth, columns = g.pick(4, 4, 8), g.pick(16, 32), g.integer(1, 5) * 16, g.integer(1, 40)
    arrays = codes_of_blocks(g, columns, depth, bits, block)
    codes, scales, zeros = (g.leaf(array=array, constant=True, hidden=True) for array in arrays)
    value = g.leaf(g.shape(g.pick(1, 2)) + [depth])
    return g.add("MatMulNBits", value, codes, scales, zeros if g.chance(0.5) else None, None,
                 g.leaf([columns], constant=True) if g.chance(0.3) else None, domain="com.microsoft",
                 K=depth, N=columns, bits=bits, block_size=block)


def block_rows(g):
    rows, depth = g.integer(1, 9), g.pick(32, 64)
    codes, scales, zeros = codes_of_blocks(g, rows, depth, 4, 32)
    table, steps, points = (g.leaf(array=array, constant=True, hidden=True)
                            for array in (codes.reshape(rows, -1), scales, zeros))
    places = g.leaf(array=g.random.integers(0, rows, g.shape(g.pick(0, 1, 2))).astype(g.pick("i4", "i8")))
    return g.add("GatherBlockQuantized", table, places, steps, points if g.chance(0.5) else None, domain="com.microsoft",
                 gather_axis=0, quantize_axis=1, block_size=32, bits=4)


FAMILIES = [*[quantize] * 2, quantize_when_run, product, convolution, *[bracketed_convolution] * 2, block_product, block_rows]
