# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Steps that follow each other, and sub-graphs: recurrent layers, Scan, Loop and If."""

import numpy as np
from numpy_models import KINDS
from onnx_bytes import BOOL, INT64, graph, node, value as typed

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def recurrent(g):
    op = g.pick(*GATES)
    steps, batch, width, hidden = g.integers(1, 7, 4)
    directions, gates = g.pick(1, 1, 2), GATES[op]
    lengths = g.leaf(array=g.random.integers(1, steps + 1, batch).astype("i4")) if g.chance(0.25) else None
    first = g.leaf([directions, batch, hidden]) if g.chance(0.4) else None
    cell = []
    if op == "LSTM":
        cell = [first and g.leaf([directions, batch, hidden]),
                g.leaf([directions, 3 * hidden], constant=True) if g.chance(0.2) else None]
    bias = g.leaf([directions, 2 * gates * hidden], constant=True) if g.chance(0.7) else None
    return g.add(op, g.leaf([steps, batch, width], constant=False),
                 g.leaf([directions, gates * hidden, width], constant=True),
                 g.leaf([directions, gates * hidden, hidden], constant=True), bias, lengths, first, *cell,
                 results=3 if op == "LSTM" else 2, hidden_size=hidden,
                 direction="bidirectional" if directions == 2 else g.pick("forward", "reverse"),
                 linear_before_reset=g.integer(0, 2) if op == "GRU" else None)


def declared(name, array, shape=None):
    return typed(name, array.shape if shape is None else shape, KINDS[array.dtype.name])


def step(g, x, y, result):
    """Two nodes of a body."""
    op, after = g.pick("Add", "Sub", "Mul", "Max", "Min"), g.pick("Relu", "Tanh", "Neg", "Identity", "Sigmoid", "Abs")
    operands = g.pick([x, y], [y, x])
    return [node(op, operands, [result + "_sum"], result + "_sum"), node(after, [result + "_sum"], [result], result)]


def branches(g):
    value, condition = g.real(kinds=("f4",)), g.leaf([], "?", constant=g.chance(0.2))
    then, otherwise = (graph(step(g, value.name, value.name, name), outputs=[declared(name, value.array)])
                       for name in (g.new_name("then"), g.new_name("else")))
    return g.add("If", condition, captured=[value], then_branch=then, else_branch=otherwise)


def loop(g):
    state = g.real(kinds=("f4",))
    each, name, of_steps = g.leaf(state.shape), g.new_name("loop"), g.chance(0.5)
    nodes = step(g, name + "s", each.name, name + "o") + [node("Identity", [name + "c"], [name + "d"], name + "d")]
    results = [typed(name + "d", [], BOOL), declared(name + "o", state.array)]
    if of_steps:
        nodes.append(node("Mul", [name + "o", name + "o"], [name + "y"], name + "y"))
        results.append(declared(name + "y", state.array))
    body = graph(nodes, [typed(name + "i", [], INT64), typed(name + "c", [], BOOL), declared(name + "s", state.array)], results)
    condition = g.leaf(array=np.asarray(True)) if g.chance(0.5) else None
    return g.add("Loop", g.parameter(np.asarray(g.integer(1, 6)), when_run=0.4), condition, state, captured=[each],
                 results=2 if of_steps else 1, body=body)


def scan(g):
    values = g.leaf([g.integer(1, 8)] + g.shape(g.integer(0, 3)), constant=False)
    state, name = g.leaf(values.shape[1:]), g.new_name("scan")
    nodes = step(g, name + "s", name + "x", name + "o")
    nodes.append(node(g.pick("Identity", "Neg", "Exp"), [name + "o"], [name + "y"], name + "y"))
    body = graph(nodes, [declared(name + end, values.array, values.shape[1:]) for end in "sx"],
                 [declared(name + end, values.array, values.shape[1:]) for end in "oy"])
    return g.add("Scan", state, values, results=2, num_scan_inputs=1, body=body,
                 scan_input_directions=[1] if g.chance(0.3) else None, scan_output_directions=[1] if g.chance(0.3) else None)


FAMILIES = [*[recurrent] * 2, branches, loop, *[scan] * 2]
