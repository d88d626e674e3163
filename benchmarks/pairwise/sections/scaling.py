# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a second thread gains, beside what the machine gives."""

from pairwise import cores, turns
from pairwise.report import Result, at_least, at_most, number, table
from pairwise.workers import Failed

TITLE = "Two threads"
NEEDS_PEER = True
PROGRAMS = ("heddle", "peer_worker")

LARGE_MS = 10
NOISE = 1.03


def measure(bench):
    one, two = min(bench.threads), max(bench.threads)
    if one == two:
        raise Failed("needs two numbers of threads")
    rows = []
    for case in bench.cases():
        try:
            times = bench.pair(case)
        except Failed:
            continue  # the section of latencies tells
        sides = {side for side, _ in times}
        gained = bench.cores.gained(times)
        row = {"title": cores.mark(case.title, gained), "ms": times["heddle", one].median}
        row.update({side: turns.scaling(times, side, one, two) for side in sides})
        rows.append(row)
    large = [row for row in rows if row["ms"] > LARGE_MS and "read" in row]
    small = [row for row in rows if row["ms"] <= LARGE_MS]
    for row in large:
        row["machine"] = min(row["multiply-adds"], row["read"])
        row["part"] = row["heddle"] / row["machine"]
    lines = ["How many times faster a run is on %d threads than on %d. A loop of multiply-adds and a read from memory took "
             "turns with the models; a model is held against the smaller of the two." % (two, one), ""]
    lines += table(["case", "#ms on one", "#Heddle", "#ONNX Runtime", "#multiply-adds", "#read", "#Heddle / machine"],
                   [[row["title"], row["ms"], row["heddle"], row["onnxruntime"], row["multiply-adds"], row["read"],
                     row["part"]] for row in large])
    lines += cores.legend(row["multiply-adds"] for row in rows)
    slower = sorted((row for row in small if row["heddle"] < 1), key=lambda row: row["heddle"])
    if slower:
        lines += ["", "Below %d ms, and slower on %d threads: %s." % (LARGE_MS, two, ", ".join(
            "%s %s" % (row["title"], number(row["heddle"])) for row in slower))]
    name = lambda row: row["title"]  # noqa: E731
    targets = [at_least("at least 90 % of the machine's scaling, over 10 ms", 0.9, large, lambda row: row["part"], name),
               at_least("never below ONNX Runtime's scaling, over 10 ms", 1.0, large,
                        lambda row: row["heddle"] / row["onnxruntime"], name),
               at_most("never slower on two threads, below 10 ms (3 % for noise)", NOISE, small,
                       lambda row: 1 / row["heddle"], name)]
    return Result(lines, targets, rows)
