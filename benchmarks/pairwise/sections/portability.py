# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The same schedules on older target CPUs: kernels beside the peak of theirs, and models that carry all
of them in one artifact."""

import os

from pairwise import turns
from pairwise.report import Result, Target, geometric_mean, percent, table
from pairwise.workers import Failed, json_lines, output_of

TITLE = "Target CPUs"
NEEDS_PEER = False
PROGRAMS = ("heddle", "peer_worker", "kernel_benchmark")

CPUS = ("x86-64-v4", "x86-64-v3", "x86-64-v2")
KINDS = ("matmul ", "bytes ", "attention ", "conv ")


def kernels(bench):
    """[{"name", CPU: (rate, peak)}]; operations on bytes are held against the peak of f32's."""
    rows = {}
    for cpu in CPUS:
        bench.say("  kernels for %s" % cpu)
        for kind in KINDS:
            for line in json_lines(output_of(
                    [bench.program("kernel_benchmark"), "--cpu", cpu, "--known-sizes", "--json", "--seconds",
                     "0.05" if bench.quick else "0.2", kind], "kernel_benchmark --cpu " + cpu)):
                row = rows.setdefault(line["name"], {"name": line["name"]})
                row[cpu] = line["sides"]["heddle"]["rate"], line["bounds"]["peak"]
    return [row for row in rows.values() if all(cpu in row for cpu in CPUS)]


def models(bench, errors):
    """Each model's first case on one thread, in turns between the targets of one artifact: [{"title",
    "mb", CPU: Timed}]."""
    rows = []
    for model in bench.models[::6] if bench.quick else bench.models:
        path = os.path.join(bench.output, "artifacts", model.name + ".targets.heddle")
        workers = {}
        try:
            if model.path is None:
                raise Failed("the model could not be had")
            bench.compile(model.path, path, "--target-cpu", ",".join(CPUS))
            case = model.cases[0]
            for cpu in CPUS:
                workers[cpu] = bench.worker("heddle:" + cpu, path, 1, case.inputs)
            times = turns.in_turns(workers, 0.75 * bench.options.seconds, bench.options.rounds)
        except Failed as failure:
            errors.append("%s: %s" % (model.name, failure))
            continue
        finally:
            for worker in workers.values():
                worker.close()
        rows.append({"title": case.title, "mb": os.path.getsize(path) / 1e6, **times})
        os.remove(path)
        bench.say("  %s: %s" % (case.title, ", ".join("%s %.4g ms" % (cpu, times[cpu].least) for cpu in CPUS)))
    return rows


def measure(bench):
    errors = []
    os.makedirs(os.path.join(bench.output, "artifacts"), exist_ok=True)
    alone, whole = kernels(bench), models(bench, errors)
    if not alone:
        raise Failed("kernel_benchmark --json tells of no kernels")
    lines = ["Kernels on one thread, the best of the run: GFLOP/s (for bytes operations in 10^9 a second), and the part of "
             "what multiply-adds of f32 in vectors of the target reach in the same run.", ""]
    lines += table(["kernel", *(head for cpu in CPUS for head in ("#" + cpu, "#of its peak"))],
                   [[row["name"], *(value for cpu in CPUS for value in (row[cpu][0], percent(row[cpu][0] / row[cpu][1])))]
                    for row in alone])
    newest = CPUS[0]
    if whole:
        lines += ["", "Models, one artifact with code for all three, in turns on one thread; least ms, and times that of %s." %
                  newest, ""]
        lines += table(["model", *("#" + cpu for cpu in CPUS), *("#%s / %s" % (cpu[-2:], newest[-2:]) for cpu in CPUS[1:])],
                       [[row["title"], *(row[cpu].least for cpu in CPUS),
                         *(row[cpu].least / row[newest].least for cpu in CPUS[1:])] for row in whole])
        lines += ["", "Geometric means: %s." % ", ".join(
            "%s %.2f times %s's" % (cpu, geometric_mean([row[cpu].least / row[newest].least for row in whole]), newest)
            for cpu in CPUS[1:])]
    target = Target("models that one artifact carries for %s" % ", ".join(CPUS), "%d of %d" % (
        len(whole), len(whole) + len(errors)), bool(whole) and not errors)
    return Result(lines, [target], {"kernels": alone, "models": [
        {"title": row["title"], **{cpu: row[cpu].json() for cpu in CPUS}} for row in whole]}, errors)
