#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models, artifacts and arrays that are cut short or have bits flipped: never a crash or a hang.

    damaged_files_test.py HEDDLE CASES

HEDDLE_DAMAGES is the number of damaged files, HEDDLE_SEED where the choice of them begins.
"""

import glob
import os
import random
import re
import struct
import sys
import tempfile

from bounded import Bounded

MOST_BYTES = 200_000  # of a model, so that a run takes a fraction of a second


def damaged(content, chance):
    """A part of it, or all of it with a few bits, a byte or a run of bytes changed."""
    kind = chance.randrange(4)
    if kind == 0:
        return content[:chance.randrange(len(content))]
    changed = bytearray(content)
    at = chance.randrange(len(content))
    if kind == 1:
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    elif kind == 2:
        changed[at] = chance.choice((0, 1, 127, 128, 255))
    else:
        changed[at:at + chance.randint(1, 16)] = bytes(chance.randrange(256) for _ in range(chance.randint(0, 16)))
    return bytes(changed)


def npy(header, data=bytes(24), magic=b"\x93NUMPY\x01\x00", size=None):
    text = header.encode()
    return magic + struct.pack("<H", len(text) if size is None else size) + text + data


def array(shape, descr="<f4", order="False"):
    return f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n"


ARRAYS = {
    "empty": b"",
    "magic": npy(array("(3,)"), magic=b"\x93NUMPZ\x01\x00"),
    "version": npy(array("(3,)"), magic=b"\x93NUMPY\x09\x00"),
    "header_length": npy(array("(3,)"), size=60_000),
    "no_dictionary": npy("hello\n"),
    "no_shape": npy("{'descr': '<f4', 'fortran_order': False, }\n"),
    "open_dictionary": npy("{'descr': '<f4', 'shape': (3,"),
    "negative": npy(array("(-3,)")),
    "overflow": npy(array("(4611686018427387904, 4611686018427387904)")),
    "digits": npy(array("(" + "9" * 500 + ",)")),
    "deep": npy(array("(" * 10_000 + ")" * 10_000)),
    "promises": npy(array("(1000000000000,)")),
    "short": npy(array("(3, 4, 5)")),
    "long": npy(array("(2,)")),
    "type": npy(array("(3,)", descr="<U9")),
    "objects": npy(array("(3,)", descr="|O")),
    "object_text": npy(array("(3,)", descr="<f4' + __import__('os').name + '")),
}


def main():
    check = Bounded(sys.argv[1])
    node = os.path.join(sys.argv[2], "node")
    if not os.path.isdir(node):
        print("Debian's libonnx-testdata is not installed")
        sys.exit(77)
    chance = random.Random(int(os.environ.get("HEDDLE_SEED", "1")))
    count = int(os.environ.get("HEDDLE_DAMAGES", "300"))
    seeds = sorted(path for path in glob.glob(os.path.join(os.path.dirname(node), "*", "*", "model.onnx"))
                   if 0 < os.path.getsize(path) < MOST_BYTES)

    def content_of(path):
        with open(path, "rb") as file:
            return file.read()

    with tempfile.TemporaryDirectory() as work:
        def write(name, content):
            path = os.path.join(work, name)
            with open(path, "wb") as file:
                file.write(content)
            return path

        outcomes = {0: 0, 1: 0, 2: 0}
        for i in range(count):
            seed = chance.choice(seeds)
            model = write("damaged.onnx", damaged(content_of(seed), chance))
            what = f"{seed}, damage {i}"
            code, error = check.run(what, "compile", model, "-o", os.path.join(work, "out.heddle"))
            outcomes[code] = outcomes.get(code, 0) + 1
            if code == 2 and "damaged.onnx" not in error:
                check.wrong(f"{what}: the file is not named", error)
        print(f"models: {outcomes[0]} compile, {outcomes[2]} are refused")
        if not outcomes[0] or not outcomes[2]:
            check.wrong("the damage is not what this test is about")

        # What is not the weights is digested: an artifact is refused, or runs as before.
        good = os.path.join(work, "good.heddle")
        for case in ("test_add", "test_gemm_all_attributes", "test_loop11"):
            if check.run(case, "compile", os.path.join(node, case, "model.onnx"), "-o", good)[0] != 0:
                check.wrong(f"{case} does not compile")
                continue
            content = content_of(good)
            for i in range(count // 6):
                artifact = write("damaged.heddle", damaged(content, chance))
                code, error = check.run(f"artifact of {case}, damage {i}", "run", artifact, "--random-inputs")
                if code and "damaged.heddle" not in error:
                    check.wrong(f"artifact of {case}, damage {i}: the file is not named", error)

        check.run("test_add", "compile", os.path.join(node, "test_add", "model.onnx"), "-o", good)
        tensor = content_of(os.path.join(node, "test_add", "test_data_set_0", "input_0.pb"))
        for name, content in ARRAYS.items():
            check.refuses(name, f"{name}.npy: ", "run", good, "--random-inputs", "--input",
                          "x=" + write(name + ".npy", content))
        for i in range(count // 10):
            given = write("damaged.pb", damaged(tensor, chance))
            code, error = check.run(f"tensor, damage {i}", "run", good, "--random-inputs", "--input", "x=" + given)
            if code and not re.search("damaged.pb|input .*x", error):
                check.wrong(f"tensor, damage {i}: neither file nor input is named", error)
    check.finish()


main()
