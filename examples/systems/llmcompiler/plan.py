# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LLMCompiler's movie recommendation: a rating is looked up for every film, one call after the other in the
plan's text; the best is told. Looking up takes time in which nothing is computed.
"""

import json
import math
import tempfile
import time
from pathlib import Path

from common import heddle

# Takes {"film": "film N"}, and time; the rating is a function of N.
LOOK_UP = 'read line; sleep {delay}; n=$(printf %s "$line" | tr -cd 0-9); echo $(( (n * 7919 + 13) % 1000 ))'


def tools(size):
    film = {"type": "object", "properties": {"film": {"type": "string"}}, "required": ["film"]}
    return {"tools": [
        {"name": "rating", "description": "How well a film was received", "inputSchema": film,
         "heddle": {"effects": "read"}, "run": {"command": ["sh", "-c", LOOK_UP.format(delay=size["delay"])]}},
        {"name": "math", "description": "Arithmetic", "run": {"builtin": "math"}}]}


def plan(size):
    films = range(1, size["films"] + 1)
    lines = [f'{n}. rating("film {n}")' for n in films]
    best = len(lines) + 1
    lines += [f'{best}. math("max({", ".join(f"${n}" for n in films)})")', f"{best + 1}. join(${best})", "<END_OF_PLAN>"]
    return "\n".join(lines) + "\n"


def reference(size):
    ratings = []
    for n in range(1, size["films"] + 1):
        ratings.append((n * 7919 + 13) % 1000)
    return max(ratings)


def run(arguments):
    begin = time.monotonic()
    result = json.loads(heddle.call("plan", "run", *arguments, "--json"))
    return result, (time.monotonic() - begin) * 1e3


def check(system, which):
    size = system.size(which)
    with tempfile.TemporaryDirectory() as folder:
        text, file = Path(folder) / "plan.txt", Path(folder) / "tools.json"
        text.write_text(plan(size))
        file.write_text(json.dumps(tools(size)))
        explained = json.loads(heddle.call("plan", "explain", text, "--tools", file, "--json"))
        parallel, parallel_ms = run([text, "--tools", file])
        sequential, sequential_ms = run([text, "--tools", file, "--max-parallel", "1"])
    want = reference(size)
    error = max((0.0 if result["result"] == want else math.inf) for result in (parallel, sequential))
    calls, span = len(explained["calls"]), len(explained["critical_path"])
    failed = [] if error == 0 else [f"{parallel['result']} and {sequential['result']} are not {want}"]
    # The sequential run waits for each film; the parallel one at most for a few, however busy the machine is.
    if not (explained["peak_concurrency"] >= size["films"] and parallel_ms < sequential_ms / 2):
        failed.append(f"calls do not overlap: {parallel_ms:.0f} ms against {sequential_ms:.0f} ms one by one")
    construct = {"kind": "spawn", "form": "", "summary": f"{explained['peak_concurrency']} calls at once",
                 "work": calls, "span": span}
    return {"ok": not failed, "max_error": error, "tolerance": system.tolerance, "constructs": [construct],
            "work": calls, "span": span, "sequential_ms": sequential_ms, "parallel_ms": parallel_ms,
            "failed": failed, "left": []}
