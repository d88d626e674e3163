# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A folder of examples/systems: the sequential program, its reference, and what is expected of both.

system.json:
  paper       the published number that the row is about, as text
  tolerance   of the error, relative to the largest element of an output; integers must be equal
  sizes       by name ("small", "normal"): parameters of the builder
  edges       sizes that differ from "small" in these parameters, at which only the outputs are compared
  constructs  found by the compiler: a kind, or {"kind", "at_least"?, "form"?}; kinds with | are alternatives
  counters    conditions over what was measured (names_of() in check.py) and the parameters of the size
"""

import importlib.util
import json
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(FOLDER))


def names():
    return sorted(path.parent.name for path in FOLDER.glob("*/system.json"))


class System:
    def __init__(self, name):
        self.name, self.folder = name, FOLDER / name
        self.facts = json.loads((self.folder / "system.json").read_text())
        self.tolerance = self.facts["tolerance"]

    def _module(self, file):
        spec = importlib.util.spec_from_file_location(f"{self.name}_{file}", self.folder / f"{file}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    @property
    def is_plan(self):
        return (self.folder / "plan.py").exists()

    def size(self, which):
        return self.facts["sizes"][which]

    def build(self, size):
        """weights, inputs, and the graph of the sequential program"""
        program = self._module("program")
        weights = program.weights(size)
        return weights, program.inputs(size), program.program(size, weights)

    def reference(self, size, weights, inputs):
        """The outputs, and what conditions may use of them."""
        module = self._module("reference")
        outputs = module.outputs(size, weights, inputs)
        return outputs, module.names(size, outputs) if hasattr(module, "names") else {}

    def plan(self):
        return self._module("plan")
