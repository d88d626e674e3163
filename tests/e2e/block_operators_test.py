#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators of com.microsoft on weights of few bits, whose blocks have scales, against numpy, and
constants of ai.onnx that are dequantised in blocks.

    block_operators_test.py HEDDLE
"""

import os
import sys

from numpy_models import KINDS, NumpyModels, np
from onnx_bytes import UINT8, node, tensor

UINT4, INT4 = 21, 22
GENERATOR = np.random.default_rng(5)


def real(*shape):
    return GENERATOR.standard_normal(shape).astype(np.float32)


def packed(codes, bits):
    """Along the last axis, the first code in the lowest bits; zeros fill the last byte."""
    each = 8 // bits
    codes = np.pad(codes, [(0, 0)] * (codes.ndim - 1) + [(0, -codes.shape[-1] % each)])
    parts = codes.reshape(*codes.shape[:-1], -1, each).astype(np.uint8) << (np.arange(each) * bits).astype(np.uint8)
    return np.bitwise_or.reduce(parts, -1)


def constants(arrays):
    return [tensor(name, array.shape, KINDS[array.dtype.name], array.tobytes()) for name, array in arrays.items()]


class Blocks(NumpyModels):
    def of(self, what, op, inputs, weights, result, operands, named=False, refused=None, accuracy=1e-5, more=(),
           cast=None, **attributes):
        """`operands` are names of inputs and weights, or "" for none; `cast`: what becomes of the result's type."""
        def dims(name, array):
            return [f"{name}_{axis}" if named else size for axis, size in enumerate(array.shape)]
        nodes = [node(op, operands, ["made" if cast else "y"], domain="com.microsoft", **attributes)]
        if cast:
            result = result.astype(cast)
            nodes.append(node("Cast", ["made"], ["y"], to=KINDS[result.dtype.name]))
        self.write(nodes,
                   {name: (KINDS[x.dtype.name], dims(name, x)) for name, x in inputs.items()},
                   {"y": (KINDS[result.dtype.name], dims("y", result))}, {}, constants(weights) + list(more))
        if refused:
            code, error = self.run(what, "compile", self.program, "-o", self.file("refused.heddle"))
            if code not in (1, 2) or refused not in error:
                self.wrong(f"{what}: exit code {code}, want a refusal", error)
            return
        size = np.abs(result.astype(np.float32)).max()
        self.expect(what, inputs, {"y": result},
                    agree=lambda a, b: a.shape == b.shape and a.dtype == b.dtype
                    and np.abs(a.astype(np.float32) - b.astype(np.float32)).max() <= accuracy * size)


