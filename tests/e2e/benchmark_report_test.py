#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""benchmarks/vs_onnxruntime: its turns, its tables, and a run of it without a peer.

    benchmark_report_test.py HEDDLE
"""

import contextlib
import json
import mmap
import os
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
for folder in ("scripts", "tests/e2e", "benchmarks"):
    sys.path.insert(0, os.path.join(ROOT, folder))
import onnx_bytes  # noqa: E402
from pairwise import cores, inputs, report, summary, turns  # noqa: E402
from pairwise.report import Result, Target  # noqa: E402
from pairwise.sections import convolutions, products  # noqa: E402
from pairwise.workers import Failed, Worker, json_lines, mapped  # noqa: E402

HEDDLE = None
TITLES = {"models": "Latency", "memory": "Memory"}


class Report(unittest.TestCase):
    def test_prose_stays_and_measurements_go(self):
        first = report.updated("# Title\n\nProse above.\n", {"models": Result(["old table"], [])}, TITLES)
        edited = first.replace("## Latency\n", "## Latency\n\nWhy it is so.\n") + "\nProse below.\n"
        second = report.updated(edited, {"models": Result(["new \\1 table"], [])}, TITLES)
        self.assertNotIn("old table", second)
        for text in ("Prose above.", "Why it is so.", "Prose below.", "new \\1 table"):
            self.assertEqual(second.count(text), 1, text)

    def test_sections_that_did_not_run_keep_their_targets(self):
        text = report.updated("", {"models": Result([], [Target("fast", "1.1", False)])}, TITLES)
        text = report.updated(text, {"memory": Result([], [Target("small", "0.5 | x", True)])}, TITLES)
        text = report.updated(text, {"models": Result([], [Target("fast", "0.9", True), Target("more", "", None),
                                                         Target("amx", "2x", None)])}, TITLES)
        rows = [line for line in text.splitlines() if line.startswith(("| models", "| memory"))]
        self.assertEqual(rows, ["| models | fast | 0.9 | met |", "| models | more |  | not measured |",
                                "| models | amx | 2x | cannot be judged here |",
                                "| memory | small | 0.5 / x | met |"])

    def test_a_target_names_who_misses_it(self):
        rows = [("a", 0.5), ("b", 1.3), ("c", 1.004), ("d", 2.0)]
        target = report.at_most("at most 1", 1.0, rows, lambda row: row[1], lambda row: row[0])
        self.assertFalse(target.met)
        self.assertEqual(target.measured, "2 of 4; worst 2; not: d 2, b 1.3")
        target = report.at_least("at least 0.9", 0.9, rows, lambda row: row[1], lambda row: row[0], report.percent)
        self.assertEqual(target.measured, "3 of 4; worst 50 %; not: a 50 %")
        self.assertIsNone(report.at_most("nothing measured", 1, [], None, None).met)

    def test_numbers(self):
        self.assertEqual([report.number(value) for value in (0.0123456, 1.0, 12.345, 345.6, 0.0000123, float("nan"))],
                         ["0.0123", "1", "12.3", "346", "0.000012", ""])
        self.assertAlmostEqual(report.geometric_mean([0.5, 2, 1]), 1)


    def test_the_summary_needs_all_of_its_sections(self):
        models = [{"model": "light_resnet50", "case": "default", "threads": threads, "ratio": 0.5 * threads}
                  for threads in (1, 2)]
        sections = {"models": {"data": models}, "compile": {"data": [{"cold": 1.25}]}}
        self.assertIsNone(summary.lines_of(sections, "1"))
        sections["start"] = {"data": [{"heddle": {"load": 0.5}}, {"heddle": {"load": 4.04}}]}
        text = "\n".join(summary.lines_of(sections, "1"))
        self.assertIn("| light_resnet50 (image classes) | 0.50 | 1.00 |", text)
        self.assertIn("loading an artifact 0.5 to 4.0 ms", text)


class FakeWorker:
    def __init__(self, name, times, log):
        self.name, self.times, self.log, self.first_ms = name, times, log, 1

    def run(self, _):
        self.log.append(self.name)
        return self.times.pop(0)

    def close(self):
        self.log.append("closed")


class Turns(unittest.TestCase):
    def test_sides_take_turns_and_rounds_are_compared(self):
        log = []
        # The machine is half as fast in the second round: the ratio of a round does not see it.
        workers = {"a": FakeWorker("a", [[1, 1, 9], [2, 2]], log), "b": FakeWorker("b", [[2, 2], [4, 4, 5]], log)}
        times = turns.in_turns(workers, 0.1, 2)
        self.assertEqual(log, ["a", "b", "b", "a"])
        self.assertEqual(turns.ratio(times["a"], times["b"]), 0.5)
        self.assertEqual((times["a"].least, times["b"].median), (1, 4))

    def test_what_a_worker_tells(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, lines, reason in (("crash", "exit 3", "exit code 3"),
                                        ("error", "echo '{\"error\": \"no such file\"}'", "no such file")):
                path = os.path.join(folder, name)
                with open(path, "w") as file:
                    file.write("#!/bin/sh\n%s\n" % lines)
                os.chmod(path, 0o700)
                with self.assertRaisesRegex(Failed, reason):
                    Worker(path, "heddle", "model", 1)


MAPS = """
import mmap, sys
size = int(sys.argv[3]) * mmap.PAGESIZE
with open(sys.argv[1], "rb") as file:
    pages = mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)
