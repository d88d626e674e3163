# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX programs in the order in which a person writes them.

    g = Graph("two_branches")
    x = g.input("x", [8, 16])
    with g.scope("left"):
        left = g.Relu(g.MatMul(x, g.weight("w", w)))
    g.output("y", left)
    g.save("model.onnx")

An operator is a method: tensors are arguments, attributes are keywords. Loops are functions:

    total, = g.loop(steps, [zero], lambda b, i, total: ([b.Add(total, b.row(x, i))], []))
"""

import zlib
from contextlib import contextmanager

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TYPES = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE, "int64": TensorProto.INT64,
         "bool": TensorProto.BOOL, "int32": TensorProto.INT32}


class Names:
    """Names of one model's values and nodes: the scope they are made in, and a number."""

    def __init__(self):
        self.counts, self.scopes = {}, []

    def fresh(self, base):
        base = "/".join([*self.scopes, base])
        self.counts[base] = self.counts.get(base, -1) + 1
        return f"{base}_{self.counts[base]}"


class Graph:
    def __init__(self, name, names=None, weights=None):
        self.name = name
        self.names = names or Names()
        # Shared by all graphs of the model: a name stands for one array, however often it is asked for.
        self.weights = {} if weights is None else weights
        self.nodes, self.inputs, self.outputs = [], [], []

    # Values.

    def input(self, name, shape, dtype="float32"):
        self.inputs.append(helper.make_tensor_value_info(name, TYPES[dtype], shape))
        return name

    def output(self, name, value, dtype="float32", shape=None):
        self.nodes.append(helper.make_node("Identity", [value], [name], name=f"output_{name}"))
        self.outputs.append(helper.make_tensor_value_info(name, TYPES[dtype], shape))

    def weight(self, name, array):
        known = self.weights.setdefault(name, array)
        assert known.tobytes() == array.tobytes(), f"two weights are called {name}"
        return name

    def constant(self, value, dtype=None):
        """Numbers in the text of the program; whole ones and lists of them are int64, others float32."""
        if not isinstance(value, np.ndarray):
            value = np.asarray(value, dtype or ("int64" if isinstance(value, (int, list)) else "float32"))
        text = "_".join(map(str, value.shape)) + f"_{zlib.crc32(value.tobytes()):08x}"
        return self.weight(f"constant_{value.dtype}_{text}", value)

    @contextmanager
    def scope(self, name):
        self.names.scopes.append(name)
        yield self
        self.names.scopes.pop()

    # Operators.

    def __getattr__(self, op):
        if not op[0].isupper():
            raise AttributeError(op)

        def add(*inputs, outputs=1, domain="", **attributes):
            results = [self.names.fresh(op.lower()) for _ in range(outputs)]
            inputs = [i if isinstance(i, str) else self.constant(i) for i in inputs]
            self.nodes.append(helper.make_node(op, inputs, results, name=self.names.fresh(op),
                                               domain=domain, **attributes))
            return results[0] if outputs == 1 else results

        return add

    def row(self, x, i):
        """x[i], of a tensor's axis 0."""
        return self.Gather(x, i, axis=0)

    # Control flow.

    def _body(self, name, arguments, function):
        body = Graph(name, self.names, self.weights)
        with self.scope(name):
            inputs = [self.names.fresh(a) for a in arguments]
            outputs = function(body, *inputs)
            # An output may neither be an outer value nor stand there twice.
            outputs = [body.Identity(o) for o in outputs]
        body.inputs = [helper.make_empty_tensor_value_info(i) for i in inputs]
        body.outputs = [helper.make_empty_tensor_value_info(o) for o in outputs]
        return body

    def loop(self, steps, states, function, condition="", name="loop"):
        """for i in range(steps): states, outputs = function(body, i, *states)"""
        counts = []

        def whole(body, i, condition, *states):
            new, outputs = function(body, i, *states)
            counts.append(len(outputs))
            return [condition, *new, *outputs]

        arguments = ["i", "condition", *[f"state{k}" for k in range(len(states))]]
        body = self._body(name, arguments, whole)
        body.inputs[0] = helper.make_tensor_value_info(body.inputs[0].name, TensorProto.INT64, [])
        body.inputs[1] = helper.make_tensor_value_info(body.inputs[1].name, TensorProto.BOOL, [])
        steps = steps if isinstance(steps, str) else self.constant(steps)
        return self._control("Loop", [steps, condition, *states], len(states) + counts[0], body, name)

    def scan(self, states, sequences, function, name="scan", **attributes):
        """for x in zip(*sequences): states, outputs = function(body, *states, *x)"""
        counts = []

        def whole(body, *values):
            new, outputs = function(body, *values)
            counts.append(len(outputs))
            return [*new, *outputs]

        arguments = [f"state{k}" for k in range(len(states))] + [f"x{k}" for k in range(len(sequences))]
        body = self._body(name, arguments, whole)
        return self._control("Scan", [*states, *sequences], len(states) + counts[0], body, name,
                             num_scan_inputs=len(sequences), **attributes)

    def branch(self, condition, then, other, name="if"):
        bodies = [self._body(f"{name}_{which}", [], f) for which, f in (("then", then), ("else", other))]
        results = [self.names.fresh(name) for _ in bodies[0].outputs]
        self.nodes.append(helper.make_node("If", [condition], results, name=self.names.fresh(name),
                                           then_branch=bodies[0]._proto(), else_branch=bodies[1]._proto()))
        return results

    def _control(self, op, inputs, count, body, name, **attributes):
        results = [self.names.fresh(f"{name}_result") for _ in range(count)]
        self.nodes.append(helper.make_node(op, inputs, results, name=self.names.fresh(name),
                                           body=body._proto(), **attributes))
        return results

    # The model.

    def _proto(self, initializers=()):
        return helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, initializers)

    def model(self):
        weights = [numpy_helper.from_array(np.asarray(array), name) for name, array in self.weights.items()]
        domains = {node.domain for node in self.nodes}
        opsets = [helper.make_opsetid("", 17)]
        if "ai.onnx.ml" in domains:
            opsets.append(helper.make_opsetid("ai.onnx.ml", 5))
        model = helper.make_model(self._proto(weights), producer_name="examples/systems",
                                  opset_imports=opsets)
        model.ir_version = 8
        return model

    def save(self, path):
        onnx.save(self.model(), str(path))
