# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tests python/heddle.py on artifacts that the C ABI's tests use: python_module_test.py ARTIFACTS."""

import array
import os
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "python"))
import heddle  # noqa: E402

try:
    import numpy
except ImportError:
    numpy = None

ARTIFACTS = sys.argv.pop(1)


def artifact(name):
    return os.path.join(ARTIFACTS, name)


class Scale(unittest.TestCase):
    """y = 2x + 1, for any length."""

    def setUp(self):
        self.model = heddle.Model(artifact("scale.heddle"))

    def test_signature(self):
        (x,), (y,) = self.model.inputs, self.model.outputs
        self.assertEqual((x.name, x.dtype, x.shape), ("x", "float32", ("n",)))
        self.assertEqual((y.name, y.dtype), ("y", "float32"))
        self.assertRegex(heddle.version(), r"^\d+\.\d+\.\d+$")

    def test_targets(self):
        self.assertEqual((self.model.target_cpu, self.model.target_cpus), ("any", ["any"]))
        heddle.Model(artifact("scale.heddle"), target_cpu="any")
        with self.assertRaisesRegex(heddle.Error, 'no code for "x86-64-v9"; it has for "any"'):
            heddle.Model(artifact("scale.heddle"), target_cpu="x86-64-v9")

    def test_buffer(self):
        y = self.model.run({"x": array.array("f", [1, 2, 3])})["y"]
        self.assertEqual((y.dtype, y.shape), ("float32", (3,)))
        self.assertEqual(y.tolist(), [3, 5, 7])

    def test_read_only_bytes(self):
        x = heddle.Tensor(array.array("f", [0.5]).tobytes(), "float32", [1])
        self.assertEqual(self.model.run({"x": x})["y"].tolist(), [2])

    def test_empty(self):
        self.assertEqual(self.model.run({"x": heddle.Tensor(b"", "float32", [0])})["y"].tolist(), [])

    def test_too_little_memory(self):
        for data in (b"", b"1234"):
            with self.assertRaisesRegex(heddle.Error, r"shape \[1000\]"):
                self.model.run({"x": heddle.Tensor(data, "float32", [1000])})

    def test_plain_numbers(self):
        halves = heddle.Tensor(array.array("H", [0x3F80, 0xC020, 0x7F80]), "bfloat16", [3])
        self.assertEqual(halves.tolist(), [1, -2.5, float("inf")])
        self.assertEqual(heddle.Tensor(b"\0\x3c", "float16", [1]).tolist(), [1])
        for dtype in ("float8e4m3fn", "int4", "complex64"):
            with self.assertRaisesRegex(TypeError, dtype):
                heddle.Tensor(bytes(8), dtype, [1]).tolist()

    def test_from_memory(self):
        with open(artifact("scale.heddle"), "rb") as file:
            model = heddle.Model(file.read())
        self.assertEqual(model.run({"x": array.array("f", [4])})["y"].tolist(), [9])

    def test_outputs_outlive_runs(self):
        session = self.model.session(threads=1)
        first = session.run({"x": array.array("f", [1])})["y"]
        second = session.run({"x": array.array("f", [2])})["y"]
        del session
        self.assertEqual((first.tolist(), second.tolist()), ([3], [5]))

    def test_threads(self):
        wrong = []

        def work(number):
            session = self.model.session(threads=1)
            for _ in range(50):
                if session.run({"x": array.array("f", [number])})["y"].tolist() != [2 * number + 1]:
                    wrong.append(number)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_errors(self):
        with self.assertRaises(heddle.Error) as caught:
            heddle.Model(artifact("missing.heddle"))
        self.assertIn("missing.heddle", str(caught.exception))
        with self.assertRaises(KeyError):
            self.model.run({"z": array.array("f", [1])})
        with self.assertRaises(heddle.Error):
            self.model.run({"x": array.array("d", [1])})
        with self.assertRaises(heddle.Error):
            self.model.run({})
        with self.assertRaises(TypeError):
            heddle.Tensor(b"", "float31", [0])

    @unittest.skipUnless(numpy, "no numpy")
    def test_numpy(self):
        x = numpy.arange(6, dtype=numpy.float32)
        y = self.model.run({"x": x})["y"]
        numpy.testing.assert_array_equal(y.numpy(), 2 * x + 1)
        # Strided arrays are copied.
        numpy.testing.assert_array_equal(self.model.run({"x": x[::2]})["y"].numpy(), 2 * x[::2] + 1)

    @unittest.skipUnless(numpy and hasattr(numpy, "from_dlpack"), "no DLPack in numpy")
    def test_dlpack(self):
        class Foreign:
            def __init__(self, values):
                self.values = values

            def __dlpack__(self, **arguments):
                return self.values.__dlpack__(**arguments)

            def __dlpack_device__(self):
                return self.values.__dlpack_device__()

        x = Foreign(numpy.array([1, 2], dtype=numpy.float32))
        self.assertEqual(self.model.run({"x": x})["y"].tolist(), [3, 5])


class Append(unittest.TestCase):
    """A cache that grows by a row in each run."""

    def test_state(self):
        session = heddle.Model(artifact("append.heddle")).session(threads=1)
        session.bind_state("cache", "next")
        session.set_input("cache", heddle.Tensor(b"", "float32", [0, 2]))
        for step in range(5):
            row = heddle.Tensor(array.array("f", [step, -step]), "float32", [1, 2])
            cache = session.run({"row": row})["next"]
        self.assertEqual(cache.shape, (5, 2))
        self.assertEqual(cache.tolist(), [0, 0, 1, -1, 2, -2, 3, -3, 4, -4])

    def test_versions(self):
        session = heddle.Model(artifact("append.heddle")).session(threads=1)
        session.bind_state("cache", "next")
        session.set_input("cache", heddle.Tensor(b"", "float32", [0, 2]))

        def append(to, number):
            row = heddle.Tensor(array.array("f", [number, number]), "float32", [1, 2])
            return to.run({"row": row})["next"].tolist()[::2]

        append(session, 1)
        kept = session.snapshot("cache")
        append(session, 2)
        beam = session.fork()
        self.assertEqual(append(session, 3), [1, 2, 3])
        self.assertEqual(append(beam, 4), [1, 2, 4])
        session.truncate("cache", 2)
        self.assertEqual(append(session, 5), [1, 2, 5])
        beam.restore("cache", kept)
        self.assertEqual(append(beam, 6), [1, 6])
        with self.assertRaisesRegex(heddle.Error, "has 3 entries, not 7"):
            session.truncate("cache", 7)


if __name__ == "__main__":
    unittest.main()
