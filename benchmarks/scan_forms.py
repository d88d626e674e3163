#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures the forms of a scan against each other, and the one that the compiler chooses.

    benchmarks/scan_forms.py [--build build/release] [--lengths 16,64,...] [--points 1,2,...]
                             [--cores 1,2] [--kinds affine,softmax] [--rounds 5] [--seconds 0.05]
                             [--json FILE]

Programs are `.mlir` files with one scan: `affine`, s = a s + b, or `softmax`, the running (m, u, w) of
an online softmax with one m and u for all points. For each length, number of points and of cores (as
many threads), all forms are compiled, and in each round each of them is run for its share of the time,
so that all meet the same machine. Reported is the minimum of each form over all rounds in microseconds,
the median of the rounds in parentheses, which form was chosen, and how much slower that is than the best
one (by minima). Standard library only.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

FORMS = ["recurrent", "chunk", "tree"]


def tensor(*shape):
    return "tensor<%sxf32>" % "x".join(str(d) for d in shape)


def operation(name, result, operands, types, out):
    operands = ", ".join("%" + o for o in operands)
    return '  %%%s = "onnx.%s"(%s) : (%s) -> %s\n' % (result, name, operands, ", ".join(types), out)


class Affine:
    def __init__(self, points):
        p = tensor(points)
        self.states, self.elements = [("s", (points,))], [("a", (points,)), ("b", (points,))]
        self.apply = (operation("Mul", "m", ["a0", "s0"], [p, p], p)
                      + operation("Add", "n", ["m", "b0"], [p, p], p), ["%n"])
        self.combine = (operation("Mul", "k", ["a1", "a0"], [p, p], p)
                        + operation("Mul", "m", ["a1", "b0"], [p, p], p)
                        + operation("Add", "n", ["m", "b1"], [p, p], p), ["%k", "%n"])


class Softmax:
    def __init__(self, points):
        one, p = tensor(1), tensor(points)
        self.states = [("m", (1,)), ("u", (1,)), ("w", (points,))]
        self.elements = [("x", (1,)), ("y", (1,)), ("z", (points,))]

        def merge(m, u, w, x, y, z):
            text = (operation("Max", "g", [m, x], [one, one], one)
                    + operation("Sub", "d", [m, "g"], [one, one], one)
                    + operation("Sub", "f", [x, "g"], [one, one], one)
                    + operation("Exp", "p", ["d"], [one], one)
                    + operation("Exp", "q", ["f"], [one], one))
            for name, old, new, t in [("h", u, y, one), ("v", w, z, p)]:
                text += (operation("Mul", name + "p", [old, "p"], [t, one], t)
                         + operation("Mul", name + "q", [new, "q"], [t, one], t)
                         + operation("Add", name, [name + "p", name + "q"], [t, t], t))
            return text, ["%g", "%h", "%v"]

        self.apply = merge("m0", "u0", "w0", "x0", "y0", "z0")
        self.combine = merge("x0", "y0", "z0", "x1", "y1", "z1")


def program(kind, length, points):
    scan = {"affine": Affine, "softmax": Softmax}[kind](points)
    states = [tensor(*shape) for _, shape in scan.states]
    element = [tensor(*shape) for _, shape in scan.elements]
    elements = [tensor(length, *shape) for _, shape in scan.elements]
    all_states = [tensor(length, *shape) for _, shape in scan.states]

    def named(names, types, suffix=""):
        return ["%%%s%s: %s" % (name, suffix, t) for (name, _), t in zip(names, types)]

    arguments = named(scan.states, states) + named(scan.elements, elements)
    arguments = ['%s {heddle.name = "%s"}' % (a, a[1]) for a in arguments]
    last = len(states) * 2 - 1
    return """func.func @main(%s) -> (%s {heddle.name = "states"}) {
  %%r:%d = heddle.scan (%s : %s) over (%s : %s) -> (%s) apply {
  ^bb0(%s):
%s    heddle.yield %s : %s
  } combine {
  ^bb0(%s):
%s    heddle.yield %s : %s
  }
  return %%r#%d : %s
}
""" % (", ".join(arguments), all_states[-1], 2 * len(states),
       ", ".join("%" + n for n, _ in scan.states), ", ".join(states),
       ", ".join("%" + n for n, _ in scan.elements), ", ".join(elements),
       ", ".join(states + all_states),
       ", ".join(named(scan.states, states, "0") + named(scan.elements, element, "0")),
       scan.apply[0], ", ".join(scan.apply[1]), ", ".join(states),
       ", ".join(named(scan.elements, element, "0") + named(scan.elements, element, "1")),
       scan.combine[0], ", ".join(scan.combine[1]), ", ".join(element), last, all_states[-1])


