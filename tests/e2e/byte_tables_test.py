#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions of one byte that are looked up, beside the same functions computed.

    byte_tables_test.py HEDDLE

A model whose sigmoid is a result as well computes it: then there is no table. Both models have the same
results, bit for bit, by the instructions of each level of CPUs.
"""

import os
import struct
import sys
import tempfile

from bounded import Bounded
from npy import read_npy, write_npy
from onnx_bytes import UINT8, floats, graph, model, node, tensor, value

INT8 = 3
CPUS = ["native", "x86-64-v4", "x86-64-v3", "x86-64-v2"]
# Dimensions, and whether a convolution comes before: whole vectors and parts of one, all bytes and few.
CASES = [([1, 4, 16, 24], False), ([1, 4, 16, 24], True), ([2, 3, 7, 5], True), ([1, 16, 1, 1], True),
         ([3, 7], False), ([1, 1, 5], False)]


def quantization(name, scale, zero, kind):
    byte = struct.pack("<b" if kind == INT8 else "<B", zero)
    return [floats(name + "_scale", [scale], []), tensor(name + "_zero", [], kind, byte)]


def nodes_of(convolves):
    """x quantised and taken back, times its sigmoid, quantised and taken back."""
    def quantize(source, name, result):
        return node("QuantizeLinear", [source, name + "_scale", name + "_zero"], [result])

    def dequantize(source, name, result):
        return node("DequantizeLinear", [source, name + "_scale", name + "_zero"], [result])

    before = [quantize("x", "in", "x8")]
    if convolves:
        before += [dequantize("x8", "in", "xq"), dequantize("w8", "w", "w"), node("Conv", ["xq", "w"], ["c"]),
                   quantize("c", "mid", "m8")]
    else:
        before += [dequantize("x8", "in", "xq"), quantize("xq", "mid", "m8")]
    return before + [dequantize("m8", "mid", "m"), node("Sigmoid", ["m"], ["s"]), node("Mul", ["m", "s"], ["t"]),
                     quantize("t", "out", "y8"), dequantize("y8", "out", "y")]


def main():
    check = Bounded(sys.argv[1])
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "model.onnx")
        for dims, convolves in CASES:
            for kind, zero in (UINT8, 121), (INT8, -7):
                count = 1
                for size in dims:
                    count *= size
                channels = dims[1]
                filters = [(37 * i) % 255 - 127 for i in range(channels * channels)]
                weights = (quantization("in", 0.05, 128, UINT8) + quantization("mid", 0.04, zero, kind)
                           + quantization("out", 0.02, 14, UINT8))
                if convolves:
                    weights += quantization("w", 0.004, 0, INT8)
                    weights.append(tensor("w8", [channels, channels, 1, 1], INT8,
                                          struct.pack(f"<{len(filters)}b", *filters)))
                write_npy(os.path.join(work, "x.npy"), [(i * 4.0513) % 13 - 6.5 for i in range(count)], dims)
                for cpu in CPUS:
                    results = {}
                    for name, outputs in ("looked up", ["y"]), ("computed", ["y", "s"]):
                        with open(path, "wb") as file:
                            file.write(model(graph(nodes_of(convolves), [value("x", dims)],
                                                   [value(output, dims) for output in outputs], weights)))
                        code, _ = check.run(f"{name}, {dims} on {cpu}", "run", path, "--input", f"x={work}/x.npy",
                                            "--target-cpu", cpu, "--output", work)
                        results[name] = read_npy(os.path.join(work, "y.npy")) if code == 0 else name
                    if results["looked up"] != results["computed"]:
                        check.wrong(f"{dims} on {cpu}: a table has other numbers")
                    if len(set(results["computed"])) < min(count, 20) // 2:
                        check.wrong(f"{dims} on {cpu}: the numbers hardly differ")
    check.finish()


main()
