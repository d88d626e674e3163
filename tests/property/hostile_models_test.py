#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models that want to harm: valid ones with one to three things changed, sizes, attributes, constants, types, operands.

    hostile_models_test.py HEDDLE CASES [--seed N] [--count N] [--failed FOLDER] [--workers N]
                           [--peer PROGRAM --node-modules FOLDER]

Each is refused in one line, or compiles and runs, within bounds of time and memory. CASES is Debian's
libonnx-testdata. With --peer (onnxruntime_results of the build), what ONNX Runtime runs too has its results.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path += [os.path.join(TESTS, "e2e"), os.path.join(os.path.dirname(TESTS), "benchmarks")]
from numpy_models import NumpyModels, np  # noqa: E402  (first: it skips the test where there is no numpy)
import seeds  # noqa: E402
from hostile_models.mutants import Mutant, cases_of  # noqa: E402
from random_models.agreement import disagreement  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("heddle")
    parser.add_argument("cases")
    seeds.add_options(parser, count=100, failed="hostile-models-failed")
    parser.add_argument("--only", default="", metavar="PATTERN", help="of the names of cases")
    return parser.parse_args()


class Check(NumpyModels):
    """What is wrong is kept, to be printed by the process that started this one."""

    def __init__(self, heddle, peer):
        super().__init__(heddle)
        self.peer, self.problems = peer, []

    def wrong(self, what, error=""):
        self.problems.append(what + ("\n" + error.strip()[:600] if error else ""))

    def ending(self, mutant):
        with open(self.file("model.onnx"), "wb") as file:
            file.write(mutant.model.encoded())
        given = ["--random-inputs"]
        for name, array in (mutant.given or {}).items():
            np.save(self.file(f"{name}.npy"), array)
            given += ["--input", f"{name}={self.file(name)}.npy"]
        self.ours, self.theirs = self.file("ours"), self.file("theirs")
        os.mkdir(self.ours)
        os.mkdir(self.theirs)
        code, error = self.run("run", "run", self.program, *given, "--output", self.ours, "--no-cache")
        if code is None and "Loop" in mutant.operators():
            self.problems.clear()   # as many steps as it says
        # Random inputs that there is no memory for are of no file.
        if code == 2 and "model.onnx" not in error and (mutant.given is not None or "out of memory" not in error):
            self.wrong("the file is not named", error)
        if re.search(r"'(arith|linalg|tensor|memref|scf|llvm|func|vector|affine|builtin)\.|failed to legalize", error):
            self.wrong("an error of what was made of the model", error)
        if code != 0:
            return "refused"
        if self.peer and mutant.is_comparable():
            return self.beside_peer(mutant)
        return "run"

    def beside_peer(self, mutant):
        arrays = [self.file(f"{name}.npy") for name in mutant.given]
        process = subprocess.run([*self.peer, self.file("model.onnx"), self.theirs, *arrays], stdin=subprocess.DEVNULL,
                                 capture_output=True, text=True, timeout=60, check=False)
        if process.returncode != 0:
            return "run, not in ONNX Runtime"
        for name in sorted(os.listdir(self.theirs)):
            if not os.path.exists(os.path.join(self.ours, name)):
                continue
            theirs, ours = (np.load(os.path.join(folder, name)) for folder in (self.theirs, self.ours))
            with np.errstate(all="ignore"):
                problem = disagreement(ours, theirs)
            if problem:
                self.wrong(f"beside ONNX Runtime: {name} {problem}")
        return "run in both"


def try_seed(seed, options, cases, peer):
    """How it ended, and the lines to print."""
    mutant, check = Mutant(seed, cases), Check(options.heddle, peer)
    try:
        ending = check.ending(mutant)
    except subprocess.TimeoutExpired:
        ending = "run, without end in ONNX Runtime"
    if not check.problems:
        return ending, []
    folder = os.path.join(options.failed, str(seed))
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(check.folder.name, folder)
    head = f"WRONG: seed {seed}, {os.path.basename(os.path.dirname(mutant.case))}: {'; '.join(mutant.changes)}; see {folder}"
    return "wrong", [head, *(f"    {problem}" for problem in check.problems)]


def main():
    options = arguments()
    cases = cases_of(options.cases, options.only)
    if not cases:
        print(f"SKIPPED: no cases in {options.cases}: Debian's libonnx-testdata is not installed")
        sys.exit(77)
    return seeds.try_all(options, try_seed, cases, seeds.peer_of(options))


if __name__ == "__main__":
    sys.exit(main())
