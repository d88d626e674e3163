# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A random model, one operator after another, each tried alone before it is kept.

What an operator gives alone, without optimisation, is the shape that the next ones build on, and what
the whole model should give.
"""

import numpy as np
from numpy_models import KINDS
from onnx_bytes import node, tensor

OPSET = 23
MOST_ELEMENTS = 60000   # of a result; of what others take, far fewer
REALS = ("f4", "f4", "f4", "f2", "f8")
KINDS_OF_ALL = ("f4", "f4", "f2", "f8", "i4", "i8", "u1", "i1", "?")


class Value:
    """Exact: the same bits from everyone who computes it, so that roundings and comparisons of it agree."""

    def __init__(self, name, array, exact):
        self.name, self.array, self.exact, self.used = name, array, exact, False
        self.shape, self.rank, self.kind = array.shape, array.ndim, array.dtype.str[1:].replace("b1", "?")

    def is_kind(self, letters):
        return self.array.dtype.kind in letters


class Node:
    """Inputs that are left out are empty names; `captured` are names that its sub-graphs use."""

    def __init__(self, op, inputs, outputs, domain, captured, attributes):
        self.op, self.inputs, self.outputs, self.captured = op, inputs, outputs, captured
        self.domain, self.attributes = domain, attributes

    def uses(self):
        return {name for name in (*self.inputs, *self.captured) if name}

    def encoded(self):
        return node(self.op, self.inputs, self.outputs, self.outputs[0], self.domain, **self.attributes)


class Model:
    """Nodes; arrays that are given (their dimensions are sizes or names), constants, and results by name."""

    def __init__(self, nodes, given, dims, constants, results, exact=()):
        self.nodes, self.given, self.dims, self.constants = nodes, given, dims, constants
        self.results, self.exact = results, set(exact)

    def write_to(self, check):
        check.write([node.encoded() for node in self.nodes],
                    {name: (KINDS[array.dtype.name], self.dims[name]) for name, array in self.given.items()},
                    {name: None for name in self.results}, {},
                    [tensor(name, array.shape, KINDS[array.dtype.name], array.tobytes())
                     for name, array in self.constants.items()], OPSET, ("com.microsoft",))


class Generator:
    """`evaluate` gives the results of a model, or None of one that is refused."""

    def __init__(self, seed, evaluate):
        self.random, self.evaluate = np.random.default_rng(seed), evaluate
        self.nodes, self.values, self.arrays, self.constants = [], [], {}, set()
        self.parameters = set()     # integers that say how: never operands of others
        self.names, self.refused = 0, 0
        self.named_dims = self.pick("none", "each", "by size")

    # Chance.
    def chance(self, probability):
        return self.random.random() < probability

    def pick(self, *choices):
        return choices[int(self.random.integers(len(choices)))]

    def integer(self, low, high):
        return int(self.random.integers(low, high))

    def integers(self, low, high, count):
        return [int(number) for number in self.random.integers(low, high, count)]

    def permutation(self, count):
        return [int(number) for number in self.random.permutation(count)]

    def divisor(self, number):
        return self.pick(*(d for d in range(1, number + 1) if number % d == 0))

    def shape(self, rank=None):
        dims = self.integers(1, 8, self.integer(0, 6) if rank is None else rank)
        if dims and self.chance(0.25):
            dims[self.integer(0, len(dims))] = 1
        if dims and self.chance(0.04):
            dims[self.integer(0, len(dims))] = 0
        if dims and self.chance(0.15):
            dims[-1] = self.pick(16, 17, 33, 64, 70)
        return dims

    def broadcastable(self, shape):
        """With the shape: some dimensions of 1, some left out in front, or one more there."""
        dims = [1 if self.chance(0.3) else size for size in shape]
        dims = dims[self.integer(0, len(dims) + 1) if self.chance(0.4) else 0:]
        return [2] + [1] * (len(shape) - len(dims)) + dims if self.chance(0.1) else dims

    def numbers(self, shape, kind):
        kind = np.dtype(kind)
        if kind.kind == "f":
            numbers = self.random.standard_normal(shape) * self.pick(1, 1, 3)
            return np.asarray(np.round(numbers * 8) / 8 if self.chance(0.5) else numbers, kind)
        low, high = {"b": (0, 2), "u": (0, 50), "i": (-20, 21)}[kind.kind]
        return np.asarray(self.random.integers(low, high, shape), kind)

    # Values.
    def new_name(self, prefix):
        self.names += 1
        return f"{prefix}{self.names}"

    def leaf(self, shape=None, kind="f4", constant=None, array=None, hidden=False):
        """An input or, where `constant` or chance says so, a constant; a hidden one is not taken by others."""
        array = self.numbers(shape, kind) if array is None else np.asarray(array)
        constant = self.chance(0.35) if constant is None else constant
        value = Value(self.new_name("c" if constant else "x"), array, True)
        self.arrays[value.name] = array
        if constant:
            self.constants.add(value.name)
        if not hidden:
            self.values.append(value)
        return value

    def like(self, value, shape):
        return self.leaf(shape, value.kind)

    def parameter(self, numbers, kind="i8", when_run=0.12):
        value = self.leaf(array=np.asarray(numbers, kind), constant=not self.chance(when_run), hidden=True)
        self.parameters.add(value.name)
        return value

    def scalar(self, number, kind="f4"):
        return self.leaf(array=np.asarray(number, kind), constant=True, hidden=True)

    def operand(self, fits, make, fresh=0.15):
        """One of the newest values that fit, or a new one."""
        found = [value for value in self.values if value.array.size < 4000 and fits(value)]
        if not found or self.chance(fresh):
            return make()
        return self.pick(*(found[-4:] if self.chance(0.7) else found))

    def any(self, exact=False, least_rank=0, rank=None, kinds=KINDS_OF_ALL):
        def make():
            return self.leaf(self.shape(self.integer(least_rank, 6) if rank is None else rank), self.pick(*kinds))
        return self.operand(lambda value: (value.exact or not exact) and value.rank >= least_rank
                            and rank in (None, value.rank) and value.kind in kinds, make)

    def real(self, exact=False, least_rank=0, rank=None, kinds=REALS):
        return self.any(exact, least_rank, rank, kinds)

    def axis(self, value):
        return self.integer(-value.rank, value.rank) if value.rank else 0

    # Operators.
    def add(self, op, *operands, results=1, exact=False, domain="", captured=(), **attributes):
        """Its values, or None where it is refused; `exact`: of exact operands it makes exact results."""
        operands = list(operands)
        while operands and operands[-1] is None:
            operands.pop()
        attributes = {key: content for key, content in attributes.items() if content is not None}
        used = [value for value in (*operands, *captured) if value is not None]
        made = Node(op, [value.name if value else "" for value in operands],
                    [self.new_name("v") for _ in range(results)], domain, [value.name for value in captured], attributes)
        arrays = self.evaluate(self.alone(made))
        if arrays is None:
            self.refused += 1
            return None
        if any(array.size > MOST_ELEMENTS for array in arrays.values()) or not self.keeps(arrays, used):
            return None
        for value in used:
            value.used = True
        exact = bool(exact) and all(value.exact for value in used)
        values = [Value(name, arrays[name], exact) for name in made.outputs]
        self.arrays.update(arrays)
        self.values += values
        self.nodes.append(made)
        return values

    def keeps(self, arrays, used):
        """What is not finite is seldom made of what is."""
        def finite(array):
            return array.dtype.kind != "f" or bool(np.isfinite(array).all())
        return all(map(finite, arrays.values())) or not all(finite(value.array) for value in used) or self.chance(0.2)

    def alone(self, made):
        given = {name: self.arrays[name] for name in made.uses() - self.constants}
        return Model([made], given, {name: array.shape for name, array in given.items()},
                     {name: self.arrays[name] for name in made.uses() & self.constants},
                     dict.fromkeys(made.outputs))

    # The whole.
    def dims_of(self, name, array):
        """As they are, or names: of each dimension, or the same ones for the same sizes."""
        if name in self.parameters or (array.dtype.kind == "i" and array.ndim == 1):
            return list(array.shape)
        if self.named_dims == "each":
            return [f"{name}_{axis}" if self.chance(0.5) else size for axis, size in enumerate(array.shape)]
        if self.named_dims == "by size":
            return [f"n{size}" if self.chance(0.6) else size for size in array.shape]
        return list(array.shape)

    def model(self):
        """Results are what nothing uses, and some of the rest."""
        made = {name for node in self.nodes for name in node.outputs}
        results = [value for value in self.values
                   if value.name in made and (not value.used or self.chance(0.12))]
        used = set().union(*(node.uses() for node in self.nodes)) if self.nodes else set()
        given = {name: self.arrays[name] for name in self.arrays if name in used - self.constants - made}
        return Model(self.nodes, given, {name: self.dims_of(name, array) for name, array in given.items()},
                     {name: self.arrays[name] for name in self.arrays if name in used & self.constants},
                     {value.name: value.array for value in results},
                     (value.name for value in results if value.exact))
