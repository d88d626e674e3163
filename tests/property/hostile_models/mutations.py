# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is changed in a model: each function changes one thing, and says what, or nothing where there is no such thing."""

import numpy as np
from hostile_models import attributes
from hostile_models.extremes import INTEGERS, MOST, REALS, SIZES, one
from hostile_models.messages import (DIM, DTYPES, GRAPH, NODE, OPSET, SHAPE, TENSOR, VALUE, Message, array_of, dims_of,
                                     tensor_of)

def name_of(node):
    return node.text(4)


def dim_message(size):
    return Message(DIM, [[2, size.encode()] if isinstance(size, str) else [1, size]])


def graph_inputs(model):
    return model.first(7).all(11)


def weights(model):
    """Tensors of initializers and of attributes."""
    return [tensor for tensor in model.messages(TENSOR) if array_of(tensor) is not None]


def size_of_input(chance, model):
    value = one(chance, (value for value in graph_inputs(model) if dims_of(value)))
    if not value:
        return None
    dims = dims_of(value)
    at, size = chance.randrange(len(dims)), chance.choice((*SIZES, "n", "m"))
    dims[at].fields = dim_message(size).fields
    return f"dimension {at} of {value.text(1)} is {size}"


def size_everywhere(chance, model):
    """All dimensions of a size become another, so that the operands still fit."""
    dims = [dim for value in graph_inputs(model) for dim in dims_of(value) or ()]
    dim = one(chance, dims)
    if not dim:
        return None
    before, size = dim.first(1), chance.choice((0, 0, 1, 2, 3, 7, 17, 64, "n", "m", 1 << 31, 1 << 40))
    for other in dims:
        if other.first(1) == before:
            other.fields = dim_message(size).fields
    return f"sizes of {before} are {size}"


def rank_of_input(chance, model):
    value = one(chance, (value for value in graph_inputs(model) if dims_of(value) is not None))
    if not value:
        return None
    shape, dims = value.first(2).first(1).first(2), dims_of(value)
    change = chance.choice(("none", "one more", "one less", "many", "open"))
    if change == "open":
        value.first(2).first(1).set(2)
    else:
        at = chance.randrange(len(dims) + 1)
        shape.set(1, *{"none": [], "one more": [*dims[:at], dim_message(chance.choice((1, 1, 2, 0, "n"))), *dims[at:]],
                       "one less": dims[:at] + dims[at + 1:], "many": dims + [dim_message(1)] * 70}[change])
    return f"the rank of {value.text(1)}: {change}"


def type_of_input(chance, model):
    value = one(chance, (value for value in graph_inputs(model) if dims_of(value) is not None))
    if not value:
        return None
    kind = chance.choice((*DTYPES, *DTYPES, 0, 8, 14, 16, 17, 21, 22, 23, 99))
    value.first(2).first(1).set(1, kind)
    return f"{value.text(1)} has element type {kind}"


def type_everywhere(chance, model):
    """Of inputs and weights, so that the operands still fit."""
    kinds = [value.first(2).first(1).first(1) for value in graph_inputs(model) if dims_of(value) is not None]
    before, after = one(chance, kinds), chance.choice(list(DTYPES))
    for value in graph_inputs(model):
        if dims_of(value) is not None and value.first(2).first(1).first(1) == before:
            value.first(2).first(1).set(1, after)
    for tensor in weights(model):
        if tensor.first(2) == before:
            with np.errstate(all="ignore"):
                tensor.fields = tensor_of(tensor.text(8), array_of(tensor).astype(DTYPES[after])).fields
    return f"element type {before} is {after}" if before else None


def weight_contents(chance, model):
    tensor = one(chance, (tensor for tensor in weights(model) if array_of(tensor).size))
    if not tensor:
        return None
    array = array_of(tensor)
    number = chance.choice(REALS if array.dtype.kind == "f" else INTEGERS)
    at = slice(None) if chance.random() < 0.2 else chance.randrange(array.size)
    with np.errstate(all="ignore"):
        array.reshape(-1)[at] = np.array(number).astype(array.dtype)
    tensor.fields = tensor_of(tensor.text(8), array).fields
    return f"{tensor.text(8)} has {number}"


def weight_shape(chance, model):
    tensor = one(chance, weights(model))
    if not tensor:
        return None
    array, how = array_of(tensor), chance.choice(("empty", "longer", "shorter", "one more", "scalar", "flat", "turned"))
    if how == "empty":
        array = np.zeros([0, *array.shape[1:]], array.dtype)
    elif how == "longer":
        array = np.resize(array, array.size + chance.choice((1, 2, 70)))
    elif how == "shorter":
        array = array.reshape(-1)[:-1]
    elif how == "one more":
        array = np.expand_dims(array, chance.randint(0, array.ndim))
    elif how == "scalar":
        array = np.resize(array, ())
    else:
        array = array.reshape(-1) if how == "flat" else array.T.copy()
    tensor.fields = tensor_of(tensor.text(8), array).fields
    return f"{tensor.text(8)} is {how}"