def product(check, what, rows, depth, columns, bits=4, block=32, zeros=None, bias=False, groups=None, kind=np.float32,
            **how):
    """`zeros`: "codes" as codes, "floats", or the one in the middle."""
    blocks, middle = -(-depth // block), 1 << (bits - 1)
    codes = GENERATOR.integers(0, 1 << bits, (columns, blocks, block))
    scales = (real(columns, blocks) * 0.1).astype(kind)
    points = np.full((columns, blocks), middle, np.float32)
    weights = {"b": packed(codes, bits), "s": scales.ravel()}
    if zeros == "codes":
        points = GENERATOR.integers(0, 1 << bits, (columns, blocks))
        weights["z"] = packed(points, bits).ravel()
    elif zeros == "floats":
        points = real(columns, blocks) + middle
        weights["z"] = points.astype(kind)
    if groups is not None:
        weights["g"] = groups.astype(np.int32)
    matrix = (codes - points[..., None].astype(np.float32)) * scales[..., None].astype(np.float32)
    a = real(*rows, depth).astype(kind)
    result = a.astype(np.float64) @ matrix.reshape(columns, -1)[:, :depth].T
    if bias:
        weights["c"] = real(columns).astype(kind)
        result = result + weights["c"]
    operands = ["a", *(name if name in weights else "" for name in "bszgc")]
    while not operands[-1]:
        operands.pop()
    attributes = {"K": depth, "N": columns, "bits": bits, "block_size": block, **how.pop("attributes", {})}
    if how.pop("broken", None):
        weights["b"] = weights["b"][:, :, :-1]
    check.of(what, "MatMulNBits", {"a": a}, weights, result.astype(kind), operands,
             accuracy=2e-3 if np.float16 in (kind, how.get("cast")) else 1e-5, **how, **attributes)


def products(check):
    for bits in (4, 8, 2):
        for block in (16, 32, 64, 128, 256):
            product(check, f"{bits} bits in blocks of {block}", [3], 256, 40, bits, block)
    for zeros in ("codes", "floats"):
        for bits in (4, 8, 2):
            product(check, f"zero points as {zeros} of {bits} bits", [2, 4], 96, 33, bits, zeros=zeros)
    product(check, "one row and a bias", [1], 576, 192, bias=True)
    product(check, "rows that the run decides", [1, 50], 64, 48, zeros="codes", named=True)
    product(check, "a vector", [], 64, 48)
    product(check, "a depth that ends within a block", [2, 3], 70, 24, zeros="codes")
    product(check, "f16", [5], 128, 32, kind=np.float16, zeros="codes", bias=True)
    for cast in (np.float16, np.float64):
        product(check, f"f32 that becomes {cast.__name__}", [3], 64, 42, cast=cast)
    product(check, "f16 that becomes f32", [3], 64, 42, kind=np.float16, cast=np.float32)
    product(check, "any accuracy", [2], 64, 32, attributes={"accuracy_level": 4})
    product(check, "rows in order", [2], 64, 32, groups=np.arange(64) // 32)
    product(check, "rows in another order", [2], 64, 32, groups=np.arange(64)[::-1] // 32, refused="g_idx")
    product(check, "codes of 3 bits", [2], 64, 32, attributes={"bits": 3}, refused="3 bits")
    product(check, "blocks of 24", [2], 64, 32, attributes={"block_size": 24}, refused="block_size")
    product(check, "no blocks", [2], 64, 32, attributes={"block_size": 0}, refused="block_size")
    product(check, "another depth", [2], 64, 32, attributes={"K": 128}, refused="its weights are not")
    product(check, "a negative depth", [2], 64, 32, attributes={"K": -64}, refused="no sizes")
    product(check, "half a block", [2], 64, 32, broken=True, refused="its weights are not")


def dequantised(check, what, depth=96, columns=33, block=32, typed=INT4, zeros=False, form="product", kind=np.float32,
                named=False):
    """A product with a constant of codes of 4 bits that is dequantised in blocks along its depth."""
    low = -8 if typed == INT4 else 0
    codes = GENERATOR.integers(low, low + 16, (depth, columns))
    scales = (real(-(-depth // block), columns) * 0.1).astype(kind)
    points = GENERATOR.integers(low, low + 16, scales.shape) if zeros else np.zeros(scales.shape, int)
    matrix = (codes - np.repeat(points, block, 0)[:depth]) * np.repeat(scales.astype(np.float64), block, 0)[:depth]
    a, added = real(3, depth).astype(kind), real(columns).astype(kind)
    result = a.astype(np.float64) @ matrix + (added if form == "sum" else 0)
    turned = form in ("turned", "sum")
    nodes = {"product": [node("MatMul", ["a", "m"], ["y"])],
             "turned": [node("Transpose", ["m"], ["t"], perm=[1, 0]), node("MatMul", ["a", "t"], ["y"])],
             "sum": [node("Gemm", ["a", "m", "c"], ["y"], transB=1)]}[form]

    def stored(name, array):
        array = array.T if turned else array
        return tensor(name, array.shape, typed, packed((array & 15).ravel(), 4).tobytes())
    weights = {"s": np.ascontiguousarray(scales.T if turned else scales), "c": added}
    operands = ["b", "s", "z"] if zeros else ["b", "s"]
    check.write([node("DequantizeLinear", operands, ["m"], axis=int(turned), block_size=block), *nodes],
                {"a": (KINDS[a.dtype.name], ["rows" if named else 3, depth])},
                {"y": (KINDS[a.dtype.name], ["rows" if named else 3, columns])}, {},
                [stored("b", codes), stored("z", points), *constants(weights)], opset=21)
    check.expect(what, {"a": a}, {"y": result}, agree=lambda y, wanted: y.dtype == kind and y.shape == wanted.shape
                 and np.abs(y - wanted).max() <= (1e-5 if kind == np.float32 else 2e-3) * np.abs(wanted).max())


def matrices(check):
    for typed in (INT4, UINT4):
        for form in ("product", "turned", "sum"):
            for zeros in (False, True):
                dequantised(check, f"a {form} of codes of type {typed}", typed=typed, zeros=zeros, form=form)
    for form in ("product", "turned"):
        dequantised(check, f"a {form} of a few codes", 16, 5, 16, zeros=True, form=form)
    dequantised(check, "rows that the run decides", typed=UINT4, block=16, named=True)
    dequantised(check, "an f16 matrix", 256, 80, 128, zeros=True, kind=np.float16)
    dequantised(check, "a matrix that ends within a block", 80, zeros=True)
    dequantised(check, "blocks of 8", block=8)


def gathered(check, what, rows, length, indices, bits=4, block=32, zeros=False, kind=np.float32, typed=None,
             attributes=None, **how):
    """Codes in bytes, or of 4 bits as a type of their own, `typed`."""
    blocks, low = length // block, -8 if typed == INT4 else 0
    codes = GENERATOR.integers(low, low + (1 << bits), (rows, length))
    scales = (real(rows, blocks) * 0.1).astype(kind)
    points = np.full((rows, blocks), 0 if typed else 1 << (bits - 1))
    if zeros:
        points = GENERATOR.integers(low, low + (1 << bits), (rows, blocks))

    attributes = {"block_size": block, **({} if typed else {"bits": bits}), **(attributes or {})}

    def stored(name, array):
        bytes = packed((array & 15).ravel() if typed else array, bits)
        return tensor(name, array.shape if typed else bytes.shape, typed or UINT8, bytes.tobytes())
    table = (codes - np.repeat(points, block, 1)).astype(np.float32) * np.repeat(scales, block, 1).astype(np.float32)
    check.of(what, "GatherBlockQuantized", {"i": indices}, {"s": scales}, table[indices].astype(kind),
             ["d", "i", "s", "z"] if zeros else ["d", "i", "s"], more=[stored("d", codes)] + ([stored("z", points)] if zeros else []),
             accuracy=1e-6 if kind == np.float32 else 1e-3, **how, **attributes)


def tables(check):
    one, many = np.array([[7]]), GENERATOR.integers(-50, 50, (2, 3))
    for bits in (4, 8, 2):
        for zeros in (False, True):
            gathered(check, f"rows of {bits} bits", 50, 96, many, bits, zeros=zeros)
    gathered(check, "one row of f16", 50, 256, one, block=128, kind=np.float16, zeros=True)
    gathered(check, "as many rows as the run says", 50, 64, many, zeros=True, named=True)
    for typed in (UINT4, INT4):
        gathered(check, "a large table of a type of 4 bits", 50, 96, many, typed=typed, zeros=True)
        gathered(check, "a small table of a type of 4 bits", 50, 16, many, block=16, typed=typed)
    for what, attributes, refused in [("columns", {"gather_axis": 1}, "only rows"),
                                      ("blocks across rows", {"quantize_axis": 0}, "only rows"),
                                      ("blocks of 7", {"block_size": 7}, "block_size"),
                                      ("other blocks than scales", {"block_size": 16}, "whole blocks"),
                                      ("codes of 5 bits", {"bits": 5}, "5 bits")]:
        gathered(check, what, 50, 64, many, attributes=attributes, refused=refused)


def memory(check):
    """Codes stay packed in the artifact."""
    def small(what):
        check.compile(what)
        size, most = os.path.getsize(check.program), 1024 * 1024 * 5 // 8 + (1 << 17)
        if size > most:
            check.wrong(f"the artifact of {what} has {size} bytes, want at most {most}")
    product(check, "a large product", [1], 1024, 1024)
    small("a large product")
    for form in ("product", "turned", "sum"):
        dequantised(check, f"a large {form} of a dequantised matrix", 1024, 1024, form=form)
        small(f"a large {form} of a dequantised matrix")


def main():
    check = Blocks(sys.argv[1])
    products(check)
    matrices(check)
    tables(check)
    memory(check)
    check.finish()


main()
