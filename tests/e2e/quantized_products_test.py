#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Products between dequantised bytes, whose weights have a scale for each column, against numpy.

    quantized_products_test.py HEDDLE
"""

import sys

from numpy_models import KINDS, NumpyModels, np
from onnx_bytes import node, tensor

GENERATOR = np.random.default_rng(3)


def byte(kind, *shape):
    return GENERATOR.integers(-120 if kind == np.int8 else 0, 120, shape).astype(kind)


def constant(name, array):
    return tensor(name, array.shape, KINDS[array.dtype.name], array.tobytes())


def near(made, wanted):
    return made.shape == wanted.shape and np.abs(made - wanted).max() <= 1e-5 * np.abs(wanted).max()


def main():
    check = NumpyModels(sys.argv[1])
    bias = GENERATOR.standard_normal(37).astype(np.float32)
    for zeros in False, True:
        weights, scales = byte(np.int8, 70, 37), GENERATOR.random(37).astype(np.float32)
        points = byte(np.int8, 37) // 8 * int(zeros)
        dense = (weights.astype(np.float32) - points) * scales
        for rows in (1,), (5,), (3, 20):
            x, scale, zero = byte(np.uint8, *rows, 70), np.float32(0.05), np.array(17, np.uint8)
            left = (x.astype(np.float32) - 17) * scale
            form = "MatMul" if len(rows) > 1 or zeros else "Gemm"
            stored = np.ascontiguousarray(weights.T) if form == "Gemm" else weights
            nodes = [node("DequantizeLinear", ["x", "scale", "zero"], ["a"]),
                     node("DequantizeLinear", ["w", "scales", "points"], ["b"], axis=0 if form == "Gemm" else -1)]
            if form == "Gemm":
                nodes.append(node("Gemm", ["a", "b", "bias"], ["y"], transB=1))
            else:
                nodes += [node("MatMul", ["a", "b"], ["p"]), node("Add", ["p", "bias"], ["y"])]
            check.write(nodes, {"x": (KINDS["uint8"], list(x.shape))}, {"y": [*rows, 37]}, {},
                        [constant("w", stored), constant("scales", scales), constant("points", points.astype(np.int8)),
                         constant("scale", scale.reshape(())), constant("zero", zero), constant("bias", bias)])
            for cpu in "native", "x86-64-v3":
                check.expect(f"{form} of {rows}, zero points {zeros}, on {cpu}", {"x": x}, {"y": left @ dense + bias},
                             "--target-cpu", cpu, agree=near)
    check.finish()


main()