def weight_type(chance, model):
    tensor = one(chance, weights(model))
    if not tensor:
        return None
    with np.errstate(all="ignore"):
        array = array_of(tensor).astype(DTYPES[chance.choice(list(DTYPES))])
    tensor.fields = tensor_of(tensor.text(8), array).fields
    return f"{tensor.text(8)} is of {array.dtype}"


def operands(chance, model):
    node = one(chance, (node for node in model.messages(NODE) if node.all(1)))
    if not node:
        return None
    inputs, how = list(node.all(1)), chance.choice(("left out", "cut", "exchanged", "twice", "other", "more"))
    at, other = chance.randrange(len(inputs)), chance.randrange(len(inputs))
    if how == "left out":
        inputs[at] = b""
    elif how == "cut":
        inputs = inputs[:at]
    elif how == "exchanged":
        inputs[at], inputs[other] = inputs[other], inputs[at]
    elif how == "twice":
        inputs[at] = inputs[other]
    else:
        graph = model.first(7)
        known = [value.first(1, b"") for value in graph.all(11)] + [tensor.first(8, b"") for tensor in graph.all(5)]
        known += [name for other in graph.all(1) for name in other.all(2)]
        replacement = chance.choice(known or [b""])
        inputs[at:at + (how == "other")] = [replacement]
    node.set(1, *inputs)
    return f"{name_of(node)}: operand {at} {how}"


def results(chance, model):
    node = one(chance, model.messages(NODE))
    if not node:
        return None
    outputs = list(node.all(2))
    if outputs and chance.random() < 0.5:
        outputs[chance.randrange(len(outputs))] = b""
    else:
        outputs += [f"more{i}".encode() for i in range(chance.choice((1, 1, 2, 40)))]
    node.set(2, *outputs)
    return f"{name_of(node)} has results {outputs[:5]}"


def version(chance, model):
    opset = one(chance, (opset for opset in model.messages(OPSET) if not opset.first(1)))
    if not opset:
        return None
    opset.set(2, chance.choice((*range(1, 27), 0, -1, MOST)))
    return f"opset {opset.first(2)}"


def operator(chance, model):
    node = one(chance, model.messages(NODE))
    if not node:
        return None
    before = name_of(node)
    node.set(4, chance.choice(OPERATORS).encode())
    return f"{before} is {name_of(node)}"


OPERATORS = """Add And ArgMax AveragePool BatchNormalization Cast Ceil Clip Compress Concat Conv ConvTranspose CumSum
DepthToSpace Einsum Equal Expand Flatten Gather GatherElements GatherND Gemm Identity IsNaN LRN LayerNormalization
LpNormalization LpPool MatMul Max MaxPool Mean Mod Mul NonZero OneHot PRelu Pad Pow Range ReduceMax ReduceMean ReduceSum Reshape
Resize ReverseSequence RoiAlign ScatterElements ScatterND Shape Slice Softmax SpaceToDepth Split Squeeze Sum Tile TopK Transpose
Trilu Unique Unsqueeze Where""".split()


def nested_graph(chance, model):
    graph = one(chance, (graph for node in model.messages(NODE) for graph in node.messages(GRAPH)))
    if not graph:
        return None
    number = chance.choice((11, 12, 12, 1))
    parts, how = graph.all(number), chance.choice(("one less", "none", "turned", "twice"))
    at = chance.randrange(len(parts)) if parts else 0
    graph.set(number, *{"one less": parts[:at] + parts[at + 1:], "none": [], "turned": parts[::-1],
                        "twice": parts + parts[:1]}[how])
    return f"nested graph: field {number} {how}"


def nested_type(chance, model):
    value = one(chance, (value for node in model.messages(NODE) for value in node.messages(VALUE) if dims_of(value) is not None))
    if not value:
        return None
    if chance.random() < 0.5:
        value.first(2).first(1).set(1, chance.choice(list(DTYPES)))
    else:
        value.first(2).first(1).set(2, Message(SHAPE, [[1, dim_message(chance.choice((*SIZES, "n")))]
                                                       for _ in range(chance.randint(0, 4))]))
    return f"nested {value.text(1)} has another type"


def follower(chance, model):
    """What takes the first result, so that a wrong shape is used."""
    graph = model.first(7)
    output = one(chance, graph.all(12))
    if not output:
        return None
    op = chance.choice(("Shape", "Size", "Neg", "Transpose", "Softmax", "ReduceSum", "Flatten", "NonZero", "Squeeze"))
    name = output.first(1, b"")
    graph.set(1, *graph.all(1), Message(NODE, [[1, name], [2, b"followed"], [3, b"follower"], [4, op.encode()]]))
    graph.set(12, *graph.all(12), Message(VALUE, [[1, b"followed"]]))
    return f"then {op}"


ALL = (*attributes.ALL, size_of_input, size_of_input, size_everywhere, rank_of_input, type_of_input, type_everywhere,
       weight_contents, weight_contents, weight_contents, weight_shape, weight_type, operands, results, version, operator,
       nested_graph, nested_type, follower)
