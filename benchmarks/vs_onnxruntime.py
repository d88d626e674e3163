#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures Heddle beside ONNX Runtime, and against what the machine could do, in one run.

    benchmarks/vs_onnxruntime [MODELS.json]... [--sections models,memory,...] [--only PATTERN]... [--quick]

MODELS.json lists models and cases as scripts/model_files.py describes; without one, that of
$HEDDLE_SHARED or ../shared. Sides run in processes of their own and take turns: in each round each
runs for its share of the time while the others wait, so that all meet the same machine. Only runs are
timed, through the C APIs of both, with the same input files and numbers of threads.

Everything goes to vs_onnxruntime.json in the output folder, and to the report as tables: what stands
between its markers is replaced, the prose around them stays. That is docs/BENCHMARKS.md (and, after a
run of everything, the table in README.md); with --quick or --only it is a file of the output folder.
Progress is told on standard error. Ends with 1 where a section failed; targets that are not met are
told, not an error.

ONNX Runtime is the library in the npm package onnxruntime-node, installed into build/peers. What is
missing (npm, libdnnl-dev for oneDNN, --taskflow FOLDER) is told and left out. Standard library only.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
for folder in ("scripts", "tests/e2e", "benchmarks"):
    sys.path.insert(0, os.path.join(ROOT, folder))
from pairwise import machine, peers, report, summary  # noqa: E402
from pairwise.bench import Bench  # noqa: E402
from pairwise.sections import SECTIONS  # noqa: E402
from pairwise.workers import Failed  # noqa: E402

PAGE = os.path.join(ROOT, "docs", "BENCHMARKS.md")
TITLES = {name: section.TITLE for name, section in SECTIONS.items()}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", metavar="MODELS.json", nargs="*")
    parser.add_argument("--sections", default=",".join(SECTIONS), help="of %(default)s")
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN", help="names of models")
    parser.add_argument("--quick", action="store_true", help="less time for each, and fewer cases")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--seconds", type=float, help="for each side of a case")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--taskflow", metavar="FOLDER", help="a checkout, to compare the executor with")
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--no-build", action="store_true", help="take the programs as they are")
    parser.add_argument("--output", default=os.path.join(ROOT, "build", "benchmarks"))
    parser.add_argument("--report", help="the Markdown file to update")
    options = parser.parse_args()
    options.sections = [name.strip() for name in options.sections.split(",") if name.strip()]
    unknown = [name for name in options.sections if name not in SECTIONS]
    if unknown:
        parser.error("no section is called %s; there are %s" % (", ".join(unknown), ", ".join(SECTIONS)))
    shared = os.environ.get("HEDDLE_SHARED") or os.path.join(os.path.dirname(ROOT), "shared")
    options.models = options.models or [os.path.join(shared, "models", "models.json")]
    for path in options.models:
        if not os.path.isfile(path):
            parser.error("no %s: give a MODELS.json" % path)
    options.seconds = options.seconds or (0.3 if options.quick else 1.2)
    options.rounds = options.rounds or (2 if options.quick else 4)
    if not options.report:
        partial = options.quick or options.only
        options.report = os.path.join(options.output, "BENCHMARKS.md") if partial else PAGE
    return options


def build(options):
    """Brings the programs of the sections up to date; the sections of one that cannot be built say so."""
    if options.taskflow:
        subprocess.run(["cmake", options.build, "-DHEDDLE_TASKFLOW=" + os.path.abspath(options.taskflow)],
                       stdout=subprocess.DEVNULL, check=True)
    for program in sorted({program for name in options.sections for program in SECTIONS[name].PROGRAMS}):
        done = subprocess.run(["cmake", "--build", options.build, "--target", program], stdout=subprocess.DEVNULL,
                              check=False)
        if done.returncode:
            print("SKIPPED: %s cannot be built" % program, file=sys.stderr)


def run_section(name, bench, version):
    """The result; its first line says on what, when and under which load."""
    section = SECTIONS[name]
    if section.NEEDS_PEER and not bench.library:
        raise Failed("no ONNX Runtime: npm and the package %s are needed" % peers.PACKAGE)
    missing = [program for program in section.PROGRAMS if not os.path.exists(bench.program(program))]
    if missing:
        raise Failed("no %s: cmake --build %s --target %s" % (missing[0], bench.options.build, " ".join(missing)))
    before, begun = machine.load(), time.time()
    result = section.measure(bench)
    after = machine.load()
    head = "%s, %d cores; load %.1f before, %.1f after; %.0f s%s%s." % (
        machine.processor(), os.cpu_count() or 1, before, after, time.time() - begun,
        "; ONNX Runtime %s" % version if section.NEEDS_PEER else "", "; a quick run" if bench.quick else "")
    result.finish(head)
    return result, {"load": [before, after], "seconds": time.time() - begun, "data": result.data,
                    "targets": [vars(target) for target in result.targets]}


def rewrite(path, change):
    text = ""
    if os.path.exists(path):
        with open(path) as file:
            text = file.read()
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w") as file:
        file.write(change(text))


def revision():
    done = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True,
                          check=False)
    return done.stdout.strip() or None


def main():
    options = arguments()
    if not options.no_build:
        build(options)
    bench = Bench(options, ROOT)
    beside = any(SECTIONS[name].NEEDS_PEER for name in options.sections) and bench.library
    version = peers.version_of(beside) if beside else None
    everything = {"machine": machine.facts(), "onnxruntime": version, "revision": revision(), "quick": options.quick,
                  "sections": {}}
    results, failed = {}, False
    for name in options.sections:
        bench.say("%s (load %.1f)" % (TITLES[name], machine.load()))
        try:
            results[name], everything["sections"][name] = run_section(name, bench, version)
        except Exception as failure:  # the other sections are still worth having
            failed = True
            if not isinstance(failure, Failed):
                traceback.print_exc()
            bench.say("  NOT MEASURED: %s" % failure)
            results[name] = report.Result(["Not measured: %s" % report.cell(failure)],
                                          [report.Target(TITLES[name], report.cell(failure), None)])
            everything["sections"][name] = {"error": str(failure)}
        with open(os.path.join(options.output, "vs_onnxruntime.json"), "w") as file:
            json.dump(everything, file, indent=1, default=str)
        rewrite(options.report, lambda text, name=name: report.updated(text, {name: results[name]}, TITLES))
    if options.report == PAGE:
        lines = summary.lines_of(everything["sections"], version)
        if lines:
            rewrite(os.path.join(ROOT, "README.md"), lambda text: report.replace_block(text, "summary", lines, "Measured"))
    for folder in ("artifacts", "made"):
        shutil.rmtree(os.path.join(options.output, folder), ignore_errors=True)
    print("\n".join(report.target_rows("", results, list(TITLES))))
    print("report: %s" % options.report, file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
