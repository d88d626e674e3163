# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What products in bf16 gain, where the compiler offers them."""

import onnx_bytes as onnx
from pairwise import machine, turns
from pairwise.inputs import tensor
from pairwise.report import Result, Target, number, table
from pairwise.workers import output_of

TITLE = "bf16"
NEEDS_PEER = False
PROGRAMS = ("heddle", "peer_worker")

SIZE = 1024


def measure(bench):
    what = "products in bf16 at least 5x the f32 rate, on AMX"
    if "--precision" not in output_of([bench.program("heddle"), "compile", "--help"], "compile --help"):
        return Result(["`heddle compile` has no `--precision`."], [Target(what, "no `--precision`", None)])
    dims = [SIZE, SIZE]
    graph = onnx.graph([onnx.node("MatMul", ["x", "w"], ["y"])], [onnx.value("x", dims)], [onnx.value("y", dims)],
                       [tensor("w", dims, 0.1)])
    model, f32, files = bench.small_model("product", onnx.model(graph), {"x": dims})
    bf16 = model[:-5] + ".bf16.heddle"
    bench.compile(model, bf16, "--precision", "bf16")
    workers = {}
    try:
        workers = {"f32": bench.worker("heddle", f32, 1, files), "bf16": bench.worker("heddle", bf16, 1, files)}
        times = turns.in_turns(workers, bench.options.seconds, bench.options.rounds)
    finally:
        for worker in workers.values():
            worker.close()
    rates = {name: 2 * SIZE ** 3 / timed.least / 1e6 for name, timed in times.items()}
    gain = rates["bf16"] / rates["f32"]
    amx = machine.has("amx_bf16")
    lines = ["A product of %d cubed with constant weights as a model, on one thread; %s." % (
        SIZE, "this CPU has AMX" if amx else "this CPU has no AMX" + (
            ", but AVX512_BF16" if machine.has("avx512_bf16") else "")), ""]
    lines += table(["precision", "#GFLOP/s", "#median ms", "#min"],
                   [[name, rates[name], timed.median, timed.least] for name, timed in times.items()])
    text = "%sx%s" % (number(gain), "" if amx else "; this CPU has no AMX")
    return Result(lines, [Target(what, text, gain >= 5 if amx else None)],
                  {"gflops": rates, "amx": amx})
