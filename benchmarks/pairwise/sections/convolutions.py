# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Convolutions one by one, and with a Relu."""

from collections import namedtuple

import onnx_bytes as onnx
from pairwise import cores, turns
from pairwise.inputs import safe, tensor
from pairwise.report import Result, at_most, table
from pairwise.workers import Failed

TITLE = "Convolutions"
NEEDS_PEER = True
PROGRAMS = ("heddle", "peer_worker")

CHAIN = 4  # convolutions in a row

# What Relu costs is measured by itself, by so many processes of each artifact, so many times, for so long. One artifact
# in one process after the other differs by 12 %: the CPU's clock changes for tenths of a second, and what meets in the
# caches is up to the memory that a process gets.
COPIES, TURNS, SECONDS = 3, 10, 0.015

Shape = namedtuple("Shape", "channels filters size window stride depthwise", defaults=(1, False))

SHAPES = [Shape(64, 64, 56, 3), Shape(128, 128, 28, 3), Shape(256, 256, 14, 3), Shape(512, 512, 7, 3),
          Shape(64, 128, 56, 3, 2), Shape(3, 64, 224, 7, 2), Shape(64, 256, 56, 1), Shape(256, 1024, 14, 1),
          Shape(512, 2048, 7, 1), Shape(256, 512, 56, 1, 2), Shape(97, 100, 13, 3), Shape(13, 13, 13, 3),
          Shape(24, 24, 112, 3), Shape(32, 32, 112, 3, 1, True), Shape(144, 144, 56, 3, 1, True),
          Shape(240, 240, 28, 3, 1, True), Shape(96, 96, 112, 3, 2, True), Shape(240, 240, 14, 5, 1, True)]


def title(shape):
    what = "depthwise %d" % shape.channels if shape.depthwise else "%d->%d" % (shape.channels, shape.filters)
    return "%dx%d %s, %dx%d%s" % (shape.window, shape.window, what, shape.size, shape.size,
                                  ", stride %d" % shape.stride if shape.stride > 1 else "")


