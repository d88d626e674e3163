# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Matrix products in f32 with weights packed ahead, beside oneDNN's and the machine's limits."""

import re

from pairwise import cores
from pairwise.report import Result, at_least, percent, table
from pairwise.workers import Failed, json_lines, output_of

TITLE = "Matrix products"
NEEDS_PEER = False
PROGRAMS = ("kernel_benchmark",)

SQUARE = (1024, 960)
RAGGED = (97, 100, 127, 255, 513, 1000)
SGEMM, PACKED = "oneDNN sgemm", "oneDNN matmul, reordered"


def understood(line):
    """A line of kernel_benchmark as a row; None where it is of something else. Rates are the best of
    the run's, in GFLOP/s, or GB/s of weights for few rows."""
    found = re.fullmatch(r"(matmul|few) (\d+)x(\d+)x(\d+)(?: on (\d+))?", line["name"])
    if not found:
        return None
    kind, m, n, k, threads = found.groups()
    rate = {side: measured["rate"] for side, measured in line["sides"].items()}
    row = {"name": line["name"], "kind": kind, "m": int(m), "n": int(n), "k": int(k), "threads": int(threads or 1),
           "rate": rate["heddle"], "us": 1e6 * line["sides"]["heddle"]["seconds"],
           "sgemm": rate.get(SGEMM), "packed": rate.get(PACKED),
           "peak": line["bounds"]["peak"], "read": line["bounds"].get("read")}
    peers = [row[name] for name in ("sgemm", "packed") if row[name]]
    row["of_onednn"] = row["rate"] / max(peers) if peers else None
    row["of_limit"] = row["rate"] / min(limit for limit in (row["peak"], row["read"]) if limit)
    return row


def _rows(bench, which):
    """Those of the cases whose names contain this."""
    lines = json_lines(output_of([bench.program("kernel_benchmark"), "--json", "--seconds",
                                  "0.1" if bench.quick else "0.4", which], "kernel_benchmark"))
    return [row for row in map(understood, lines) if row]


def _guarded(bench, row, alone):
    """A row on several threads, measured again where the multiply-adds in it gained too little over those of
    the row on one thread, and with what they gained."""
    tries = [row]

    def once():
        found = tries.pop() if tries else next(one for one in _rows(bench, row["name"]) if one["name"] == row["name"])
        return found, found["peak"] / alone["peak"]
    found, gained = bench.cores.guarded(row["name"], once)
    return dict(found, loop=gained)


def measure(bench):
    products = [row for row in _rows(bench, "matmul ") if row["kind"] == "matmul"]
    few = [row for row in _rows(bench, "few ") if row["kind"] == "few"]
    if not products or not few:
        raise Failed("kernel_benchmark --json tells of no products")
    alone = {shape(row): row for row in few if row["threads"] == 1}
    few = [dict(row, loop=None) if row["threads"] == 1 else _guarded(bench, row, alone[shape(row)]) for row in few]
    if not any(row["of_onednn"] for row in products):
        bench.say("  SKIPPED: no oneDNN (Debian's libdnnl-dev): products are measured without it")
    lines = ["One process, in turns, the best of each; oneDNN's sgemm, and its matmul primitive with weights reordered "
             "ahead. The peak is that of a loop of multiply-adds.", ""]
    lines += table(["M x N x K", "#us", "#GFLOP/s", "#oneDNN sgemm", "#oneDNN reordered", "#peak", "#of oneDNN's best",
                    "#of peak"],
                   [[shape(row), row["us"], row["rate"], row["sgemm"], row["packed"], row["peak"],
                     percent(row["of_onednn"]), percent(row["of_limit"])] for row in products])
    lines += ["", "Few rows, in GB/s of weights: beside a plain read of them and what the multiply-adds allow; held "
              "against the smaller of the two.", ""]
    lines += table(["M x N x K", "#threads", "#us", "#GB/s", "#oneDNN sgemm", "#oneDNN reordered", "#read",
                    "#multiply-adds", "#of the limit"],
                   [[shape(row), cores.mark(row["threads"], row["loop"]), row["us"], row["rate"], row["sgemm"],
                     row["packed"], row["read"], row["peak"], percent(row["of_limit"])] for row in few])
    lines += cores.legend(row["loop"] for row in few)
    cubes = [row for row in products if row["m"] == row["n"] == row["k"]]
    ragged = [row for row in cubes if row["m"] in RAGGED]
    few_of = {threads: [row for row in few if row["threads"] == threads] for threads in (1, 2)}
    targets = [_kept("at least 97 % of oneDNN at 1024 and 960 cubed", 0.97,
                     [row for row in cubes if row["m"] in SQUARE], "of_onednn"),
               _kept("at least 90 % of oneDNN at ragged sizes", 0.9, ragged, "of_onednn"),
               _kept("at least 90 % of the peak at ragged sizes", 0.9, ragged, "of_limit"),
               _kept("few rows at least 90 % of the stream, one thread", 0.9, few_of[1], "of_limit"),
               _kept("few rows at least 90 % of the stream, two threads", 0.9, few_of[2], "of_limit")]
    return Result(lines, targets, products + few)


def shape(row):
    return "%d x %d x %d" % (row["m"], row["n"], row["k"])


def _kept(what, limit, rows, key):
    return at_least(what, limit, [row for row in rows if row[key]], lambda row: row[key],
                    lambda row: cores.mark(shape(row), row.get("loop")), percent)
