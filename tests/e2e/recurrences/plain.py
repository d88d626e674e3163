# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX in plain numpy, node after node and step after step, for the operators of programs.py."""

import numpy as np
from onnx import helper, numpy_helper

TYPES = {1: np.float32, 7: np.int64, 9: np.bool_}


def attributes(node):
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def folded(function):
    def all_of(_, first, *rest):
        for value in rest:
            first = function(first, value)
        return first
    return all_of


def quotient(_, a, b):
    return np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(b)) if a.dtype.kind == "i" else a / b


def clipped(_, x, low=None, high=None):
    x = x if low is None else np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


def scattered(_, data, indices, updates):
    data = data.copy()
    for place in np.ndindex(indices.shape[:-1]):
        data[tuple(indices[place])] = updates[place]
    return data


def sliced(_, x, starts, ends, axes=None):
    parts = [slice(None)] * x.ndim
    for k, axis in enumerate(range(len(starts)) if axes is None else axes):
        parts[int(axis)] = slice(int(starts[k]), int(ends[k]))
    return x[tuple(parts)]


def unsqueezed(_, x, axes):
    for axis in sorted(int(a) for a in axes):
        x = np.expand_dims(x, axis)
    return x


def remainder(node, a, b):
    return np.fmod(a, b) if attributes(node).get("fmod") else np.mod(a, b)


def summed(node, x, axes=None):
    keep = bool(attributes(node).get("keepdims", 1))
    return np.sum(x, axis=None if axes is None else tuple(int(a) for a in axes), keepdims=keep)


OPERATORS = {
    "Abs": lambda n, x: np.abs(x), "Add": lambda n, a, b: a + b, "And": lambda n, a, b: a & b,
    "BitwiseAnd": lambda n, a, b: a & b, "Cast": lambda n, x: x.astype(TYPES[attributes(n)["to"]]),
    "Clip": clipped, "Div": quotient, "Exp": lambda n, x: np.exp(x), "Gather": lambda n, x, i: np.take(
        x, i, axis=attributes(n).get("axis", 0)), "Greater": lambda n, a, b: a > b,
    "GreaterOrEqual": lambda n, a, b: a >= b, "Identity": lambda n, x: x, "IsInf": lambda n, x: np.isinf(x),
    "LessOrEqual": lambda n, a, b: a <= b, "Log": lambda n, x: np.log(x), "MatMul": lambda n, a, b: a @ b,
    "Max": folded(np.maximum), "Min": folded(np.minimum), "Mod": remainder, "Mul": lambda n, a, b: a * b,
    "Neg": lambda n, x: -x, "Not": lambda n, x: ~x, "Or": lambda n, a, b: a | b,
    "Range": lambda n, a, b, c: np.arange(a, b, c), "ReduceSum": summed,
    "Relu": lambda n, x: np.maximum(x, 0).astype(x.dtype), "Reshape": lambda n, x, s: x.reshape(s),
    "Round": lambda n, x: np.rint(x), "ScatterND": scattered, "Shape": lambda n, x: np.array(x.shape),
    "Sigmoid": lambda n, x: 1 / (1 + np.exp(-x)), "Slice": sliced, "Softplus": lambda n, x: np.logaddexp(x, 0),
    "Sqrt": lambda n, x: np.sqrt(x), "Squeeze": lambda n, x, a: np.squeeze(x, tuple(int(v) for v in a)),
    "Sub": lambda n, a, b: a - b, "Tanh": lambda n, x: np.tanh(x), "Unsqueeze": unsqueezed,
    "Where": lambda n, c, x, y: np.where(c, x, y),
}


def run(graph, outer, arguments):
    values = dict(outer)
    values.update((i.name, numpy_helper.to_array(i)) for i in graph.initializer)
    values.update(zip((i.name for i in graph.input), arguments))
    for node in graph.node:
        inputs = [values[name] if name else None for name in node.input]
        control = {"Loop": loop, "Scan": scan, "If": branch}.get(node.op_type)
        if control:
            results = control(node, inputs, values)
        else:  # of what no step has collected there is nothing to compute
            results = [None if inputs[0] is None else OPERATORS[node.op_type](node, *inputs)]
        values.update((name, v if v is None else np.asarray(v)) for name, v in zip(node.output, results))
    return [values[output.name] for output in graph.output]


def branch(node, inputs, values):
    which = "then_branch" if bool(np.all(inputs[0])) else "else_branch"
    return run(attributes(node)[which], values, [])


def steps(body, states, elements, values):
    """Elements are tuples of what each step is given beside the states; rows of nothing are None."""
    rows = []
    for given in elements:
        results = run(body, values, given(states))
        states, row = results[:len(states)], results[len(states):]
        rows.append(row)
    collected = [np.stack(column) for column in zip(*rows)] or [None] * (len(body.output) - len(states))
    return [*states, *collected]


def loop(node, inputs, values):
    """For so many steps; the condition stays true."""
    body, count = attributes(node)["body"], int(inputs[0])

    class Body:  # without the condition that it gives
        input, node, initializer, output = body.input, body.node, body.initializer, body.output[1:]

    return steps(Body, inputs[2:], [lambda s, i=i: [np.int64(i), np.bool_(True), *s] for i in range(count)],
                 values)


def scan(node, inputs, values):
    body, count = attributes(node)["body"], attributes(node)["num_scan_inputs"]
    states, sequences = inputs[:-count], inputs[-count:]
    return steps(body, states, [lambda s, row=row: [*s, *row] for row in zip(*sequences)], values)


def evaluate(model, inputs):
    """The model's outputs by name; None where a loop without steps has collected nothing."""
    known = {i.name for i in model.graph.initializer}
    with np.errstate(all="ignore"):
        results = run(model.graph, {}, [inputs[i.name] for i in model.graph.input if i.name not in known])
    return dict(zip((o.name for o in model.graph.output), results))