for at in range(0, size, mmap.PAGESIZE):
    if sys.argv[2] == "copies":
        pages[at] = 1
    else:
        pages[at]
print("ready", flush=True)
sys.stdin.read()
"""


class Mapped(unittest.TestCase):
    def of_two(self, pages, *programs):
        """Pages that any of two processes has mapped, and what both take: each maps a file and reads or copies some
        of its pages."""
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
            path = os.path.join(folder, "weights")
            with open(path, "wb") as file:
                file.write(bytes(pages * mmap.PAGESIZE))
            answers = []
            for what, count in programs:
                process = stack.enter_context(subprocess.Popen(
                    [sys.executable, "-c", MAPS, path, what, str(count)], stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE, text=True))
                self.assertEqual(process.stdout.readline(), "ready\n")
                answers.append(process)
            answers = [mapped(process.pid, path) for process in answers]
        return len(answers[0][0] | answers[1][0]), sum(share for _, share in answers) * 2**20 / mmap.PAGESIZE

    def test_pages_that_one_of_two_has_are_no_copies(self):
        pages, share = self.of_two(512, ("reads", 512), ("reads", 64))
        self.assertEqual(pages, 512)
        self.assertAlmostEqual(share, pages, delta=2)  # kilobytes are rounded

    def test_copies_count(self):
        pages, share = self.of_two(64, ("copies", 64), ("copies", 64))
        self.assertEqual(pages, 64)
        self.assertAlmostEqual(share, 128, delta=2)


class Cores(unittest.TestCase):
    def guard(self, threads=(1, 2), gains=()):
        """One whose loop gains this, one after the other."""
        def loop(count):
            log = []
            if count == 1:
                return FakeWorker("one", [[1.0]] * 3, log)
            gain = left.pop(0)
            return FakeWorker("two", [[2.0 / gain]] * 3, log)
        left = list(gains)
        return cores.Cores(loop, threads, cores.MOST_TRIES, lambda _: None)

    def test_what_was_measured_on_one_core_is_measured_again(self):
        tries = [("first", 1.1), ("second", 1.8), ("third", 2.0)]
        self.assertEqual(self.guard().guarded("case", lambda: tries.pop(0)), ("second", 1.8))
        self.assertEqual(tries, [("third", 2.0)])

    def test_some_times_at_most_and_then_it_is_marked(self):
        tries = [(index, gain) for index, gain in enumerate((1.1, 1.4, 1.2, 2.0))]
        found, gained = self.guard().guarded("case", lambda: tries.pop(0))
        self.assertEqual((found, gained), (1, 1.4))
        self.assertEqual(cores.mark("case", gained), "case (loop 1.40)")
        self.assertTrue(cores.legend([None, gained]))
        self.assertEqual((cores.mark("case", 1.5), cores.mark(1, None), cores.legend([1.5, None])), ("case", 1, []))

    def test_a_program_runs_between_two_loops(self):
        tries = [1, 2]
        found, gained = self.guard(gains=[1.9, 1.0, 1.8, 1.7]).beside("case", lambda: tries.pop(0))
        self.assertEqual((found, round(gained, 2)), (2, 1.7))

    def test_one_number_of_threads_is_not_measured_again(self):
        tries = [1]
        self.assertEqual(self.guard(threads=(2,)).beside("case", lambda: tries.pop(0)), (1, None))


class Inputs(unittest.TestCase):
    def test_a_tensor_file_tells_its_name(self):
        with tempfile.TemporaryDirectory() as folder:
            files = inputs.write(os.path.join(folder, "x"), {"some:0": [2, 300], "other": []})
            self.assertEqual([inputs.name_of(file) for file in files], ["some:0", "other"])
            self.assertEqual(inputs.as_options(files[:1]), ["--input", "some:0=" + files[0]])


class Sections(unittest.TestCase):
    def test_lines_of_the_kernel_benchmark(self):
        def line(name, bounds):
            return {"name": name, "bounds": bounds, "unit": "x",
                    "sides": {"heddle": {"rate": 90, "seconds": 1e-3}, products.SGEMM: {"rate": 80, "seconds": 1},
                              products.PACKED: {"rate": 100, "seconds": 1}}}

        row = products.understood(line("matmul 1x2x3", {"peak": 120}))
        self.assertEqual((row["m"], row["n"], row["k"], row["threads"]), (1, 2, 3, 1))
        self.assertEqual((row["of_onednn"], row["of_limit"]), (0.9, 0.75))
        self.assertEqual(products.understood(line("few 2x4x8 on 2", {"peak": 1000, "read": 100}))["of_limit"], 0.9)
        self.assertIsNone(products.understood(line("conv 3x3 64ch 56x56", {"peak": 1})))
        self.assertEqual(json_lines("compiled\n{\"a\": 1}\n"), [{"a": 1}])

    def test_few_rows_that_shared_a_core_are_measured_again(self):
        def line(name, peak):
            return {"name": name, "bounds": {"peak": peak, "read": 100}, "sides": {"heddle": {"rate": 90, "seconds": 1}}}

        again = [12, 19]
        bench = unittest.mock.Mock(quick=False, cores=cores.Cores(None, (1, 2), cores.MOST_TRIES, lambda _: None))
        lines = {"matmul ": [line("matmul 97x97x97", 200)], "few ": [line("few 2x4x8 on 1", 10), line("few 2x4x8 on 2", 11)]}
        with unittest.mock.patch.object(products, "output_of", lambda command, _: "\n".join(map(json.dumps, lines.get(
                command[-1]) or [line(command[-1], again.pop(0))]))):
            rows = products.measure(bench).data
        self.assertEqual([(row["threads"], row["peak"], row.get("loop")) for row in rows],
                         [(1, 200, None), (1, 10, None), (2, 19, 1.9)])

    def test_operations_of_convolutions(self):
        self.assertEqual(convolutions.operations(convolutions.Shape(64, 64, 56, 3)), 2 * 64 * 64 * 9 * 56 * 56)
        self.assertEqual(convolutions.operations(convolutions.Shape(3, 64, 224, 7, 2)), 2 * 3 * 64 * 49 * 112 * 112)
        self.assertEqual(convolutions.operations(convolutions.Shape(32, 32, 112, 3, 1, True)), 2 * 32 * 9 * 112 * 112)


class Explained(unittest.TestCase):
    def test_the_least_that_an_arena_has(self):
        """Five products in a row: two of the four values between them are alive at once."""
        nodes = [onnx_bytes.node("MatMul", ["v%d" % i, "w"], ["v%d" % (i + 1)], "n%d" % i) for i in range(5)]
        content = onnx_bytes.model(onnx_bytes.graph(nodes, [onnx_bytes.value("v0", [64, 64])],
                                                    [onnx_bytes.value("v5", [64, 64])], [inputs.tensor("w", [64, 64])]))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.onnx")
            with open(path, "wb") as file:
                file.write(content)
            done = subprocess.run([HEDDLE, "explain", "--json", "--no-cache", path], capture_output=True, text=True,
                                  check=True)
        explained = json.loads(done.stdout)
        self.assertEqual(explained["arena_lower_bound_bytes"], 2 * 64 * 64 * 4)
        self.assertEqual(explained["arena_bytes"], 2 * 64 * 64 * 4)


class WholeRun(unittest.TestCase):
    def test_a_section_without_a_peer(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "tiny"))
            os.mkdir(os.path.join(folder, "tiny", "case"))
            graph = onnx_bytes.graph([onnx_bytes.node("Relu", ["x"], ["y"])], [onnx_bytes.value("x", [4])],
                                     [onnx_bytes.value("y", [4])])
            with open(os.path.join(folder, "tiny", "model.onnx"), "wb") as file:
                file.write(onnx_bytes.model(graph))
            models = [{"name": "tiny", "nodes": 1, "from": {"file": "model.onnx"},
                       "cases": [{"case": "default", "data": "case"}]},
                      {"name": "bad", "nodes": 1, "from": {"file": "missing.onnx"}, "cases": []}]
            with open(os.path.join(folder, "models.json"), "w") as file:
                json.dump(models, file)
            report_file = os.path.join(folder, "REPORT.md")
            with open(report_file, "w") as file:
                file.write("# Mine\n\nProse.\n")
            command = [sys.executable, os.path.join(ROOT, "benchmarks", "vs_onnxruntime.py"),
                       os.path.join(folder, "models.json"), "--sections", "compile", "--quick", "--no-build", "--build",
                       os.path.dirname(os.path.dirname(HEDDLE)), "--output", os.path.join(folder, "out"), "--report",
                       report_file]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(report_file) as file:
                text = file.read()
            self.assertIn("# Mine\n\nProse.\n", text)
            self.assertRegex(text, r"\| compile \| at most 5 s below 1,000 nodes \| 1 of 1; worst [0-9.]+ \| met \|")
            self.assertIn("- bad: the model could not be had", text)
            self.assertIn("| compile | everything measured | 1 missing | **not met** |", text)
            with open(os.path.join(folder, "out", "vs_onnxruntime.json")) as file:
                self.assertEqual(json.load(file)["sections"]["compile"]["data"][0]["model"], "tiny")


if __name__ == "__main__":
    HEDDLE = os.path.abspath(sys.argv.pop(1))
    unittest.main()
