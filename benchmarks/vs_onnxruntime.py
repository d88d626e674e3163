#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares Heddle with ONNX Runtime, model by model, in pairs.

    benchmarks/vs_onnxruntime.py MODELS.json [--only NAME]... [--threads 1,2] [--seconds 1.5]
                                 [--rounds 5] [--build build/release] [--output build/benchmarks]

MODELS.json lists models and cases as scripts/model_files.py describes. For each case and number of
threads both sides run in processes of their own and take turns: in each round each runs for its share
of the time while the other waits, so that both meet the same machine. Reported are the median and the
minimum of a run in ms, and the ratio Heddle / ONNX Runtime: the median of the rounds' ratios. Only
the runs are timed, through the C APIs of both, with the same input files.

ONNX Runtime is the library in the npm package onnxruntime-node; it is installed into build/peers. Its
install script does not run: that would download what only GPUs need. Standard library only. Writes
vs_onnxruntime.md and vs_onnxruntime.json.
"""

import argparse
import glob
import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "scripts"))
import model_files  # noqa: E402

PACKAGE = "onnxruntime-node@1.30"


class Failed(Exception):
    """Why a side could not be measured, in a line."""


class Worker:
    """One side: a process that runs a model when it is asked to."""

    def __init__(self, program, engine, model, threads, inputs):
        command = [program, engine, model, str(threads)] + inputs
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.facts = self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failed("crashed (exit code %s)" % self.process.wait())
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"][:300])
        return answer

    def run(self, seconds):
        self.process.stdin.write("%g\n" % seconds)
        self.process.stdin.flush()
        return self.answer()["ms"]

    def close(self):
        self.process.kill()
        self.process.wait()


def onnxruntime_library():
    """The CPU library in the npm package, which is installed where it is missing."""
    folder = os.path.join(ROOT, "build", "peers")
    pattern = os.path.join(folder, "node_modules", "onnxruntime-node", "bin", "napi-v*", "linux", "x64",
                           "libonnxruntime.so*")
    if not glob.glob(pattern) and shutil.which("npm"):
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "package.json"), "w") as file:
            file.write('{"private": true}\n')
        subprocess.run(["npm", "install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund",
                        "--no-save", "--loglevel=error", PACKAGE], stdout=sys.stderr, check=False)
    found = sorted(glob.glob(pattern))
    return found[-1] if found else None


def version_of(library):
    manifest = os.path.join(library.split("/bin/napi-v")[0], "package.json")
    with open(manifest) as file:
        return json.load(file)["version"]


def compiled(heddle, model, name, folder):
    """The artifact and how long it took to make, in ms."""
    artifact = os.path.join(folder, name + ".heddle")
    begin = time.perf_counter()
    done = subprocess.run([heddle, "compile", model, "-o", artifact], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Failed((done.stderr.strip().splitlines() or ["failed"])[-1][:300])
    return artifact, 1000 * (time.perf_counter() - begin)


def inputs_of(folder):
    files = glob.glob(os.path.join(folder, "input_*.pb"))
    return sorted(files, key=lambda name: int(name.rsplit("_", 1)[1][:-3]))


def measure(program, library, artifact, model, threads, inputs, seconds, rounds):
    """The row of a case."""
    workers = []
    try:
        theirs = Worker(program, library, model, threads, inputs)
        workers.append(theirs)
        ours = Worker(program, "heddle", artifact, threads, inputs)
        workers.append(ours)
        share = seconds / rounds
        samples, ratios = ([], []), []
        for index in range(rounds):
            turn = []
            # Who begins changes from round to round.
            for side in ((0, 1) if index % 2 else (1, 0)):
                time.sleep(0.01)  # lets the other side's workers go to sleep
                times = workers[side].run(share)
                samples[side].extend(times)
                turn.append((side, statistics.median(times)))
            medians = dict(turn)
            ratios.append(medians[1] / medians[0])
        return {
            "onnxruntime": summary(samples[0], theirs.facts),
            "heddle": summary(samples[1], ours.facts),
            "ratio": statistics.median(ratios),
        }
    finally:
        for worker in workers:
            worker.close()


def summary(times, facts):
    return {"median_ms": statistics.median(times), "min_ms": min(times), "runs": len(times),
            "load_ms": facts["load_ms"], "first_ms": facts["first_ms"], "peak_mb": facts["peak_mb"]}


def processor():
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def number(value):
    return "%.3g" % value if value < 100 else "%.0f" % value


def markdown(result):
    rows = [row for row in result["rows"] if "ratio" in row]
    lines = ["# Heddle and ONNX Runtime %s" % result["onnxruntime"], "",
             "%s, %d cores, load %.1f before and %.1f after; times in ms; ratio is Heddle / ONNX Runtime, "
             "below 1 Heddle is faster." % (result["processor"], result["cores"], *result["load"]), "",
             "| model | case | threads | ONNX Runtime median | min | Heddle median | min | ratio | "
             "load | compile |", "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for row in result["rows"]:
        head = "| %s | %s | %s |" % (row["model"], row.get("case", ""), row.get("threads", ""))
        if "error" in row:
            lines.append(head + " not measured: %s | | | | | | |" % row["error"].replace("|", "/"))
            continue
        cells = [row["onnxruntime"]["median_ms"], row["onnxruntime"]["min_ms"], row["heddle"]["median_ms"],
                 row["heddle"]["min_ms"], row["ratio"], row["heddle"]["load_ms"], row["compile_ms"]]
        lines.append(head + " " + " | ".join(number(cell) for cell in cells) + " |")
    for threads in sorted({row["threads"] for row in rows}):
        ratios = [row["ratio"] for row in rows if row["threads"] == threads]
        mean = math.exp(statistics.fmean(math.log(ratio) for ratio in ratios))
        lines += ["", "%d threads: %d cases, geometric mean of the ratios %.2f, worst %.2f, %d above 3."
                  % (threads, len(ratios), mean, max(ratios), sum(ratio > 3 for ratio in ratios))]
    return "\n".join(lines) + "\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", metavar="MODELS.json")
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--seconds", type=float, default=1.5, help="for each side of a case")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--output", default=os.path.join(ROOT, "build", "benchmarks"))
    return parser.parse_args()


def main():
    options = arguments()
    library = onnxruntime_library()
    if not library:
        sys.exit("vs_onnxruntime.py: no ONNX Runtime: npm and the package %s are needed" % PACKAGE)
    subprocess.run(["cmake", "--build", options.build, "--target", "heddle", "peer_worker"],
                   stdout=subprocess.DEVNULL, check=True)
    heddle, program = (os.path.join(options.build, "bin", name) for name in ("heddle", "peer_worker"))
    os.makedirs(options.output, exist_ok=True)
    rows, load = [], os.getloadavg()[0]
    for entry, model, folder in model_files.find(options.models, os.path.join(ROOT, "build", "models")):
        name = entry["name"]
        if options.only and name not in options.only:
            continue
        print(name, file=sys.stderr)
        try:
            if model is None:
                raise Failed("the model could not be had")
            artifact, compile_ms = compiled(heddle, model, name, options.output)
        except Failed as failure:
            rows.append({"model": name, "error": str(failure)})
            continue
        for case in entry["cases"]:
            inputs = inputs_of(os.path.join(folder, case["data"]))
            for threads in (int(count) for count in options.threads.split(",")):
                row = {"model": name, "case": case["case"], "threads": threads, "compile_ms": compile_ms}
                try:
                    row.update(measure(program, library, artifact, model, threads, inputs, options.seconds,
                                       options.rounds))
                    print("  %s, %d threads: %.3f ms against %.3f, ratio %.2f"
                          % (case["case"], threads, row["heddle"]["median_ms"], row["onnxruntime"]["median_ms"],
                             row["ratio"]), file=sys.stderr)
                except Failed as failure:
                    row["error"] = str(failure)
                rows.append(row)
        os.remove(artifact)
    result = {"onnxruntime": version_of(library), "processor": processor(), "cores": os.cpu_count(),
              "load": [load, os.getloadavg()[0]], "rows": rows}
    with open(os.path.join(options.output, "vs_onnxruntime.json"), "w") as file:
        json.dump(result, file, indent=1)
    table = markdown(result)
    with open(os.path.join(options.output, "vs_onnxruntime.md"), "w") as file:
        file.write(table)
    print(table, end="")


if __name__ == "__main__":
    main()
