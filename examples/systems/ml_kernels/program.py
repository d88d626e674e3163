# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Classical kernels on one table of samples: naive Bayes, nearest neighbours, k-means, a support vector
machine, a forest of trees and logistic regression, one after the other.
"""

import numpy as np
from onnx import numpy_helper

from common.graph import Graph
from common.layers import affine, normal, seeded

CLASSES = 4
GAMMA = 0.05


def forest(size):
    """Complete trees of depth 3: (feature, threshold) of 7 nodes, values of 8 leaves."""
    rng = seeded(4)
    return [([(int(rng.integers(size["F"])), float(np.float32(rng.standard_normal()))) for _ in range(7)],
             [float(np.float32(v)) for v in rng.standard_normal(8)]) for _ in range(size["trees"])]


def weights(size):
    rng, F, N = seeded(1), size["F"], size["N"]
    return {"mean": normal(rng, CLASSES, F, scale=1), "variance": rng.uniform(0.5, 2, (CLASSES, F)).astype("float32"),
            "train": normal(rng, N, F, scale=1), "labels": rng.integers(0, CLASSES, N),
            "support": normal(rng, size["vectors"], F, scale=1), "alpha": normal(rng, size["vectors"], scale=1),
            "regression": normal(rng, F, CLASSES), "regression_b": normal(rng, CLASSES)}


def inputs(size):
    return {"x": normal(seeded(2), size["B"], size["F"], scale=1)}


def squared_distances(g, a, b):
    """|a|^2 - 2 a b^T + |b|^2"""
    cross = g.MatMul(a, g.Transpose(b, perm=[1, 0]))
    of_b = g.Transpose(g.ReduceSumSquare(b, axes=[1], keepdims=1), perm=[1, 0])
    return g.Add(g.Sub(g.ReduceSumSquare(a, axes=[1], keepdims=1), g.Mul(cross, 2.0)), of_b)


def trees(g, x, size):
    nodes = {name: [] for name in ("featureids", "truenodeids", "falsenodeids", "trueleafs", "falseleafs")}
    splits, leaves = [], []
    for number, (decisions, values) in enumerate(forest(size)):
        for node, (feature, threshold) in enumerate(decisions):
            last = node >= 3  # its branches are leaves
            for name, entry in (("featureids", feature), ("trueleafs", int(last)), ("falseleafs", int(last)),
                                ("truenodeids", 2 * node - 6 + 8 * number if last else 2 * node + 1 + 7 * number),
                                ("falsenodeids", 2 * node - 5 + 8 * number if last else 2 * node + 2 + 7 * number)):
                nodes[name].append(entry)
            splits.append(threshold)
        leaves += values
    tensor = lambda values, dtype: numpy_helper.from_array(np.array(values, dtype))
    return g.TreeEnsemble(x, domain="ai.onnx.ml", n_targets=1, tree_roots=list(range(0, len(splits), 7)),
                          nodes_modes=tensor([0] * len(splits), "uint8"), nodes_splits=tensor(splits, "float32"),
                          leaf_targetids=[0] * len(leaves), leaf_weights=tensor(leaves, "float32"),
                          **{f"nodes_{name}": values for name, values in nodes.items()})


def program(size, w):
    g = Graph("ml_kernels")
    x = g.input("x", [size["B"], size["F"]])
    weight = lambda name: g.weight(name, w[name])
    with g.scope("naive_bayes"):
        away = g.Sub(g.Unsqueeze(x, [1]), weight("mean"))
        terms = g.Add(g.Div(g.Mul(away, away), weight("variance")), g.Log(weight("variance")))
        g.output("naive_bayes", g.Mul(g.ReduceSum(terms, [2], keepdims=0), -0.5))
    with g.scope("neighbours"):
        near, which = g.TopK(g.Neg(squared_distances(g, x, weight("train"))), g.constant([size["k"]]), outputs=2)
        votes = g.OneHot(g.Gather(weight("labels"), which), CLASSES, g.constant([0.0, 1.0], "float32"))
        g.output("votes", g.ReduceSum(votes, [1], keepdims=0))
        g.output("near", g.Neg(near))
    with g.scope("k_means"):
        data = weight("train")

        def improve(b, i, centres):
            nearest = b.ArgMin(squared_distances(b, data, centres), axis=1, keepdims=0)
            member = b.OneHot(nearest, size["clusters"], b.constant([0.0, 1.0], "float32"), axis=0)
            count = b.Max(b.ReduceSum(member, [1], keepdims=1), 1.0)
            return [b.Div(b.MatMul(member, data), count)], []

        start = g.Slice(data, [0], [size["clusters"]], [0])
        centres, = g.loop(size["rounds"], [start], improve, name="rounds")
        g.output("centres", centres)
        g.output("cluster", g.ArgMin(squared_distances(g, x, centres), axis=1, keepdims=0), "int64")
    with g.scope("svm"):
        g.output("svm", g.SVMRegressor(x, domain="ai.onnx.ml", kernel_type="RBF", kernel_params=[GAMMA, 0.0, 3.0],
                                       n_supports=size["vectors"], rho=[0.25], coefficients=w["alpha"].tolist(),
                                       support_vectors=w["support"].ravel().tolist()))
    with g.scope("trees"):
        g.output("trees", trees(g, x, size))
    with g.scope("logistic"):
        g.output("logistic", g.Softmax(affine(g, x, "regression", w), axis=-1))
    return g
