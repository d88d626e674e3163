#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every form of a scan against the loop that it stands for, and the loop against plain Python.

    scans_test.py HEDDLE ONNX_CASES

The recurrent form must give the bits of the loop, and so must all forms of integers and flags; others are
equal up to rounding. Lengths are 0, 1, and such that no chunk or vector comes out even, known when
compiling and not. Where totals of many steps leave the range of their type and states do not, all forms
must still be right.
"""

import array
import ast
import math
import os
import random
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts"))
from scan_programs import affine, folded, products, softmax  # noqa: E402

NUMPY = {"f32": "<f4", "f64": "<f8", "i64": "<i8", "i32": "<i4", "i1": "|b1"}
CODES = {"<f4": "f", "<f8": "d", "<i8": "q", "<i4": "i", "|b1": "b"}
TOLERANCE = {"<f4": 2e-5, "<f8": 1e-12}


def save(path, shape, kind, values):
    header = repr({"descr": kind, "fortran_order": False, "shape": tuple(shape)})
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(array.array(CODES[kind], values).tobytes())


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    size = struct.unpack("<H", data[8:10])[0]
    header = ast.literal_eval(data[10:10 + size].decode())
    values = array.array(CODES[header["descr"]])
    values.frombytes(data[10 + size:])
    return header["descr"], header["shape"], values


def random_values(name, element, count, generator):
    if element == "i1":
        return [generator.random() < 0.2 for _ in range(count)]
    if element[0] == "i":
        return [generator.randint(-9, 9) for _ in range(count)]
    if name == "a":  # rates of decay and growth, and some resets
        return [generator.choice([0.0, 0.5, -0.9, 1.0, 1.1]) for _ in range(count)]
    return [abs(generator.gauss(0, 1)) if name in "uy" else generator.gauss(0, 1)
            for _ in range(count)]


class Runs:
    def __init__(self, heddle, folder):
        self.heddle, self.folder = heddle, folder

    def inputs(self, scan, length, values=None):
        """Random ones, or `values(name, step, point)`; the step of a state is -1."""
        generator, given = random.Random(length), []
        for name, shape, element in scan.states + [(n, (length,) + tuple(s), t)
                                                   for n, s, t in scan.elements]:
            count = 1
            for size in shape:
                count *= size
            path = os.path.join(self.folder, "in_%s.npy" % name)
            if values is None:
                numbers = random_values(name, element, count, generator)
            else:
                isState = name in [n for n, _, _ in scan.states]
                points = count if isState else count // length
                numbers = [values(name, -1 if isState else i // points, i % points) for i in range(count)]
            save(path, shape, NUMPY[element], numbers)
            given += ["--input", "%s=%s" % (name, path)]
        return given

    def run(self, text, given, *options):
        source, out = (os.path.join(self.folder, name) for name in ("scan.mlir", "out"))
        with open(source, "w") as file:
            file.write(text)
        command = [self.heddle, "run", source, "--no-cache", "--output", out, *given, *options]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise AssertionError("%s: %s" % (" ".join(command), done.stderr))
        results = {name: read(os.path.join(out, name)) for name in sorted(os.listdir(out))}
        for name in results:
            os.remove(os.path.join(out, name))
        return results


def same(expected, actual, exact):
    if expected.keys() != actual.keys():
        return "has outputs %s" % list(actual)
    for name, (kind, shape, values) in expected.items():
        other_kind, other_shape, others = actual[name]
        if (kind, shape) != (other_kind, other_shape):
            return "%s is %s of %s, not %s of %s" % (name, other_kind, other_shape, kind, shape)
        if exact or kind not in TOLERANCE:
            if values.tobytes() != others.tobytes():
                return "%s has other bits" % name
        elif any(not abs(x - y) <= TOLERANCE[kind] * (1 + abs(x)) for x, y in zip(values, others)):
            return "%s is not close" % name
    return None


def check_loop(runs):
    """The loop itself, whose steps nobody has rearranged."""
    scan = affine((), "f64")
    given = runs.inputs(scan, 33)
    (s,), a, b = (read(os.path.join(runs.folder, "in_%s.npy" % name))[2] for name in "sab")
    states = []
    for x, y in zip(a, b):
        s = x * s + y
        states.append(s)
    expected = {"last0.npy": ("<f8", (), [s]), "all0.npy": ("<f8", (33,), states)}
    return same(expected, runs.run(scan.text(33, loop=True), given, "--no-scans"), exact=False)


def cycle(*numbers):
    return lambda step: numbers[step % len(numbers)]


def out_of_range():
    """(title, scan, values): products and sums of many elements overflow, or vanish and grow again. At
    points that are no multiple of 5 elements are ordinary ones."""
    def values(states, **elements):
        def at(name, step, point):
            if step < 0:
                return states[name] if point % 5 == 0 else 0.5
            return elements[name](step) if point % 5 == 0 else {"a": 0.5}.get(name, 0.25)
        return at

    zero, grows = cycle(0.0), cycle(1e30)
    both = cycle(3e38, 3e38, -3e38, -3e38)
    for points in ((), (3,), (37,)):
        affine_cases = {
            "a state of 0 stays": values({"s": 0.0}, a=grows, b=zero),
            "growth and resets": values({"s": 1e-35}, a=cycle(1e30, 1e30, 0.0), b=cycle(0.0, 0.0, 1e-35)),
            "nothing comes back": values({"s": 1e30}, a=cycle(1e-30, 1e-30, 1e30, 1e30), b=zero),
            "half of it": values({"s": 1e30}, a=cycle(*[1e-30] * 2 + [1.0] * 50 + [1e30] * 2), b=zero),
            "added, halved and doubled": values({"s": 0.0}, b=cycle(*[1e30] + [0.0] * 63),
                                                a=cycle(*[1.0] * 20 + [1e-30] * 2 + [1.0] * 20 + [1e30] + [1.0] * 20
                                                        + [1e-3])),
            "sums": values({"s": -3e38}, a=cycle(1.0), b=both)}
        for title, case in affine_cases.items():
            yield "%s, %s points" % (title, points), affine(points), case
        yield "sums of %s" % (points,), folded("Add", points, "f32"), values({"s": -3e38}, b=both)
        yield "products of %s" % (points,), folded("Mul", points, "f32"), values({"s": 0.0}, b=grows)
    yield "weights of a softmax", softmax(1, 6), values(
        {"m": 0.0, "u": 1.0, "w": -3e38}, x=zero, y=cycle(1.0), z=both)
    yield "products of matrices", products(3, "f64"), (
        lambda name, step, point: 0.0 if step < 0 else 1e300)


def main():
    programs = {
        "affine of a scalar": affine(()), "of a scalar in f64": affine((), "f64"),
        "of one point": affine((1,)), "of 3 points": affine((3,)), "of 2 x 3": affine((2, 3)),
        "of 37": affine((37,)), "of 5 x 64 with rates of 5": affine((5, 64), rate=(5, 1)),
        "of 3 x 40 with rates of 40": affine((3, 40), rate=(40,)),
        "maximum of 6": folded("Max", (6,), "f32"), "sum of integers": folded("Add", (3,), "i64"),
        "product of integers": folded("Mul", (), "i32"), "or of flags": folded("Or", (4,), "i1"),
        "products of matrices": products(3, "f64"), "softmax of 2 x 20": softmax(2, 20),
        "softmax of 1": softmax(1, 1)}
    failures, count = [], 0
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(sys.argv[1], folder)
        if problem := check_loop(runs):
            failures.append("the loop: " + problem)
        for index, (title, scan) in enumerate(programs.items()):
            # All lengths for some, for the others the ends and one that is ragged.
            lengths = (0, 1, 2, 15, 17, 257, 1000) if index < 3 else (0, 1, 275)
            for length in lengths:
                given = runs.inputs(scan, length)
                expected = runs.run(scan.text(length, loop=True), given, "--no-scans")
                for form in ("recurrent", "chunk", "tree", None):
                    for size in {length, "n"} if form in ("recurrent", "chunk") else {length}:
                        actual = runs.run(scan.text(size, form), given)
                        problem = same(expected, actual, exact=form == "recurrent")
                        count += 1
                        if problem:
                            failures.append("%s, %s steps (%s), %s: %s" % (title, length, size, form, problem))
        for title, scan, values in out_of_range():
            length = 1003
            given = runs.inputs(scan, length, values)
            expected = runs.run(scan.text(length, loop=True), given, "--no-scans")
            if not all(math.isfinite(x) for _, _, numbers in expected.values() for x in numbers):
                failures.append("%s: the states themselves are out of range" % title)
            for form in ("chunk", "tree"):
                problem = same(expected, runs.run(scan.text(length, form), given), exact=False)
                count += 1
                if problem:
                    failures.append("%s, out of range, %s: %s" % (title, form, problem))
    for failure in failures:
        print("FAILED:", failure)
    print("%d of %d scans agree" % (count - len(failures), count))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
