# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The heddle command, as far as the systems need it."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("HEDDLE_BUILD", ROOT / "build/release")) / "bin/heddle"
# What makes the program run as it is written: one core, and no loop taken for something else.
AS_WRITTEN = ["--cores", "1", "--no-scans"]


class HeddleError(RuntimeError):
    pass


def call(*arguments):
    done = subprocess.run([str(BINARY), *map(str, arguments)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=600)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise HeddleError(said[-1] if said else f"heddle {arguments[0]}: exit {done.returncode}")
    return done.stdout


def compile(model, artifact, options=()):
    call("compile", model, "-o", artifact, *options)


def run(artifact, inputs, folder, threads, repeat=1):
    """The outputs by name, and what was measured."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, array in inputs.items():
        path = folder / f"in_{name}.npy"
        np.save(path, array)
        files += ["--input", f"{name}={path}"]
    measured = json.loads(call("run", artifact, *files, "--output", folder, "--threads", threads,
                               "--repeat", repeat, "--json"))
    outputs = {path.stem: np.load(path) for path in folder.glob("*.npy") if not path.stem.startswith("in_")}
    return outputs, measured


def explain(artifact, inputs, folder):
    files = []
    for name in inputs:
        files += ["--input", f"{name}={folder / f'in_{name}.npy'}"]
    return json.loads(call("explain", artifact, "--json", *files))
