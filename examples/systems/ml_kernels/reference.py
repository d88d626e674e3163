# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sample by sample."""

import numpy as np

from common.plain import double, softmax


def forest(size):
    rng = np.random.default_rng(4)
    for _ in range(size["trees"]):
        nodes = [(int(rng.integers(size["F"])), float(np.float32(rng.standard_normal()))) for _ in range(7)]
        yield nodes, [float(np.float32(v)) for v in rng.standard_normal(8)]


def decide(sample, nodes, leaves):
    node = 0
    while node < 7:
        feature, threshold = nodes[node]
        node = 2 * node + (1 if sample[feature] <= threshold else 2)
    return leaves[node - 7]


def outputs(size, w, inputs):
    samples, w = double(inputs)["x"], double(w)
    distances = lambda points, x: ((points - x) ** 2).sum(1)
    centres = w["train"][: size["clusters"]]
    for _ in range(size["rounds"]):
        nearest = np.array([distances(centres, x).argmin() for x in w["train"]])
        centres = np.array([w["train"][nearest == c].sum(0) / max((nearest == c).sum(), 1)
                            for c in range(len(centres))])
    result = {name: [] for name in ("naive_bayes", "votes", "near", "cluster", "svm", "trees", "logistic")}
    trees = list(forest(size))
    for x in samples:
        result["naive_bayes"].append([-0.5 * ((x - m) ** 2 / v + np.log(v)).sum()
                                      for m, v in zip(w["mean"], w["variance"])])
        away = distances(w["train"], x)
        order = np.argsort(away, kind="stable")[: size["k"]]
        result["near"].append(away[order])
        result["votes"].append([(w["labels"][order] == c).sum() for c in range(4)])
        result["cluster"].append(distances(centres, x).argmin())
        result["svm"].append([w["alpha"] @ np.exp(-0.05 * distances(w["support"], x)) + 0.25])
        result["trees"].append([sum(decide(inputs["x"][len(result["trees"])], *tree) for tree in trees)])
        result["logistic"].append(softmax(x @ w["regression"] + w["regression_b"]))
    result = {name: np.array(values) for name, values in result.items()}
    result["votes"] = result["votes"].astype("float64")
    return {**result, "centres": centres}
