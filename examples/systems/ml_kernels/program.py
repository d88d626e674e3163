# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Classical kernels on one table of samples: naive Bayes, nearest neighbours, k-means, a support vector
machine, a forest of trees and logistic regression, one after the other.
"""

import numpy as np

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
            "logistic": normal(rng, F, CLASSES), "logistic_b": normal(rng, CLASSES)}


def inputs(size):
    return {"x": normal(seeded(2), size["B"], size["F"], scale=1)}


def squared_distances(g, a, b):
    """|a|^2 - 2 a b^T + |b|^2"""
    cross = g.MatMul(a, g.Transpose(b, perm=[1, 0]))
    of_b = g.Transpose(g.ReduceSumSquare(b, axes=[1], keepdims=1), perm=[1, 0])
    return g.Add(g.Sub(g.ReduceSumSquare(a, axes=[1], keepdims=1), g.Mul(cross, 2.0)), of_b)


def trees(g, x, size):
    a = {name: [] for name in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids")}
    targets = {name: [] for name in ("treeids", "nodeids", "ids", "weights")}
    for tree, (nodes, leaves) in enumerate(forest(size)):
        for node in range(15):
            feature, value = nodes[node] if node < 7 else (0, 0.0)
            for name, entry in (("treeids", tree), ("nodeids", node), ("featureids", feature), ("values", value),
                                ("modes", "BRANCH_LEQ" if node < 7 else "LEAF"),
                                ("truenodeids", 2 * node + 1 if node < 7 else 0),
                                ("falsenodeids", 2 * node + 2 if node < 7 else 0)):
                a[name].append(entry)
        for leaf, weight in enumerate(leaves):
            for name, entry in (("treeids", tree), ("nodeids", 7 + leaf), ("ids", 0), ("weights", weight)):
                targets[name].append(entry)
    return g.TreeEnsembleRegressor(x, domain="ai.onnx.ml", n_targets=1, **{f"nodes_{k}": v for k, v in a.items()},
                                   **{f"target_{k}": v for k, v in targets.items()})


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
        g.output("logistic", g.Softmax(affine(g, x, "logistic", w), axis=-1))
    return g
