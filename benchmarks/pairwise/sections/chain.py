# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A chain of 1,000 tiny nodes: what it costs to get from one node to the next."""

import onnx_bytes as onnx
from pairwise import turns
from pairwise.inputs import tensor
from pairwise.report import Result, Target, number, table

TITLE = "A chain of 1,000 tiny nodes"
NEEDS_PEER = True
PROGRAMS = ("heddle", "peer_worker")

NODES = 1000
WIDTH = 8


def elementwise():
    """Add a constant and Relu, in turns."""
    nodes = [onnx.node("Relu", ["v%d" % i], ["v%d" % (i + 1)], "n%d" % i) if i % 2 else
             onnx.node("Add", ["v%d" % i, "c"], ["v%d" % (i + 1)], "n%d" % i) for i in range(NODES)]
    return nodes, [tensor("c", [WIDTH])]


def mixed():
    """What does not become one loop: products and row reductions between them."""
    kinds = [("MatMul", ["w"]), ("Add", ["c"]), ("Softmax", []), ("Relu", [])]
    nodes = []
    for i in range(NODES):
        op, more = kinds[i % len(kinds)]
        nodes.append(onnx.node(op, ["v%d" % i, *more], ["v%d" % (i + 1)], "n%d" % i))
    return nodes, [tensor("c", [WIDTH]), tensor("w", [WIDTH, WIDTH], 0.5)]


def measure(bench):
    rows = []
    for name, (nodes, constants) in {"Add, Relu": elementwise(), "MatMul, Add, Softmax, Relu": mixed()}.items():
        dims = [1, WIDTH]
        graph = onnx.graph(nodes, [onnx.value("v0", dims)], [onnx.value("v%d" % NODES, dims)], constants)
        model, artifact, files = bench.small_model("chain_%d" % len(rows), onnx.model(graph), {"v0": dims})
        workers = {}
        try:
            for threads in bench.threads:
                workers["onnxruntime", threads] = bench.worker("onnxruntime", model, threads, files)
                workers["heddle", threads] = bench.worker("heddle", artifact, threads, files)
            times = turns.in_turns(workers, bench.options.seconds / 2, bench.options.rounds)
        finally:
            for worker in workers.values():
                worker.close()
        for threads in bench.threads:
            ours, theirs = times["heddle", threads], times["onnxruntime", threads]
            rows.append({"chain": name, "threads": threads, "heddle": ours.json(), "onnxruntime": theirs.json(),
                         "ratio": turns.ratio(ours, theirs)})
    lines = ["%d nodes on %d floats each; times in us." % (NODES, WIDTH), ""]
    lines += table(["nodes", "#threads", "#ONNX Runtime median", "#min", "#Heddle median", "#min", "#ratio"],
                   [[row["chain"], row["threads"], *(1e3 * row[side][key] for side in ("onnxruntime", "heddle")
                                                     for key in ("median_ms", "min_ms")), row["ratio"]] for row in rows])
    slowest = {row["chain"]: max(1e3 * other["heddle"]["median_ms"] for other in rows if other["chain"] == row["chain"])
               for row in rows}
    text = "; ".join("%s: %s us" % (chain, number(us)) for chain, us in slowest.items())
    return Result(lines, [Target("under 30 us", text, all(us < 30 for us in slowest.values()))], rows)
