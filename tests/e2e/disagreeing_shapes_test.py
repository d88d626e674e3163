#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sizes that only a run knows: a result of the right shape, or an error that names the node.

    disagreeing_shapes_test.py HEDDLE

Each model is compiled once, with names for the sizes, and run with sizes that fit and that do not.
"""

import os
import re
import sys
import tempfile

from bounded import Bounded
from npy import write_npy
from onnx_bytes import BOOL, FLOAT, INT64, UINT8, floats, graph, ints, model, node, value

MISFIT = "do not fit each other"
HUGE = 1 << 62


def op(name, *inputs, outputs=("y",), **attributes):
    return node(name, list(inputs), list(outputs), **attributes)


def as_float(name, *inputs, **attributes):
    return [op(name, *inputs, outputs=["t"], **attributes), op("Cast", "t", to=FLOAT)]


def sum_of(*nodes):
    """What nothing else reads, so that it is fused into the sum."""
    return [*nodes, op("ReduceSum", "t", keepdims=0)]


# name: (nodes, inputs as {name: dims}, weights, {sizes or numbers: shape of y, or the error})
MODELS = {
    "broadcast": ([op("Add", "a", "b")], {"a": ["n"], "b": ["m"]}, [], [
        (dict(n=3, m=3), (3,)), (dict(n=1, m=3), (3,)), (dict(n=3, m=1), (3,)), (dict(n=0, m=0), (0,)),
        (dict(n=2, m=3), MISFIT), (dict(n=0, m=3), MISFIT), (dict(n=3, m=0), MISFIT), (dict(n=0, m=1), MISFIT)]),
    "fused_broadcast": (sum_of(op("Add", "a", "b", outputs=["t"])), {"a": ["n"], "b": ["m"]}, [], [
        (dict(n=1, m=3), ()), (dict(n=2, m=3), MISFIT), (dict(n=0, m=3), MISFIT)]),
    "broadcast_weight": ([op("Add", "a", "w")], {"a": ["n"]}, [floats("w", [1, 2, 3, 4])], [
        (dict(n=4), (4,)), (dict(n=1), (4,)), (dict(n=2), MISFIT), (dict(n=0), MISFIT), (dict(n=8), MISFIT)]),
    "where": ([op("Where", "c", "a", "b")], {"c": (BOOL, ["p"]), "a": ["n"], "b": ["m"]}, [], [
        (dict(p=1, n=2, m=2), (2,)), (dict(p=2, n=2, m=3), MISFIT)]),
    "matmul": ([op("MatMul", "a", "b")], {"a": [2, "n"], "b": ["m", 2]}, [], [
        (dict(n=3, m=3), (2, 2)), (dict(n=0, m=0), (2, 2)), (dict(n=3, m=1), MISFIT), (dict(n=0, m=3), MISFIT)]),
    "matmul_batch": ([op("MatMul", "a", "b")], {"a": ["n", 2, 2], "b": ["m", 2, 2]}, [], [
        (dict(n=3, m=3), (3, 2, 2)), (dict(n=1, m=3), (3, 2, 2)), (dict(n=3, m=1), (3, 2, 2)),
        (dict(n=2, m=3), MISFIT), (dict(n=0, m=1), MISFIT)]),
    "gemm": ([op("Gemm", "a", "b", "c")], {"a": ["n", 2], "b": [2, "m"], "c": ["p", "q"]}, [], [
        (dict(n=2, m=3, p=2, q=3), (2, 3)), (dict(n=2, m=3, p=1, q=3), (2, 3)), (dict(n=2, m=3, p=3, q=3), MISFIT),
        (dict(n=2, m=3, p=2, q=2), MISFIT)]),
    "matmul_integer": (as_float("MatMulInteger", "a", "b", "p", "q"),
                       {"a": (UINT8, ["m", 4]), "b": (UINT8, [4, "n"]), "p": (UINT8, ["x"]), "q": (UINT8, ["z"])}, [], [
        (dict(m=2, n=3, x=2, z=3), (2, 3)), (dict(m=2, n=3, x=3, z=3), "do not broadcast"), (dict(m=2, n=3, x=2, z=2), "do not broadcast")]),
    "conv": ([op("Conv", "a", "w", "b")], {"a": [1, "c", "h", 5], "w": ["o", 2, 3, 3], "b": ["p"]}, [], [
        (dict(c=2, h=5, o=4, p=4), (1, 4, 3, 3)), (dict(c=3, h=5, o=4, p=4), MISFIT),
        (dict(c=2, h=5, o=4, p=3), MISFIT), (dict(c=2, h=1, o=4, p=4), "size of .*negative")]),
    "conv_groups": ([op("Conv", "a", "w", group=2)], {"a": [1, "c", 5, 5], "w": ["o", 2, 3, 3]}, [], [
        (dict(c=4, o=4), (1, 4, 3, 3)), (dict(c=4, o=3), MISFIT), (dict(c=3, o=4), MISFIT)]),
    "conv_depthwise": ([op("Conv", "a", "w", group=4)], {"a": [1, "c", 5, 5], "w": ["o", 1, 3, 3]}, [], [
        (dict(c=4, o=8), (1, 8, 3, 3)), (dict(c=4, o=3), MISFIT), (dict(c=5, o=4), MISFIT)]),
    "conv_transpose": ([op("ConvTranspose", "a", "w", "b", group=2)],
                       {"a": [1, "c", "h", 5], "w": ["i", 3, 3, 3], "b": ["p"]}, [], [
        (dict(c=4, h=5, i=4, p=6), (1, 6, 7, 7)), (dict(c=4, h=5, i=2, p=6), MISFIT),
        (dict(c=3, h=5, i=3, p=6), MISFIT), (dict(c=4, h=5, i=4, p=3), MISFIT)]),
    "conv_integer": (as_float("ConvInteger", "a", "w", "", "z"),
                     {"a": (UINT8, [1, 2, 5, 5]), "w": (UINT8, ["o", 2, 3, 3]), "z": (UINT8, ["z"])}, [], [
        (dict(o=4, z=4), (1, 4, 3, 3)), (dict(o=4, z=3), MISFIT)]),
    "batch_norm": ([op("BatchNormalization", "a", "s", "b", "m", "v")],
                   {"a": [1, "c", 4], "s": ["d"], "b": ["e"], "m": ["f"], "v": ["g"]}, [], [
        (dict(c=2, d=2, e=2, f=2, g=2), (1, 2, 4)), (dict(c=3, d=2, e=3, f=3, g=3), MISFIT),
        (dict(c=3, d=3, e=3, f=3, g=1), MISFIT), (dict(c=2, d=2, e=1, f=2, g=2), MISFIT)]),
    "layer_norm": ([op("LayerNormalization", "a", "s", "b")], {"a": [2, "c"], "s": ["d"], "b": ["e"]}, [], [
        (dict(c=3, d=3, e=3), (2, 3)), (dict(c=3, d=2, e=3), MISFIT), (dict(c=3, d=3, e=4), MISFIT)]),
    "quantize": (as_float("QuantizeLinear", "a", "s", "z", axis=1), {"a": [2, "c"], "s": ["d"], "z": (UINT8, ["e"])}, [], [
        (dict(c=3, d=3, e=3), (2, 3)), (dict(c=3, d=2, e=3), MISFIT), (dict(c=3, d=3, e=2), MISFIT)]),
    "dequantize_blocks": ([op("DequantizeLinear", "a", "s", "z", axis=1, block_size=2)],
                          {"a": (UINT8, [2, "c"]), "s": [2, "d"], "z": (UINT8, [2, "e"])}, [], [
        (dict(c=3, d=2, e=2), (2, 3)), (dict(c=4, d=1, e=2), MISFIT), (dict(c=4, d=2, e=1), MISFIT)]),
    "concat": ([op("Concat", "a", "b", axis=0)], {"a": [2, "n"], "b": [2, "m"]}, [], [
        (dict(n=3, m=3), (4, 3)), (dict(n=3, m=2), MISFIT), (dict(n=0, m=3), MISFIT)]),
    "split": ([op("Split", "a", "s", outputs=["y", "z"])], {"a": ["n"]}, [ints("s", [2, 4])], [
        (dict(n=6), (2,)), (dict(n=7), MISFIT), (dict(n=5), MISFIT)]),
    "gather_elements": ([op("GatherElements", "a", "i", axis=1)], {"a": ["n", 4], "i": (INT64, ["m", 2])}, [], [
        (dict(n=5, m=2), (2, 2)), (dict(n=2, m=5), MISFIT)]),
    "gather_nd": ([op("GatherND", "a", "i", batch_dims=1)], {"a": ["n", 4], "i": (INT64, ["m", 1])}, [], [
        (dict(n=2, m=2), (2,)), (dict(n=5, m=2), MISFIT), (dict(n=2, m=5), MISFIT)]),
    "grid_sample": ([op("GridSample", "a", "g")], {"a": ["n", 1, 4, 4], "g": ["m", 2, 2, 2]}, [], [
        (dict(n=2, m=2), (2, 1, 2, 2)), (dict(n=3, m=1), MISFIT)]),
    "reverse_sequence": ([op("ReverseSequence", "a", "l", batch_axis=1, time_axis=0)],
                         {"a": ["t", "n"], "l": (INT64, ["m"])}, [], [
        (dict(t=3, n=2, m=2), (3, 2)), (dict(t=3, n=2, m=1), MISFIT)]),
    "depth_to_space": ([op("DepthToSpace", "a", blocksize=2)], {"a": [1, "c", 2, 2]}, [], [
        (dict(c=4), (1, 1, 4, 4)), (dict(c=5), MISFIT)]),
    "space_to_depth": ([op("SpaceToDepth", "a", blocksize=2)], {"a": [1, 1, "h", 4]}, [], [
        (dict(h=4), (1, 4, 2, 2)), (dict(h=5), MISFIT)]),
    "arg_max": (as_float("ArgMax", "a"), {"a": ["n", 2]}, [], [(dict(n=2), (1, 2)), (dict(n=0), MISFIT)]),
    "negative_pad": (sum_of(op("Pad", "a", "p", outputs=["t"])), {"a": ["n"]}, [ints("p", [-5, -5])], [
        (dict(n=12), ()), (dict(n=10), ()), (dict(n=3), "negative")]),
    "padding": ([op("Pad", "a", "p", "c")], {"a": [3], "c": ["n"]}, [ints("p", [1, 1])], [
        (dict(n=1), (5,)), (dict(n=0), MISFIT), (dict(n=2), MISFIT)]),
    "trilu": ([op("Trilu", "a", "k")], {"a": [3, 3], "k": (INT64, ["n"])}, [], [
        (dict(n=1), (3, 3)), (dict(n=0), MISFIT), (dict(n=2), MISFIT)]),
    "squeeze": ([op("Squeeze", "a")], {"a": ["n", 3, 1]}, [], [
        (dict(n=2), (2, 3)), (dict(n=0), (0, 3)), (dict(n=1), r'Squeeze.*shape \[3\], the model expects \[n,3\]')]),
    "squeeze_names": ([op("Squeeze", "a")], {"a": ["n", 3]}, [], [
        (dict(n=2), (2, 3)), (dict(n=1), r'Squeeze.*shape \[3\], the model expects \[n,3\]')]),
    "squeeze_axes": ([op("Squeeze", "a", "x")], {"a": ["n", 3]}, [ints("x", [0])], [
        (dict(n=1), (3,)), (dict(n=2), "Squeeze.*axis 0"), (dict(n=0), "Squeeze.*axis 0")]),
    # A 0 in the shape copies a dimension, also where it comes from a size that has a name.
    "reshape": ([op("Shape", "b", outputs=["s"]), op("Reshape", "a", "s")], {"a": ["n", "m"], "b": ["p", "q"]}, [], [
        (dict(n=2, m=3, p=3, q=2), (3, 2)), (dict(n=0, m=3, p=0, q=3), (0, 3)), (dict(n=2, m=3, p=0, q=3), "Reshape"),
        (dict(n=2, m=3, p=5, q=5), "Reshape"), (dict(n=2, m=3, p=0, q=2), "Reshape")]),
    "reshape_numbers": ([op("Reshape", "a", "s")], {"a": ["n"], "s": (INT64, [2])}, [], [
        (dict(n=6, s=[2, 3]), (2, 3)), (dict(n=6, s=[-1, 3]), (2, 3)), (dict(n=6, s=[0, -1]), (6, 1)),
        (dict(n=6, s=[-1, -1]), "Reshape"), (dict(n=6, s=[-2, -3]), "Reshape"), (dict(n=6, s=[HUGE, 4]), "Reshape"),
        (dict(n=0, s=[0, HUGE]), "Reshape")]),
    # Sizes that are data, up to what no machine has.
    "fill": ([op("ConstantOfShape", "s")], {"s": (INT64, [1])}, [], [
        (dict(s=[4]), (4,)), (dict(s=[0]), (0,)), (dict(s=[-1]), "ConstantOfShape"),
        (dict(s=[1 << 40]), "ConstantOfShape.*no memory"), (dict(s=[HUGE]), "ConstantOfShape.*too many")]),
    "expand": ([op("Expand", "a", "s")], {"a": ["n"], "s": (INT64, [1])}, [], [
        (dict(n=1, s=[4]), (4,)), (dict(n=3, s=[1]), (3,)), (dict(n=3, s=[2]), "Expand"), (dict(n=0, s=[4]), "Expand"),
        (dict(n=1, s=[-1]), "Expand"), (dict(n=1, s=[1 << 40]), "Expand.*no memory"), (dict(n=1, s=[HUGE]), "Expand")]),
    "tile": ([op("Tile", "a", "s")], {"a": ["n"], "s": (INT64, [1])}, [], [
        (dict(n=3, s=[2]), (6,)), (dict(n=0, s=[HUGE]), (0,)), (dict(n=3, s=[-1]), "Tile"),
        (dict(n=3, s=[1 << 40]), "Tile.*no memory"), (dict(n=3, s=[HUGE]), "Tile")]),
    "pad": ([op("Pad", "a", "s")], {"a": ["n"], "s": (INT64, [2])}, [], [
        (dict(n=3, s=[1, -2]), (2,)), (dict(n=3, s=[-2, -2]), "Pad"), (dict(n=3, s=[1 << 40, 0]), "Pad.*no memory"),
        (dict(n=3, s=[HUGE, HUGE]), "Pad")]),
    "outer": ([op("Mul", "a", "b")], {"a": ["n", 1, 1], "b": ["m", 1]}, [], [
        (dict(n=2, m=3), (2, 3, 1)), (dict(n=1 << 20, m=1 << 20), "no memory for output \"y\" of 4398046511104")]),
    "outer_arena": ([op("Mul", "a", "b", outputs=["t"]), op("CumSum", "t", "x")], {"a": ["n", 1], "b": ["m"]},
                    [ints("x", [1], [])], [
        (dict(n=2, m=3), (2, 3)), (dict(n=1 << 20, m=1 << 20), "no memory for .*4398046511104")]),
    # Many lines of no elements
    "suppression": (as_float("NonMaxSuppression", "b", "s", "k"), {"b": [1, "n", 4], "s": [1, "m", "n"]}, [ints("k", [5])], [
        (dict(n=0, m=1 << 40), (0, 3)), (dict(n=0, m=2), (0, 3))]),
    "unique": ([op("Unique", "a", axis=1)], {"a": ["n", "m"]}, [], [(dict(n=1 << 40, m=0), (1 << 40, 0))]),
    # Loops
    "loop": ([op("Loop", "k", "", "a", outputs=["v", "y"],
                 body=graph([op("Identity", "c", outputs=["d"]), op("Concat", "v", "v", outputs=["w"], axis=0),
                             op("Identity", "v", outputs=["row"])],
                            [value("i", [], INT64), value("c", [], BOOL), value("v", ["p"])],
                            [value("d", [], BOOL), value("w", ["q"]), value("row", ["p"])]))],
             {"a": ["n"], "k": (INT64, [])}, [], [
        (dict(n=2, k=[1]), (1, 2)), (dict(n=0, k=[3]), (3, 0)), (dict(n=2, k=[-1]), (0, 0)),
        (dict(n=2, k=[2]), r"Loop.*scan output has shape \[4\] in iteration 1 and \[2\] before")]),
    "doubling": ([op("Loop", "k", "", "a",
                     body=graph([op("Identity", "c", outputs=["d"]), op("Concat", "v", "v", outputs=["w"], axis=0)],
                                [value("i", [], INT64), value("c", [], BOOL), value("v", ["p"])],
                                [value("d", [], BOOL), value("w", ["q"])]))],
                 {"a": ["n"], "k": (INT64, [])}, [], [
        (dict(n=2, k=[3]), (16,)), (dict(n=2, k=[60]), "no memory")]),
    "scan": ([op("Scan", "s", "a", "b", outputs=["t", "y"], num_scan_inputs=2,
                 body=graph([op("Add", "v", "p", outputs=["u"]), op("Mul", "p", "q", outputs=["row"])],
                            [value("v", [2]), value("p", [2]), value("q", [2])], [value("u", [2]), value("row", [2])]))],
             {"s": [2], "a": ["n", 2], "b": ["m", 2]}, [], [
        (dict(n=3, m=3), (3, 2)), (dict(n=0, m=0), (0, 2)), (dict(n=3, m=2), "Scan.*differ in length"),
        (dict(n=0, m=1), "Scan.*differ in length")]),
}


def shape_of(path):
    with open(path, "rb") as file:
        text = re.search(rb"'shape': \(([^)]*)\)", file.read(200)).group(1).decode()
    return tuple(int(number) for number in text.split(",") if number.strip())


def main():
    check = Bounded(sys.argv[1])
    with tempfile.TemporaryDirectory() as work:
        path, artifact = os.path.join(work, "model.onnx"), os.path.join(work, "model.heddle")
        for name, (nodes, inputs, weights, runs) in MODELS.items():
            declared = {key: given if isinstance(given, tuple) else (FLOAT, given) for key, given in inputs.items()}
            values = [value(key, dims, kind) for key, (kind, dims) in declared.items()]
            rank = next(len(wanted) for _, wanted in runs if isinstance(wanted, tuple))
            with open(path, "wb") as file:
                # The declared type of an output says nothing that is not found out anyway.
                file.write(model(graph(nodes, values, [value("y", [f"y{i}" for i in range(rank)])], weights), opset=21))
            if check.run(name, "compile", path, "-o", artifact)[0] != 0:
                check.wrong(f"{name} does not compile")
                continue
            for given, wanted in runs:
                options = []
                for key, what in given.items():
                    if isinstance(what, int):
                        options += ["--dim", f"{key}={what}"]
                    else:
                        write_npy(os.path.join(work, key), what, [len(what)] if declared[key][1] else [], "q")
                        options += ["--input", f"{key}={work}/{key}"]
                code, error = check.run(f"{name} {given}", "run", artifact, "--random-inputs", "--output", work, *options)
                if code == 0 and wanted != shape_of(os.path.join(work, "y.npy")):
                    check.wrong(f"{name} {given}: y has shape {shape_of(os.path.join(work, 'y.npy'))}, want {wanted}")
                elif code and (isinstance(wanted, tuple) or not re.search(f"model.heddle: .*({wanted})", error)):
                    check.wrong(f"{name} {given}: want {wanted}", error)
    check.finish()


main()