def out_size(shape):
    return (shape.size + 2 * (shape.window // 2) - shape.window) // shape.stride + 1


def operations(shape):
    inputs = 1 if shape.depthwise else shape.channels
    return 2 * inputs * shape.filters * shape.window ** 2 * out_size(shape) ** 2


def model_of(shape, relu, count=1):
    """`count` convolutions in a row, each with a bias and, if `relu`, a Relu."""
    inputs = 1 if shape.depthwise else shape.channels
    nodes, value = [], "x"
    for i in range(count):
        nodes.append(onnx.node("Conv", [value, "w", "b"], ["y%d" % i], "conv%d" % i, kernel_shape=[shape.window] * 2,
                               strides=[shape.stride] * 2, pads=[shape.window // 2] * 4,
                               group=shape.channels if shape.depthwise else 1))
        value = "y%d" % i
        if relu:
            nodes.append(onnx.node("Relu", [value], ["z%d" % i], "relu%d" % i))
            value = "z%d" % i
    size = out_size(shape)
    weights = tensor("w", [shape.filters, inputs, shape.window, shape.window], 0.1)
    return onnx.model(onnx.graph(nodes, [onnx.value("x", [1, shape.channels, shape.size, shape.size])],
                                 [onnx.value(value, [1, shape.filters, size, size])],
                                 [weights, tensor("b", [shape.filters])]))


def measure(bench):
    rows, chains, errors = [], [], []
    for shape in SHAPES[::2 if bench.quick else 1]:
        try:
            rows += measure_shape(bench, shape)
            if shape.channels == shape.filters and shape.stride == 1 and not bench.quick:
                chains += measure_chain(bench, shape)
        except Failed as failure:
            errors.append("%s: %s" % (title(shape), failure))
    lines = ["Models of one node (with a bias), and of two (Conv and Relu); GFLOP/s of the fastest run; ratio of times, "
             "the median of the rounds'; the last column is what Relu adds to Heddle's time, of %d processes of each in %d short "
             "turns." % (COPIES, TURNS), ""]
    lines += table(["convolution", "#threads", "#ONNX Runtime", "#Heddle", "#ratio", "#with Relu: ONNX Runtime",
                    "#Heddle", "#ratio", "#Relu's cost"],
                   [[row["title"], _threads(row), row["rates"]["onnxruntime"], row["rates"]["heddle"], row["ratio"],
                     row["rates"]["onnxruntime relu"], row["rates"]["heddle relu"], row["ratio_relu"],
                     "%+.0f %%" % (100 * (row["cost"] - 1))] for row in rows])
    if chains:
        lines += ["", "%d of them in a row, each with a Relu: what brings data into a kernel's layout and back is paid "
                  "for once." % CHAIN, ""]
        lines += table(["convolution", "#threads", "#ONNX Runtime", "#Heddle", "#ratio"],
                       [[row["title"], _threads(row), row["rates"]["onnxruntime"], row["rates"]["heddle"], row["ratio"]]
                        for row in chains])
    lines += cores.legend(row["loop"] for row in rows + chains)
    name = lambda row: "%s on %s" % (row["title"], _threads(row))  # noqa: E731
    targets = [at_most("at least ONNX Runtime's rate", 1.0, rows, lambda row: row["ratio"], name),
               at_most("the same with Relu", 1.0, rows, lambda row: row["ratio_relu"], name),
               at_most("Relu for free (5 % for noise)", 1.05, rows, lambda row: row["cost"], name)]
    return Result(lines, targets, {"single": rows, "chains": chains}, errors)


def _threads(row):
    return cores.mark(row["threads"], row["loop"])


def made(bench, shape, name, relu, count=1):
    return bench.small_model("conv_%s_%s" % (safe(title(shape)), name), model_of(shape, relu, count),
                             {"x": [1, shape.channels, shape.size, shape.size]})


def timed(bench, name, models, threads):
    """{"onnxruntime NAME": Timed, "heddle NAME": Timed} of {NAME: (model, artifact, files)}, and what a loop of
    multiply-adds gained meanwhile."""
    def once():
        workers = {}
        try:
            for kind, (model, artifact, files) in models.items():
                for side, file in (("onnxruntime", model), ("heddle", artifact)):
                    workers[(side + " " + kind).strip()] = bench.worker(side, file, threads, files)
            sides = list(workers)
            loops = bench.cores.add_loops(workers) if threads > 1 else []
            times = turns.in_turns(workers, bench.options.seconds / 3, bench.options.rounds, loops)
            return {side: times[side] for side in sides}, bench.cores.gained(times) if loops else None
        finally:
            for worker in workers.values():
                worker.close()
    return bench.cores.guarded("%s on %d" % (name, threads), once)


def measure_shape(bench, shape):
    models = {"": made(bench, shape, "alone", False), "relu": made(bench, shape, "relu", True)}
    rows = []
    for threads in bench.threads:
        times, gained = timed(bench, title(shape), models, threads)
        rows.append({"title": title(shape), "threads": threads, "loop": gained,
                     "rates": {side: operations(shape) / time.least / 1e6 for side, time in times.items()},
                     "ratio": turns.ratio(times["heddle"], times["onnxruntime"]),
                     "ratio_relu": turns.ratio(times["heddle relu"], times["onnxruntime relu"]),
                     "cost": relu_cost(bench, models, threads)})
        bench.say("  %s on %d: ratio %.2f, with Relu %.2f" % (title(shape), threads, rows[-1]["ratio"],
                                                              rows[-1]["ratio_relu"]))
    return rows


def relu_cost(bench, models, threads):
    """How many times as long Heddle takes with Relu: the median of the turns' ratios of the median process."""
    workers = {}
    try:
        for copy in range(COPIES):
            for kind, (_, artifact, files) in models.items():
                workers[kind, copy] = bench.worker("heddle", artifact, threads, files)
        times = turns.in_turns(workers, TURNS * SECONDS, TURNS)
    finally:
        for worker in workers.values():
            worker.close()
    together = {kind: turns.Timed([[min(times[kind, copy].rounds[turn]) for copy in range(COPIES)]
                                   for turn in range(TURNS)]) for kind in models}
    return turns.ratio(together["relu"], together[""])


def measure_chain(bench, shape):
    models = {"": made(bench, shape, "chain", True, CHAIN)}
    rows = []
    for threads in bench.threads:
        times, gained = timed(bench, title(shape), models, threads)
        rows.append({"title": title(shape), "threads": threads, "loop": gained,
                     "rates": {side: CHAIN * operations(shape) / time.least / 1e6 for side, time in times.items()},
                     "ratio": turns.ratio(times["heddle"], times["onnxruntime"])})
    return rows
