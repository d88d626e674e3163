# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Conformance cases with one to three things changed, and arrays to run them on."""

import collections
import glob
import math
import os
import random
import re

import numpy as np
from hostile_models import mutations
from hostile_models.messages import DTYPES, NODE, TENSOR, array_of, decoded, dims_of, tensor_of

MOST_BYTES = 100_000        # of a case
MOST_ELEMENTS, MOST_RANK = 1 << 16, 30      # of an input that is given

RANDOM = {"Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}


def content_of(path):
    with open(path, "rb") as file:
        return file.read()


def cases_of(folder, pattern=""):
    """Lists of paths, one for each set of operators, so that those with many cases are not most of what is tried."""
    cases = collections.defaultdict(list)
    for path in sorted(glob.glob(os.path.join(folder, "*", "*", "model.onnx"))):
        if re.search(pattern, path) and 0 < os.path.getsize(path) < MOST_BYTES:
            nodes = decoded(content_of(path)).messages(NODE)
            cases[tuple(sorted({node.text(4) for node in nodes}))].append(path)
    return list(cases.values())


class Mutant:
    """Of a case that chance picks: `model`, `changes` as sentences, and `given`, arrays by name, where all sizes are moderate."""

    def __init__(self, seed, cases):
        self.chance = random.Random(seed)
        self.case = self.chance.choice(self.chance.choice(cases))
        self.model = decoded(content_of(self.case))
        self.arrays = self.arrays_of_case()
        self.promote_inputs()
        if self.chance.random() < 0.8:
            self.forget_types_of_outputs()
        wanted, self.changes = self.chance.choice((1, 1, 2, 3)), []
        for _ in range(20):
            change = self.chance.choice(mutations.ALL)(self.chance, self.model)
            self.changes += [change] if change else []
            if len(self.changes) == wanted:
                break
        self.given = self.arrays_to_give()

    def arrays_of_case(self):
        arrays = {}
        for i, value in enumerate(mutations.graph_inputs(self.model)):
            path = os.path.join(os.path.dirname(self.case), "test_data_set_0", f"input_{i}.pb")
            if dims_of(value) is not None and os.path.exists(path) and os.path.getsize(path) < MOST_BYTES:
                array = array_of(decoded(content_of(path), TENSOR))
                if array is not None:
                    arrays[value.text(1)] = array
        return arrays

    def promote_inputs(self):
        """Some become constants, those that say how most of all: what is known when compiling goes other ways."""
        graph = self.model.first(7)
        for value in graph.all(11):
            array = self.arrays.get(value.text(1))
            if array is None:
                continue
            parameter = array.dtype == np.int64 or array.size <= 4
            if self.chance.random() < (0.6 if parameter else 0.15):
                graph.set(11, *(other for other in graph.all(11) if other is not value))
                graph.set(5, *graph.all(5), tensor_of(value.text(1), array))

    def forget_types_of_outputs(self):
        """What a case declares would refuse most changes of shapes."""
        for value in self.model.first(7).all(12):
            if dims_of(value) is not None:
                value.set(2)

    def arrays_to_give(self):
        given, sizes = {}, {}
        constants = {tensor.first(8) for tensor in self.model.first(7).all(5)}
        for value in mutations.graph_inputs(self.model):
            if value.first(1) in constants:
                continue
            dims = dims_of(value)
            kind = DTYPES.get(value.first(2).first(1).first(1)) if dims is not None else None
            if kind is None or "/" in value.text(1):
                return None
            shape = []
            for dim in dims:
                size = dim.first(1)
                shape.append(size if size is not None else sizes.setdefault(dim.first(2), self.chance.choice((1, 2, 3, 5))))
            if (len(shape) > MOST_RANK or not all(0 <= size <= MOST_ELEMENTS for size in shape)
                    or math.prod(shape) > MOST_ELEMENTS):
                return None
            given[value.text(1)] = self.array(shape, kind, self.arrays.get(value.text(1)))
        return given

    def array(self, shape, kind, array):
        """The case's numbers, as far as they go."""
        if array is None or not array.size:
            array = np.array([self.chance.randint(0, 3) for _ in range(64)])
        with np.errstate(all="ignore"):
            return np.resize(array, shape).astype(kind)

    def is_comparable(self):
        """Whether two who run it should agree: docs/conformance.md says where empty tensors do not."""
        return (self.given is not None and all(array.size for array in self.given.values())
                and not RANDOM & self.operators())

    def operators(self):
        return {node.text(4) for node in self.model.messages(NODE)}
