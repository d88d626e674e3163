# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Convolutions, pools and other operators on images of one to three dimensions."""

import numpy as np

CHANNELS = (1, 2, 3, 4, 6, 8, 16, 20)
COORDINATES = ("half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners", "half_pixel_symmetric")


def image(g, kinds=("f4",)):
    rank = g.pick(1, 2, 2, 2, 2, 3)
    return g.operand(lambda value: value.kind in kinds and value.rank == rank + 2 and min(value.shape) > 0,
                     lambda: g.leaf([g.pick(1, 1, 2), g.pick(*CHANNELS), *g.integers(3, 14, rank)], g.pick(*kinds)), 0.3)


def padding(g, most, same=True):
    """`most` at each border."""
    how = g.pick("none", "pads", "pads", "SAME_UPPER", "SAME_LOWER", "VALID")
    if how == "pads":
        return {"pads": [g.integer(0, number + 1) for number in most]}
    return {} if how == "none" or (how[0] == "S" and not same) else {"auto_pad": how}


def convolution(g):
    value = image(g)
    rank, channels = value.rank - 2, value.shape[1]
    groups = g.pick(1, 1, channels, g.divisor(channels))
    filters, window = groups * g.pick(1, 1, 2, 3, 8), g.integers(1, 5, rank)
    if g.chance(0.3):
        window = [3] * rank     # what Winograd's products are for
    weights = g.leaf([filters, channels // groups, *window], constant=not g.chance(0.1))
    bias = g.leaf([filters], constant=not g.chance(0.1)) if g.chance(0.6) else None
    result = g.add("Conv", value, weights, bias, strides=g.integers(1, 4, rank) if g.chance(0.5) else None,
                   dilations=g.integers(1, 3, rank) if g.chance(0.3) else None, group=groups, **padding(g, [2] * 2 * rank))
    if result and g.chance(0.5):
        return g.add(g.pick("Relu", "Sigmoid", "HardSwish", "LeakyRelu", "Tanh"), *result)
    return result


def convolution_backwards(g):
    value = image(g)
    rank, channels = value.rank - 2, value.shape[1]
    groups, filters = g.pick(1, 1, g.divisor(channels)), g.pick(1, 2, 3, 8)
    window, strides = g.integers(1, 5, rank), g.integers(1, 4, rank)
    how = padding(g, [1] * 2 * rank, same=all(size >= stride for size, stride in zip(window, strides)))
    more = [g.integer(0, stride) for stride in strides] if g.chance(0.3) else None
    return g.add("ConvTranspose", value, g.leaf([channels, filters, *window], constant=True),
                 g.leaf([filters * groups], constant=True) if g.chance(0.5) else None, strides=strides, group=groups,
                 dilations=g.integers(1, 3, rank) if g.chance(0.25) else None, output_padding=more, **how)


def pool(g):
    op = g.pick("MaxPool", "MaxPool", "AveragePool", "LpPool")
    value = image(g, ("f4", "f4", "f4", "f8") if op == "MaxPool" else ("f4",))
    rank, window = value.rank - 2, g.integers(1, 5, value.rank - 2)
    dilations = g.integers(1, 3, rank) if g.chance(0.3) else None
    strides = g.integers(1, 4, rank) if g.chance(0.7) else None
    spans = [(size - 1) * by + 1 for size, by in zip(window, dilations or [1] * rank)]
    if any(span > size for span, size in zip(spans, value.shape[2:])):
        return None
    how = padding(g, [size - 1 for size in window + window],
                  same=not dilations and not (strides and any(size < by for size, by in zip(window, strides))))
    own = {"AveragePool": {"count_include_pad": g.integer(0, 2)}, "LpPool": {"p": g.pick(1, 2, 3)}, "MaxPool": {}}[op]
    places = op == "MaxPool" and value.exact and g.chance(0.2)
    if places:
        own["storage_order"] = g.integer(0, 2)
    return g.add(op, value, results=2 if places else 1, kernel_shape=window, strides=strides, dilations=dilations,
                 ceil_mode=None if how.get("auto_pad") == "VALID" else g.integer(0, 2), exact=op == "MaxPool", **how, **own)


def global_pool(g):
    op = g.pick("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
    return g.add(op, image(g), p=g.pick(1, 2, 3) if op == "GlobalLpPool" else None, exact=op == "GlobalMaxPool")


def resize(g):
    value = image(g, ("f4", "f4", "f4", "u1", "i4"))
    mode, coordinates = g.pick("nearest", "linear", "cubic"), g.pick(*COORDINATES)
    if mode != "nearest" and not value.is_kind("f"):
        return None
    inner = value.shape[2:]
    how = {"mode": mode, "coordinate_transformation_mode": coordinates,
           "antialias": 1 if mode != "nearest" and g.chance(0.25) else None,
           "exclude_outside": 1 if mode == "cubic" and g.chance(0.3) else None,
           "nearest_mode": g.pick("floor", "ceil", "round_prefer_floor", "round_prefer_ceil") if mode == "nearest" else None}
    scales = [g.pick(0.5, 0.6, 2 / 3, 1.0, 1.5, 2.0, 2.0, 2.3, 3.0) for _ in inner]
    inner_only = g.chance(0.3)
    if coordinates == "align_corners" or g.chance(0.4):
        policy = g.pick("not_larger", "not_smaller", "stretch") if g.chance(0.3) else None
        inner_only = inner_only or policy is not None
        sizes = [max(1, int(size * scale)) for size, scale in zip(inner, scales)]
        return g.add("Resize", value, None, None, g.parameter(sizes if inner_only else [*value.shape[:2], *sizes]),
                     axes=list(range(2, value.rank)) if inner_only else None, keep_aspect_ratio_policy=policy,
                     exact=mode == "nearest", **how)
    scales = [max(scale, 1.01 / size) for size, scale in zip(inner, scales)]
    if any(scale != 1 and int(size * scale) == size for size, scale in zip(inner, scales)):
        return None     # docs/conformance.md: a copy, or not
    return g.add("Resize", value, None, g.parameter(scales if inner_only else [1, 1, *scales], "f4"),
                 axes=list(range(2, value.rank)) if inner_only else None, exact=mode == "nearest", **how)


def sampled(g):
    places = (g.random.random([1, 4, 5, 2]) * 2.4 - 1.2).astype("f4")
    return g.add("GridSample", g.leaf([1, 2, 5, 6]), g.leaf(array=places), mode=g.pick("linear", "nearest", "cubic"),
                 padding_mode=g.pick("zeros", "border", "reflection"), align_corners=g.integer(0, 2))


def determinant(g):
    size = g.integer(1, 4)
    matrix = g.leaf(g.pick([], [2]) + [size, size])
    return g.add("Det", matrix) if np.abs(matrix.array).max() else None


FAMILIES = [*[convolution] * 5, convolution_backwards, *[pool] * 3, global_pool, *[resize] * 2, sampled, determinant]
