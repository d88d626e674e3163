# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One model, compiled in every way that should not matter: what differs from its operators one at a time."""

import contextlib
import glob
import os
import subprocess

import numpy as np
from numpy_models import NumpyModels
from random_models.agreement import disagreements

CPUS = ("x86-64-v2", "x86-64-v3")


@contextlib.contextmanager
def other_memory():
    """Of glibc: what is allocated holds other bytes than usual."""
    os.environ["MALLOC_PERTURB_"] = "165"
    yield
    del os.environ["MALLOC_PERTURB_"]


class Comparison(NumpyModels):
    """`peer`: a program that runs ONNX Runtime, and its library; None without them."""

    def __init__(self, heddle, peer=None):
        super().__init__(heddle)
        self.peer, self.problems = peer, []

    def wrong(self, what, error=""):
        self.problems.append(what + ("\n" + error.strip()[:600] if error else ""))

    def operators_alone(self, model):
        """What a generator evaluates with: None where Heddle refuses."""
        model.write_to(self)
        return self.ran("alone", model, "-O", "0", "--threads", "1", "--no-cache")[0]

    def ran(self, what, model, *options):
        """Results, or None and why there are none."""
        for stale in glob.glob(self.file("*.npy")):
            os.remove(stale)
        given = []
        for name, array in model.given.items():
            np.save(self.file(f"{name}.npy"), array)
            given += ["--input", f"{name}={self.file(name)}.npy"]
        code, error = self.run(what, "run", self.program, *given, "--output", self.folder.name, *options)
        return (self.loaded(model), "") if code == 0 else (None, error)

    def loaded(self, model):
        return {name: np.load(self.file(f"{name}.npy")) for name in model.results}

    def compiled(self, what, *options):
        artifact = self.file("model.heddle")
        code, error = self.run(what, "compile", self.file("model.onnx"), "-o", artifact, "--no-cache", *options)
        self.program = artifact
        with open(artifact, "rb") if code == 0 else open(os.devnull, "rb") as file:
            return file.read(), error

    def ways(self, model):
        """How it is run, and what came of it: results, or None and an error."""
        yield "without optimisation", *self.ran("-O0", model, "-O", "0", "--threads", "1")
        first, error = self.compiled("compiled")
        if not first:
            yield "compiled", None, error
            return
        two = self.ran("two threads", model, "--threads", "2")
        yield "compiled", *two
        with other_memory():
            one = self.ran("one thread", model, "--threads", "1")
            again = self.compiled("compiled again")[0]
        yield "on one thread", *one
        if two[0] and one[0] and any(two[0][name].tobytes() != one[0][name].tobytes() for name in one[0]):
            self.wrong("other bits on another number of threads")
        if again != first:
            self.wrong("compiled again, the artifact has other bytes")
        if any(node.op == "Conv" for node in model.nodes):
            self.compiled("without Winograd", "--no-winograd")
            yield "without Winograd", *self.ran("without Winograd", model)
        bytes_of_cpus, error = self.compiled("for older CPUs", "--target-cpu", ",".join(CPUS))
        for cpu in CPUS:
            yield f"for {cpu}", *(self.ran(cpu, model, "--target-cpu", cpu) if bytes_of_cpus else (None, error))

    def problems_of(self, model):
        """Sentences; a refusal is one where not all refuse."""
        self.problems, refused, ways = [], {}, 0
        model.write_to(self)
        for way, results, error in self.ways(model):
            ways += 1
            if results is None:
                refused[way] = error
                continue
            for name, problem in disagreements(results, model).items():
                self.wrong(f"{way}: {name} {problem}")
        if 0 < len(refused) < ways:
            for way, error in refused.items():
                self.wrong(f"{way}: refused, and not otherwise", error)
        if not refused:
            self.problems += self.problems_beside_peer(model)
        return self.problems, refused

    def problems_beside_peer(self, model):
        empty = any(array.size == 0 for array in (*model.given.values(), *model.constants.values()))
        if not self.peer or empty or any(map(known_to_differ, model.nodes)):
            return []   # docs/conformance.md, "Against ONNX Runtime"
        arguments = [self.file(f"{name}.npy") for name in model.given]
        for name, array in model.given.items():
            np.save(self.file(f"{name}.npy"), array)
        process = subprocess.run([*self.peer, self.file("model.onnx"), self.folder.name, *arguments],
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        if process.returncode != 0:
            return []   # what it does not take says nothing of Heddle
        return [f"beside ONNX Runtime: {name} {problem}"
                for name, problem in disagreements(self.loaded(model), model).items()]


def known_to_differ(node):
    return node.op == "ReduceProd"
