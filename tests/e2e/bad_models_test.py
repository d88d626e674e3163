#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models that are wrong in one way each: an error of one line that names it, in bounded time and memory.

    bad_models_test.py HEDDLE [CASES]
"""

import math
import os
import sys
import tempfile

from bounded import Bounded
from onnx_bytes import (BOOL, FLOAT, external, floats, function, graph, ints, model, node, tensor,
                        value)

X, Y = value("x", [3]), value("y", [3])
RELU = node("Relu", ["x"], ["y"])
SUM = [node("ReduceSum", ["z"], ["r"], keepdims=0), node("Add", ["x", "r"], ["y"])]


def made(nodes, inputs=(X,), outputs=(Y,), weights=(), functions=()):
    return model(graph(nodes, inputs, outputs, weights), functions)


def with_weight(weight):
    return made([node("Add", ["x", "w"], ["y"])], weights=[weight])


def summed(op, operands, weights, **attributes):
    """A value that only matters by its size."""
    return made([node(op, operands, ["z"], **attributes), *SUM], weights=weights)


def ranged(make, *numbers):
    nodes = [node("Range", ["a", "b", "d"], ["z"]), node("ReduceSum", ["z"], ["r"], keepdims=0),
             node("Cast", ["r"], ["f"], to=FLOAT), node("Add", ["x", "f"], ["y"])]
    return made(nodes, weights=[make(name, [number], []) for name, number in zip("abd", numbers)])


def nested(levels):
    """If in If, written from the inside."""
    def leaf(name):
        return graph([node("Identity", ["x"], [name])], (), [value(name, [3])])
    inner = leaf("v0")
    for i in range(1, levels):
        inner = graph([node("If", ["c"], [f"v{i}"], then_branch=inner, else_branch=leaf("e"))], (),
                      [value(f"v{i}", [3])])
    return made([node("If", ["c"], ["y"], then_branch=inner, else_branch=leaf("e"))],
                inputs=[value("c", [], BOOL), X])


def calling(*bodies):
    """Functions F0, F1, ...: each body lists the functions it calls, one after the other."""
    functions = []
    for i, body in enumerate(bodies):
        names = ["a", *(f"t{k}" for k in range(len(body) - 1)), "b"]
        nodes = [node(callee, [names[k]], [names[k + 1]], domain="test" if callee[0] == "F" else "")
                 for k, callee in enumerate(body)]
        functions.append(function(f"F{i}", ["a"], ["b"], nodes))
    return made([node("F0", ["x"], ["y"], domain="test")], functions=functions)


MODELS = {
    # Graphs
    "cycle": (made([node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"], ["y"])]),
              "node 'the_Add' .*before node 'the_Relu' computes it: the graph has a cycle"),
    "self": (made([node("Add", ["x", "y"], ["y"])]), "node 'the_Add' .*before node 'the_Add'"),
    "twice": (made([RELU, node("Neg", ["x"], ["y"])]), "'y' is defined twice, by node 'the_Relu' and by node 'the_Neg'"),
    "input_twice": (made([RELU], inputs=[X, X]), "two inputs 'x'"),
    "output_twice": (made([RELU], outputs=[Y, Y]), "two outputs 'y'"),
    "weight_twice": (made([node("Add", ["x", "w"], ["y"])], weights=[floats("w", [1]), floats("w", [1])]),
                     "'w' is defined twice"),
    "undefined": (made([node("Add", ["x", "n"], ["y"])]), "node 'the_Add' .*'n', which nothing defines"),
    "unmade": (made([RELU], outputs=[value("z", [3])]), "nothing computes the output 'z'"),
    "no_outputs": (made([RELU], outputs=()), "no outputs"),
    # Nesting
    "nested": (nested(10_000), "sub-graphs nest deeper than 64 levels"),
    "recursion": (calling(["F0"]), "function 'F0' of domain 'test' calls itself"),
    "mutual": (calling(["F1"], ["F0"]), "function 'F[01]' of domain 'test' calls itself"),
    "deep_calls": (calling(*([f"F{i + 1}"] for i in range(10_000)), ["Relu"]), "functions .*deep|deeper"),
    "doubling": (calling(*([f"F{i + 1}"] * 2 for i in range(40)), ["Relu"]), "more than 1000000 nodes"),
    # Dimensions
    "overflow": (made([RELU], inputs=[value("x", [1 << 62, 1 << 62])]), "input 'x' .*overflow"),
    "large": (made([RELU], inputs=[value("x", [1 << 62])]), "input 'x' .*overflow"),
    "negative": (with_weight(tensor("w", [-4], FLOAT, bytes(16))), "initializer 'w': .*negative"),
    "promises": (with_weight(tensor("w", [1 << 30], FLOAT, bytes(16))), "initializer 'w': .*need 4294967296 bytes"),
    "overflowing": (with_weight(tensor("w", [1 << 40, 1 << 40], FLOAT, b"")), "initializer 'w': .*overflow"),
    "short": (with_weight(tensor("w", [3], FLOAT, bytes(11))), "initializer 'w': .*need 12 bytes.* has 11"),
    "long": (with_weight(tensor("w", [3], FLOAT, bytes(13))), "initializer 'w': .*need 12 bytes.* has 13"),
    "type": (with_weight(tensor("w", [3], 99, bytes(12))), "initializer 'w': element type number 99"),
    # External data; w.bin beside the model has 12 bytes
    "missing": (with_weight(external("w", [3], "nothing.bin")), "initializer 'w': .*nothing.bin cannot be found"),
    "parent": (with_weight(external("w", [3], "../w.bin")), "initializer 'w': .*leaves the model's folder"),
    "absolute": (with_weight(external("w", [3], "/etc/passwd")), "initializer 'w': .*leaves the model's folder"),
    "link": (with_weight(external("w", [3], "link.bin")), "initializer 'w': .*through a link"),
    "folder_link": (with_weight(external("w", [3], "up/w.bin")), "initializer 'w': .*through a link"),
    "pipe": (with_weight(external("w", [3], "pipe")), "initializer 'w': .*not a regular file"),
    "folder": (with_weight(external("w", [3], ".")), "initializer 'w': .*folder"),
    "beyond": (with_weight(external("w", [3], "w.bin", offset=4)), "initializer 'w': its 12 bytes at 4 lie outside"),
    "length": (with_weight(external("w", [3], "w.bin", length=8)), "initializer 'w': it needs 12 bytes"),
    "offset": (with_weight(external("w", [3], "w.bin", offset=-4)), "initializer 'w': .*offset '-4'"),
    "offset_overflow": (with_weight(external("w", [3], "w.bin", offset=(1 << 64) - 8)), "initializer 'w': .*offset"),
    # Constants that grow while compiling
    "fill": (made([node("ConstantOfShape", ["s"], ["z"]), node("Cast", ["z"], ["q"], to=11),
                   node("TopK", ["z", "k"], ["v", "i"]), node("Add", ["x", "v"], ["y"])],
                  weights=[ints("s", [1 << 32]), ints("k", [3])]), "ConstantOfShape.* constant of 17179869184 bytes"),
    "fill_overflow": (summed("ConstantOfShape", ["s"], [ints("s", [1 << 40, 1 << 40])]), "ConstantOfShape.*bytes"),
    "fill_negative": (summed("ConstantOfShape", ["s"], [ints("s", [-5])]), "ConstantOfShape.*would be -5"),
    "expand": (summed("Expand", ["w", "s"], [floats("w", [1]), ints("s", [1 << 20, 1 << 20])]),
               "Expand.* constant of 4398046511104 bytes"),
    "expand_overflow": (summed("Expand", ["w", "s"], [floats("w", [1]), ints("s", [1 << 62])]), "Expand.*bytes"),
    "tile": (summed("Tile", ["w", "s"], [floats("w", [1]), ints("s", [1 << 40])]), "Tile.* constant of 4398046511104"),
    "tile_overflow": (summed("Tile", ["w", "s"], [floats("w", [1] * 8), ints("s", [1 << 62])]), "Tile.*64 bits"),
    "tile_negative": (summed("Tile", ["w", "s"], [floats("w", [1] * 8), ints("s", [-2])]), "Tile.*would be -16"),
    "pad": (summed("Pad", ["w", "s"], [floats("w", [1]), ints("s", [1 << 40, 0])]), "Pad.* constant of 4398046511108"),
    "pad_overflow": (summed("Pad", ["w", "s"], [floats("w", [1]), ints("s", [(1 << 63) - 1, 9])]), "Pad.*64 bits"),
    "pad_negative": (summed("Pad", ["w", "s"], [floats("w", [1]), ints("s", [-5, 0])]), "Pad.*would be -4"),
    "range": (ranged(ints, 0, 1 << 40, 1), "Range.* constant of 8796093022208 bytes"),
    "range_step": (ranged(ints, 0, 10, 0), "Range.*step of 0"),
}

# What only running tells: the size of a result.
RUNS = {
    "range_overflow": ranged(ints, -(1 << 63), (1 << 63) - 1, 1),
    "range_nan": ranged(floats, 0, math.nan, 1),
    "range_infinite": ranged(floats, 0, math.inf, 1),
    "range_tiny_step": ranged(floats, 0, 1e30, 1e-30),
}


def main():
    check = Bounded(sys.argv[1])
    with tempfile.TemporaryDirectory() as work:
        folder = os.path.join(work, "models")
        os.mkdir(folder)
        for place in (work, folder):
            with open(os.path.join(place, "w.bin"), "wb") as file:
                file.write(bytes(12))
        os.symlink(os.path.join(work, "w.bin"), os.path.join(folder, "link.bin"))
        os.symlink(work, os.path.join(folder, "up"))
        os.mkfifo(os.path.join(folder, "pipe"))
        artifact = os.path.join(work, "out.heddle")

        def path_of(name, content):
            path = os.path.join(folder, name + ".onnx")
            with open(path, "wb") as file:
                file.write(content)
            return path

        for name, (content, pattern) in MODELS.items():
            path = path_of(name, content)
            check.refuses(name, f"{name}.onnx: .*({pattern})", "compile", path, "-o", artifact)

        for name, content in RUNS.items():
            check.refuses(name, f"{name}.onnx: .*the_Range.*size of its result", "run", path_of(name, content),
                          "--random-inputs", "--no-cache")

        # The limit on constants is the user's; what is within it compiles.
        good = path_of("good", summed("Expand", ["w", "s"], [floats("w", [1]), ints("s", [1 << 19])]))
        check.refuses("lower limit", "Expand.*may take 1 MiB", "compile", good, "-o", artifact, "--max-constant", "1")
        for options in ((), ("--max-constant", "2")):
            if check.run("good", "compile", good, "-o", artifact, *options)[0] != 0:
                check.wrong("a constant of 2 MiB is refused")

        # Sizes that the command line gives.
        named = path_of("named", made([RELU], inputs=[value("x", ["n"])], outputs=[value("y", ["n"])]))
        for size, pattern in {"-1": "n=-1", str(1 << 62): "overflow", str(1 << 64): "n=", "": "n=", "x": "n=x"}.items():
            check.refuses(f"--dim n={size}", pattern, "compile", named, "-o", artifact, "--dim", f"n={size}")
        if check.run("--dim n=0", "compile", named, "-o", artifact, "--dim", "n=0")[0] != 0:
            check.wrong("a dimension of 0 is refused")
    check.finish()


main()
