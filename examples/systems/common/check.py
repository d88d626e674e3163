# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles a system's program, runs it, and compares it with what is expected."""

import math
import tempfile
import traceback
from pathlib import Path

import numpy as np

from common import heddle


def error_of(got, want):
    """The largest difference, relative to the largest element; whole numbers are right or not."""
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape:
        return math.inf
    if got.dtype.kind in "biu":
        return 0.0 if np.array_equal(got, want) else math.inf
    if got.size == 0:
        return 0.0
    difference = np.abs(got.astype("float64") - want).max() / max(np.abs(want).max(), 1e-30)
    return float(difference) if np.isfinite(difference) else math.inf


def missing_constructs(expected, found):
    """What of the expected is not there, as text."""
    missing = []
    for wish in expected:
        wish = {"kind": wish} if isinstance(wish, str) else wish
        kinds, forms = wish["kind"].split("|"), wish.get("form", "").split("|")
        count = sum(c["kind"] in kinds and (forms == [""] or c["form"] in forms) for c in found)
        if count < wish.get("at_least", 1):
            missing.append(f"{wish['kind']}: {count} of {wish.get('at_least', 1)}")
    return missing


def names_of(explained, measured, size):
    """What conditions of system.json may use."""
    graphs = [explained, *explained["sub_graphs"]]
    numbers = [c for c in explained["constructs"] if isinstance(c["work"], int) and isinstance(c["span"], int)]
    return {
        **size,
        "tasks": len(explained["tasks"]),
        "critical_path_tasks": len(explained["critical_path"]),
        "widest": max(graph["widest_level"] for graph in graphs),
        # Constructs may be parts of each other, so they are not added up.
        "work": max((c["work"] for c in numbers), default=0),
        "span": max((c["span"] for c in numbers), default=0),
        "loops": sum(task["runs"] in ("loop", "scan") for graph in graphs for task in graph["tasks"]),
        "left": len(explained["sequential"]),
        "same_bits": measured["same_bits"],
        "bits_as_written": measured["bits_as_written"],
        "model_weight_bytes": measured["model_weight_bytes"],
        "artifact_bytes": measured["artifact_bytes"],
        "log2": lambda n: math.ceil(math.log2(max(n, 1))),
        "ceil": math.ceil,
    }


def time_of(artifact, inputs, folder, threads, budget_ms):
    """The least time of runs that take about the budget."""
    once = heddle.run(artifact, inputs, folder, threads, 3)[1]["min_ms"]
    repeat = int(min(max(budget_ms / max(once, 1e-3), 5), 2000))
    return heddle.run(artifact, inputs, folder, threads, repeat)[1]["min_ms"]


def equal_bits(a, b):
    return all(np.array_equal(a[name].view("uint8") if a[name].ndim else a[name],
                              b[name].view("uint8") if b[name].ndim else b[name]) for name in a)


def errors_at(system, size, folder):
    """Errors of outputs at a size that is looked at for nothing else."""
    weights, inputs, graph = system.build(size)
    want, _ = system.reference(size, weights, inputs)
    model, artifact = folder / "edge.onnx", folder / "edge"
    graph.save(model)
    errors = {}
    for how, options in (("parallel", ()), ("as written", heddle.AS_WRITTEN)):
        heddle.compile(model, artifact, options)
        got, _ = heddle.run(artifact, inputs, folder / f"edge {how}", 2)
        for name in want:
            errors[f"{name}, {how}, {size}"] = error_of(got[name], want[name])
    return errors


def check_model(system, which, rounds):
    size = system.size(which)
    weights, inputs, graph = system.build(size)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        model, parallel, written = folder / "model.onnx", folder / "parallel", folder / "written"
        graph.save(model)
        heddle.compile(model, parallel)
        heddle.compile(model, written, heddle.AS_WRITTEN)
        got, _ = heddle.run(parallel, inputs, folder / "p2", 2)
        alone, _ = heddle.run(parallel, inputs, folder / "p1", 1)
        plain, _ = heddle.run(written, inputs, folder / "s1", 1)
        explained = heddle.explain(parallel, inputs, folder / "p2")
        want, known = system.reference(size, weights, inputs)
        times = {"parallel": math.inf, "sequential": math.inf}
        for _ in range(rounds):
            for name, artifact, threads in (("parallel", parallel, 2), ("sequential", written, 1)):
                times[name] = min(times[name], time_of(artifact, inputs, folder / "time", threads,
                                                       200 if rounds > 1 else 10))
        edges = {}
        for edge in system.facts.get("edges", []) if which == "small" else []:
            edges.update(errors_at(system, {**size, **edge}, folder))
        measured = {"same_bits": equal_bits(got, alone), "bits_as_written": equal_bits(got, plain),
                    "model_weight_bytes": sum(a.nbytes for a in graph.weights.values()),
                    "artifact_bytes": parallel.stat().st_size}
    wrong = [name for name in want if name not in got]
    errors = {**edges, **{f"output {name} is missing": math.inf for name in wrong}}
    for run, outputs in (("parallel", got), ("as written", plain)):
        errors.update({f"{name}, {run}": error_of(outputs[name], want[name])
                       for name in want if name not in wrong})
    names = {**names_of(explained, measured, size), **known}
    failed = missing_constructs(system.facts["constructs"], explained["constructs"])
    for condition in ["same_bits", *system.facts.get("counters", [])]:
        if not eval(condition, {"__builtins__": {"min": min, "max": max}}, names):
            failed.append(f"not {condition}")
    failed += [f"{what}: error {error:.2e}" for what, error in errors.items() if not error <= system.tolerance]
    return {"ok": not failed, "max_error": max(errors.values()), "tolerance": system.tolerance,
            "constructs": [{key: c[key] for key in ("kind", "form", "summary", "work", "span")}
                           for c in explained["constructs"]],
            "work": names["work"] or None, "span": names["span"] or None,
            "sequential_ms": times["sequential"], "parallel_ms": times["parallel"],
            "failed": failed, "left": explained["sequential"]}


def check(system, which, rounds):
    """One row of the table; an error of any kind is a row that is not ok."""
    try:
        row = system.plan().check(system, which) if system.is_plan else check_model(system, which, rounds)
    except Exception as error:  # a row that breaks must not hide the others
        reason = str(error) if isinstance(error, heddle.HeddleError) else traceback.format_exc(limit=-2)
        row = {"ok": False, "max_error": None, "tolerance": system.tolerance, "constructs": [], "work": None,
               "span": None, "sequential_ms": None, "parallel_ms": None, "failed": [reason], "left": []}
    return {"name": system.name, **row, "paper": system.facts["paper"]}
