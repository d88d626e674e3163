# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models that a test writes, run on numpy's arrays and compared with what numpy makes of them.

A test that imports this is skipped where there is no numpy.
"""

import os
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print("no numpy: nothing to compare with")
    sys.exit(77)

from bounded import Bounded
from onnx_bytes import BOOL, FLOAT, INT64, UINT8, floats, graph, model, value

# The numbers of element types, by numpy's names.
KINDS = {"float32": FLOAT, "uint8": UINT8, "int8": 3, "uint16": 4, "int16": 5, "int32": 6, "int64": INT64, "bool": BOOL,
         "float16": 10, "float64": 11, "uint32": 12, "uint64": 13}


def signature(dims_by_name):
    """Values of f32, or of the type that comes before the dimensions."""
    typed = ((name, dims if isinstance(dims, tuple) else (FLOAT, dims)) for name, dims in dims_by_name.items())
    return [value(name, dims, kind) for name, (kind, dims) in typed]


class NumpyModels(Bounded):
    """One model at a time: `write` it, then `results` or `expect` run it."""

    def __init__(self, heddle):
        super().__init__(heddle)
        self.folder = tempfile.TemporaryDirectory()
        self.names = []
        self.program = self.file("model.onnx")

    def file(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, nodes, inputs, outputs, weights, constants=(), opset=18, domains=("test",)):
        """Dimensions of inputs and outputs, and arrays of weights, by name; constants are tensors of other types."""
        initializers = [floats(name, array.ravel().tolist(), array.shape) for name, array in weights.items()]
        with open(self.file("model.onnx"), "wb") as file:
            file.write(model(graph(nodes, signature(inputs), signature(outputs), initializers + list(constants)),
                             opset=opset, domains=domains))
        self.names, self.program = list(outputs), self.file("model.onnx")

    def compile(self, what, *options):
        """From here on runs are of the artifact."""
        artifact = self.file("model.heddle")
        if self.run(f"{what} is compiled", "compile", self.file("model.onnx"), "-o", artifact, *options)[0] != 0:
            self.wrong(f"{what} is refused")
        self.program = artifact

    def results(self, what, inputs, *options):
        """Arrays by name, or none at all of a run that failed, which is wrong."""
        given = []
        for name, array in inputs.items():
            np.save(self.file(f"{name}.npy"), array)
            given += ["--input", f"{name}={self.file(name)}.npy"]
        code, error = self.run(what, "run", self.program, *given, "--output", self.folder.name, *options)
        if code == 0:
            return {name: np.load(self.file(f"{name}.npy")) for name in self.names}
        self.wrong(f"{what} fails", error)
        return {}

    def expect(self, what, inputs, expected, *options, agree=np.array_equal):
        for name, array in self.results(what, inputs, *options).items():
            if not agree(array, expected[name]):
                self.wrong(f"{what}: {name} has other numbers")