class Bench:
    def __init__(self, heddle, folder):
        self.heddle, self.folder = heddle, folder

    def compile(self, source, form, cores):
        artifact = os.path.join(self.folder, "%s%d.heddle" % (form, cores))
        command = [self.heddle, "compile", source, "-o", artifact, "--cores", str(cores)]
        if form != "chosen":
            command += ["--scan-form", form]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return artifact

    def chosen(self, source, cores):
        text = os.path.join(self.folder, "chosen.mlir")
        subprocess.run([self.heddle, "compile", source, "-o", text, "--emit", "heddle", "--cores",
                        str(cores)], check=True, stdout=subprocess.DEVNULL)
        with open(text) as file:
            text = file.read()
        return next((form for form in FORMS if 'form = "%s"' % form in text), "?")

    def run(self, artifact, threads, seconds):
        result = subprocess.run([self.heddle, "bench", artifact, "--json", "--threads", str(threads),
                                 "--min-time", str(seconds)], check=True, capture_output=True, text=True)
        facts = json.loads(result.stdout)
        return facts["min_ms"] * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--lengths", default="16,64,256,1024,4096,16384,65536")
    parser.add_argument("--points", default="1,2,4,8,16,32,64,128")
    parser.add_argument("--cores", default="1,2")
    parser.add_argument("--kinds", default="affine,softmax")
    parser.add_argument("--forms", default=",".join(FORMS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.05)
    parser.add_argument("--json")
    options = parser.parse_args()
    numbers = lambda text: [int(n) for n in text.split(",")]
    rows, forms = [], options.forms.split(",")
    print("load %.1f %.1f %.1f" % os.getloadavg())
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(os.path.join(options.build, "bin", "heddle"), folder)
        source = os.path.join(folder, "scan.mlir")
        for kind in options.kinds.split(","):
            for length in numbers(options.lengths):
                for points in numbers(options.points):
                    with open(source, "w") as file:
                        file.write(program(kind, length, points))
                    for cores in numbers(options.cores):
                        artifacts = {f: bench.compile(source, f, cores) for f in forms}
                        times = {f: [] for f in forms}
                        for _ in range(options.rounds):
                            for form, artifact in artifacts.items():
                                times[form].append(bench.run(artifact, cores, options.seconds))
                        row = {"kind": kind, "length": length, "points": points, "cores": cores,
                               "chosen": bench.chosen(source, cores),
                               "us": {f: min(t) for f, t in times.items()},
                               "median_us": {f: statistics.median(t) for f, t in times.items()}}
                        chosen = row["us"].get(row["chosen"])
                        best = min(row["us"].values())
                        row["excess"] = chosen / best - 1 if chosen and best else 0
                        rows.append(row)
                        print("%-8s L %6d points %4d cores %d  " % (kind, length, points, cores)
                              + "  ".join("%s %9.1f (%9.1f)" % (f, row["us"][f], row["median_us"][f])
                                          for f in forms)
                              + "  chosen %-9s +%.0f %%" % (row["chosen"], 100 * row["excess"]), flush=True)
    good = sum(row["excess"] <= 0.10 for row in rows)
    print("within 10 %% of the best: %d of %d; most: +%.0f %%" % (
        good, len(rows), 100 * max(row["excess"] for row in rows)))
    print("load %.1f %.1f %.1f" % os.getloadavg())
    if options.json:
        with open(options.json, "w") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    sys.exit(main())
