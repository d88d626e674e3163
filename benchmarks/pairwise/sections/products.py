# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Matrix products in f32 with weights packed ahead, beside oneDNN's and the machine's limits."""

from pairwise.report import Result, Target, table
from pairwise.workers import json_lines, output_of

TITLE = "Matrix products"
NEEDS_PEER = False

SQUARE = (1024, 960)
RAGGED = (97, 100, 127, 255, 513, 1000)


def measure(bench):
    seconds = "0.1" if bench.quick else "0.4"

    def lines_of(kind):
        return [line for line in json_lines(output_of([bench.program("kernel_benchmark"), "--json", "--seconds",
                                                       seconds, kind], "kernel_benchmark"))]

    products = [row for row in lines_of("matmul ") if row.get("kind") == "product"]
    few = [row for row in lines_of("few ") if row.get("kind") == "few"]
    for row in products:
        rates = [row[key] for key in ("onednn_sgemm_gflops", "onednn_packed_gflops") if row.get(key)]
        row["onednn"] = max(rates) if rates else None
        row["of_onednn"] = row["gflops"] / row["onednn"] if rates else None
        row["of_peak"] = row["gflops"] / row["peak_gflops"]
    if not any(row["onednn"] for row in products):
        bench.say("  SKIPPED: no oneDNN (Debian's libdnnl-dev): products are measured without it")
    lines = ["One process, in turns, the best of each; oneDNN's is the faster of its sgemm and its matmul primitive with "
             "weights reordered ahead. The peak is that of a loop of multiply-adds.", ""]
    lines += table(["M x N x K", "#us", "#GFLOP/s", "#oneDNN sgemm", "#oneDNN packed", "#peak", "#of oneDNN", "#of peak"],
                   [[shape(row), row.get("us"), row["gflops"], row.get("onednn_sgemm_gflops"),
                     row.get("onednn_packed_gflops"), row["peak_gflops"], percent(row["of_onednn"]),
                     percent(row["of_peak"])] for row in products])
    lines += ["", "Few rows: the part of the slower of reading the weights and computing.", ""]
    lines += table(["M x N x K", "#threads", "#GB/s", "#read GB/s", "#oneDNN GB/s", "#part"],
                   [[shape(row), row["threads"], row["gb_per_s"], row["read_gb_per_s"], row.get("onednn_gb_per_s"),
                     percent(row["part"])] for row in few])
    cubes = [row for row in products if row["m"] == row["n"] == row["k"]]
    square = [row for row in cubes if row["m"] in SQUARE]
    ragged = [row for row in cubes if row["m"] in RAGGED]
    targets = [least("at least 97 % of oneDNN at 1024 and 960 cubed", 0.97, square, "of_onednn"),
               least("at least 90 % of oneDNN at ragged sizes", 0.9, ragged, "of_onednn"),
               least("at least 90 % of the peak at ragged sizes", 0.9, ragged, "of_peak"),
               least("few rows at least 90 % of the stream (one thread)", 0.9,
                     [row for row in few if row["threads"] == 1], "part"),
               least("few rows at least 90 % of the stream (two threads)", 0.9,
                     [row for row in few if row["threads"] == 2], "part")]
    return Result(lines, targets, products + few)


def shape(row):
    return "%d x %d x %d" % (row["m"], row["n"], row["k"])


def percent(value):
    return None if value is None else "%.0f %%" % (100 * value)


def least(what, limit, rows, key):
    rows = [row for row in rows if row[key] is not None]
    if not rows:
        return Target(what, "", None)
    below = sorted((row for row in rows if round(row[key], 2) < limit), key=lambda row: row[key])
    text = "%d of %d; least %s" % (len(rows) - len(below), len(rows), percent(min(row[key] for row in rows)))
    if below:
        text += "; below: " + ", ".join("%s %s" % (shape(row), percent(row[key])) for row in below[:6])
    return Target(what, text, not below)
