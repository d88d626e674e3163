#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random ONNX models: what compilation makes of them is what their operators give one at a time.

    random_models_test.py HEDDLE [--seed N] [--count N] [--only FAMILY,...] [--failed FOLDER]
                          [--peer PROGRAM --node-modules FOLDER]

Every model is run without optimisation, on one and two threads, for other CPUs and without Winograd's
products, and twice compiled. With --peer (onnxruntime_results of the build) it is also run in ONNX
Runtime, where build/peers has that. One that goes wrong is written to a folder with as few nodes as
still go wrong, its inputs and the command that runs it again.
"""

import argparse
import os
import shlex
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path += [os.path.join(TESTS, "e2e"), os.path.join(os.path.dirname(TESTS), "benchmarks")]
from numpy_models import np  # noqa: E402  (first: it skips the test where there is no numpy)
import seeds  # noqa: E402
from random_models import (elementwise, indexing, movement, products, quantized, reductions,  # noqa: E402
                           repeated, windows)
from random_models.comparison import Comparison  # noqa: E402
from random_models.generator import Generator  # noqa: E402
from random_models.minimization import minimized  # noqa: E402

MODULES = {"elementwise": elementwise, "movement": movement, "indexing": indexing, "reductions": reductions,
           "products": products, "windows": windows, "quantized": quantized, "repeated": repeated}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("heddle")
    seeds.add_options(parser, count=16, failed="random-models-failed")
    parser.add_argument("--only", type=lambda names: names.split(","), default=list(MODULES),
                        help="families, of " + ", ".join(MODULES))
    return parser.parse_args()


def generated(seed, families, check):
    """All families for half of the models; for the others a few, whose operators meet more often."""
    generator = Generator(seed, check.operators_alone)
    if generator.chance(0.5):
        families = [generator.pick(*families) for _ in range(3)]
    wanted = generator.integer(3, 16)
    for _ in range(3 * wanted):
        generator.pick(*MODULES[generator.pick(*families)].FAMILIES)(generator)
        if len(generator.nodes) >= wanted:
            break
    return generator


def save(folder, check, model, problems, heddle):
    os.makedirs(folder, exist_ok=True)
    model.write_to(check)
    os.replace(check.file("model.onnx"), os.path.join(folder, "model.onnx"))
    for name, array in [*model.given.items(), *model.results.items()]:
        np.save(os.path.join(folder, name + ".npy"), array)
    run = [heddle, "run", os.path.join(folder, "model.onnx"), "--output", os.path.join(folder, "results")]
    for name in model.given:
        run += ["--input", f"{name}={folder}/{name}.npy"]
    with open(os.path.join(folder, "problem.txt"), "w") as file:
        file.write("\n".join([shlex.join(run), *problems, ""]))


def try_seed(seed, options, peer):
    """How it ended, and the lines to print."""
    check = Comparison(options.heddle, peer)
    generator = generated(seed, options.only, check)
    model = generator.model()
    if check.problems:
        return "wrong", [f"seed {seed}, an operator alone: {problem}" for problem in check.problems]
    if not model.results:
        return "empty", []
    problems, refused = check.problems_of(model)
    if problems:
        smallest = minimized(model, generator.arrays, lambda smaller: check.problems_of(smaller)[0])
        problems = check.problems_of(smallest)[0] or problems
        folder = os.path.join(options.failed, str(seed))
        save(folder, check, smallest, problems, options.heddle)
        operators = " ".join(node.op for node in smallest.nodes)
        return "wrong", [f"WRONG: seed {seed} ({operators}), see {folder}", *(f"    {problem}" for problem in problems)]
    return ("refused", [f"seed {seed} is refused: {next(iter(refused.values())).strip()[:300]}"]) if refused else ("same", [])


def main():
    options = arguments()
    return seeds.try_all(options, try_seed, seeds.peer_of(options))


if __name__ == "__main__":
    sys.exit(main())
