# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A model that goes wrong, with the nodes left out that have no part in it."""

from random_models.generator import Model


def without(model, left_out, arrays):
    """What the node makes is given instead, to those who use it."""
    nodes = [node for node in model.nodes if node is not left_out]
    made = {name for node in nodes for name in node.outputs}
    used = set().union(*(node.uses() for node in nodes)) if nodes else set()
    constants = {name: array for name, array in model.constants.items() if name in used}
    given = {name: arrays[name] for name in used - made - set(constants)}
    dims = {name: model.dims.get(name, array.shape) for name, array in given.items()}
    results = {name: array for name, array in model.results.items() if name in made}
    if not results and nodes:
        results = {name: arrays[name] for name in nodes[-1].outputs}
    return Model(nodes, given, dims, constants, results, model.exact)


def minimized(model, arrays, goes_wrong):
    """One node after another, from the last to the first, as long as it still goes wrong."""
    for node in reversed(model.nodes):
        smaller = without(model, node, arrays)
        if smaller.nodes and goes_wrong(smaller):
            model = smaller
    return model
