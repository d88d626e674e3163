#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Recurrences and look-alikes (recurrences/programs.py) against plain numpy, in every form of a scan.

    recurrences_test.py HEDDLE

Each is compiled as a Loop of a known length and as a Scan of any, and one explanation says which loops
became scans and which stayed, with a reason: exactly those that the programs name.
"""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
try:
    import numpy as np
    import onnx
except ImportError:
    print("no numpy and onnx for this Python: nothing to compare with")
    sys.exit(77)
sys.path += [os.path.join(HERE, "recurrences"), os.path.join(HERE, "..", "..", "examples", "systems")]
from common.graph import Graph  # noqa: E402
from plain import evaluate  # noqa: E402
from programs import PROGRAMS  # noqa: E402

OPTIONS = ([], ["--cores", "1"], *(["--scan-form", form] for form in ("recurrent", "chunk", "tree")))


def numbers(kind, length, generator):
    """x, y, z, w: any; p: positive; m: matrices that shrink; r: few, so that some are equal; i: whole."""
    letter, shape = kind[0], (length, *(int(c) for c in kind[1:]))
    if letter in "bc":
        return generator.random(shape) < 0.3
    if letter == "i":
        return generator.integers(-9, 10, shape)
    if letter == "r":
        return generator.integers(-3, 4, shape).astype("float32")
    values = generator.normal(size=shape)
    values = np.abs(values) + 0.3 if letter == "p" else values * 0.45 if letter == "m" else values
    return values.astype("float32")


def build(length, any_length):
    g, given, generator = Graph("recurrences"), {}, np.random.default_rng(length)

    def take(name, value, first):
        given[name] = value
        return g.input(name, list(value.shape) if first is None else [first, *value.shape[1:]], str(value.dtype))

    for name, (states, elements, step, _) in PROGRAMS.items():
        initial = [take(f"{name}_s{k}", s, None) for k, s in enumerate(states)]
        given_types = [s.dtype for s in states]
        read = [take(f"{name}_{k}", numbers(kind, length, generator), "n" if any_length else length)
                for k, kind in enumerate(elements)]
        if any_length:
            count = g.Squeeze(g.Slice(g.Shape(read[0]), [0], [1]), [0])
            results = g.scan(initial, [*read, g.Range(0, count, 1)],
                             lambda b, *a, step=step: step(b, a[-1], *a[:-1]), name=name)
        else:
            results = g.loop(length, initial, lambda b, i, *s, step=step, read=read: step(
                b, i, *s, *(b.row(x, i) for x in read)), name=name)
        for k, result in enumerate(results):
            # What is collected has the type of a state of the program.
            kinds = [given_types[k]] if k < len(states) else collected_types(name)
            g.output(f"{name}.{k}", result, str(kinds[0]))
    model = g.model()
    model.opset_import[0].version = 18
    return model, given


def collected_types(name):
    return [np.dtype("int64")] if name == "greatest_and_where" else \
        [PROGRAMS[name][0][0].dtype]


def run(heddle, folder, model, given, options):
    command = [heddle, "run", os.path.join(folder, "model.onnx"), "--output",
               os.path.join(folder, "out"), *options]
    onnx.save(model, command[2])
    for name, value in given.items():
        np.save(os.path.join(folder, name + ".npy"), value)
        command += ["--input", "%s=%s" % (name, os.path.join(folder, name + ".npy"))]
    # Of any length is one model, and is compiled once.
    done = subprocess.run(command, capture_output=True, text=True,
                          env=dict(os.environ, HEDDLE_CACHE_DIR=os.path.join(folder, "cache")))
    if done.returncode:
        sys.exit("FAILED: %s" % done.stderr)
    return {output.name: np.load(os.path.join(folder, "out", output.name + ".npy"))
            for output in model.graph.output}


def difference(expected, actual):
    if expected is None:  # of no steps
        return None if actual.shape[0] == 0 else "has rows that no step has made"
    if expected.shape != actual.shape:
        return "has the shape %s, not %s" % (actual.shape, expected.shape)
    if actual.dtype.kind in "bi":
        return None if (expected == actual).all() else "differs"
    finite = np.abs(expected[np.isfinite(expected)])
    close = np.isclose(actual, expected, 0, 3e-5 * max(1, finite.max(initial=0)), equal_nan=True)
    return None if close.all() else "differs by %g" % np.nanmax(np.abs(expected - actual))


def explained(heddle, folder):
    """The loops that stayed, of which a part may be a scan, with the reasons."""
    done = subprocess.run([heddle, "explain", os.path.join(folder, "model.onnx"), "--json"],
                          capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    return {node.rsplit("_", 1)[0]: s["reason"] for s in report["sequential"] for node in s["sources"]}


def main():
    heddle, failures, count = sys.argv[1], [], 0
    with tempfile.TemporaryDirectory() as folder:
        for length in (0, 1, 7, 100):
            for any_length in (False, True):
                model, given = build(length, any_length)
                expected = evaluate(model, given)
                # Of one step or none, the forms are all there is to differ.
                for options in OPTIONS if any_length or length > 1 else OPTIONS[-1:]:
                    actual = run(heddle, folder, model, given, options)
                    for name, value in expected.items():
                        count += 1
                        if problem := difference(value, actual[name]):
                            failures.append("%s of %s steps (%s) %s" % (name, length, options, problem))
                left = explained(heddle, folder)
                for name, (_, _, _, raised) in PROGRAMS.items():
                    if length == 100 and raised == (name in left):
                        failures.append("%s: %s" % (name, left.get(name, "is no loop any more")))
    for failure in failures:
        print("FAILED:", failure)
    print("%d results of %d programs compared" % (count, len(PROGRAMS)))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
