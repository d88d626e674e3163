# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the sections share: programs, models, artifacts, and measurements that several read."""

import fnmatch
import functools
import os
import shutil
import sys
import time
from dataclasses import dataclass, field

import model_files
from pairwise import inputs, peers, turns
from pairwise.cores import MOST_TRIES, Cores
from pairwise.workers import Failed, Worker, output_of


@dataclass
class Model:
    name: str
    path: str | None  # None where it could not be had
    nodes: int
    cases: list = field(default_factory=list)


@dataclass
class Case:
    model: Model
    name: str
    inputs: list  # files

    @property
    def title(self):
        return self.model.name if self.name == "default" else "%s %s" % (self.model.name, self.name)


def inputs_of(folder):
    names = [name for name in os.listdir(folder) if name.startswith("input_") and name.endswith(".pb")]
    return [os.path.join(folder, name) for name in sorted(names, key=lambda name: int(name[6:-3]))]


def find_models(lists, cache, only):
    models = []
    for path in lists:
        for entry, file, folder in model_files.find(path, cache):
            if only and not any(fnmatch.fnmatch(entry["name"], pattern) for pattern in only):
                continue
            model = Model(entry["name"], file, entry.get("nodes", 0))
            model.cases = [Case(model, case["case"], inputs_of(os.path.join(folder, case["data"])))
                           for case in entry["cases"]]
            models.append(model)
    return models


class Bench:
    def __init__(self, options, root):
        self.options, self.root, self.quick = options, root, options.quick
        self.threads = [int(count) for count in options.threads.split(",")]
        self.output = options.output
        os.makedirs(self.output, exist_ok=True)
        self.models = find_models(options.models, os.path.join(root, "build", "models"), options.only)
        self._artifacts, self._pairs, self._fresh = {}, {}, {}
        self.cores = Cores(lambda count: self.worker(turns.MULTIPLY_ADDS, "-", count, []), self.threads,
                           1 if self.quick else MOST_TRIES, self.say)

    @functools.cached_property
    def library(self):
        """ONNX Runtime's, or None."""
        return peers.onnxruntime_library(os.path.join(self.root, "build", "peers"))

    # Programs.

    def program(self, name):
        return os.path.join(self.options.build, "bin", name)

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def cases(self):
        return [case for model in self.models for case in model.cases]

    # Artifacts.

    def compile(self, model, artifact, *flags, keep_cache=False):
        """Seconds, with a cache of the artifact's own: nothing that this machine has compiled or tuned
        before counts."""
        cache = artifact + ".cache"
        if not keep_cache:
            shutil.rmtree(cache, ignore_errors=True)
        os.makedirs(cache, mode=0o700, exist_ok=True)
        names = ("HEDDLE_CACHE", "HEDDLE_CACHE_DIR", "XDG_CACHE_HOME")
        begin = time.perf_counter()
        output_of([self.program("heddle"), "compile", model, "-o", artifact, *flags], "compile",
                  env=dict(os.environ, **{name: cache for name in names}))
        return time.perf_counter() - begin

    def compile_again(self, model):
        """Seconds with the cache that the first time left; None where it left nothing."""
        artifact = self.artifact(model)[0]
        if not any(files for _, _, files in os.walk(artifact + ".cache")):
            return None
        again = artifact + ".again"
        os.rename(artifact + ".cache", again + ".cache")
        try:
            return self.compile(model.path, again, keep_cache=True)
        finally:
            os.rename(again + ".cache", artifact + ".cache")
            if os.path.exists(again):
                os.remove(again)

    def artifact(self, model):
        """The artifact of a model and the seconds that it took; Failed each time if it did once."""
        if model.name not in self._artifacts:
            folder = os.path.join(self.output, "artifacts")
            os.makedirs(folder, exist_ok=True)
            path = os.path.join(folder, model.name + ".heddle")
            self.say("  compiling %s" % model.name)
            try:
                if model.path is None:
                    raise Failed("the model could not be had")
                self._artifacts[model.name] = path, self.compile(model.path, path)
            except Failed as failure:
                self._artifacts[model.name] = failure
        made = self._artifacts[model.name]
        if isinstance(made, Failed):
            raise made
        return made

    # Measurements.

    def worker(self, side, model, threads, files, program="peer_worker"):
        """`side`: "heddle", "onnxruntime", or a rate of the machine."""
        engine = self.library if side == "onnxruntime" else side
        return Worker(self.program(program), engine, model, threads, files)

    def sides(self, case):
        """(name of the side, the file that it loads)."""
        return [("onnxruntime", case.model.path), ("heddle", self.artifact(case.model)[0])]

    def pair(self, case):
        """Both sides at all numbers of threads, and a loop of multiply-adds: {(side, threads): Timed}.
        Where they take long, reads from memory too."""
        return self._remembered(self._pairs, case, self._measure_pair)

    def _measure_pair(self, case):
        def once():
            times = self._measure_pair_once(case)
            return times, self.cores.gained(times)
        times, _ = self.cores.guarded(case.title, once)
        self.say("  %s: %s" % (case.title, ", ".join(
            "%d threads %.4g ms against %.4g, ratio %.2f" % (
                count, times["heddle", count].median, times["onnxruntime", count].median,
                turns.ratio(times["heddle", count], times["onnxruntime", count])) for count in self.threads)))
        return times

    def _measure_pair_once(self, case):
        workers = {}
        try:
            for side, file in self.sides(case):
                for threads in self.threads:
                    workers[side, threads] = self.worker(side, file, threads, case.inputs)
            is_long = workers["heddle", self.threads[0]].first_ms > 7
            rates = self.cores.add_loops(workers)
            for threads in self.threads if is_long else []:
                rates.append((turns.READ, threads))
                workers[turns.READ, threads] = self.worker(turns.READ, "-", threads, [])
            return turns.in_turns(workers, self.options.seconds, self.options.rounds, rates)
        finally:
            for worker in workers.values():
                worker.close()

    def fresh(self, case):
        """Facts of new processes in turns, at the most threads: {side: [{"load", "first", "peak"}]}."""
        return self._remembered(self._fresh, case, self._measure_fresh)

    def _measure_fresh(self, case):
        sides = self.sides(case)
        facts = {side: [] for side, _ in sides}
        for index in range(2 if self.quick else 6):
            for side, file in sides if index % 2 else sides[::-1]:
                with self.worker(side, file, max(self.threads), case.inputs) as worker:
                    worker.run(0)
                    facts[side].append({"load_ms": worker.load_ms, "first_ms": worker.first_ms,
                                        "peak_mb": worker.peak_mb()})
        return facts

    @staticmethod
    def _remembered(store, case, measure):
        if case.title not in store:
            try:
                store[case.title] = measure(case)
            except Failed as failure:
                store[case.title] = failure
        found = store[case.title]
        if isinstance(found, Failed):
            raise found
        return found

    def small_model(self, name, content, values):
        """A model of ONNX bytes, written and compiled: (model, artifact, files of inputs)."""
        folder = os.path.join(self.output, "made")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, name + ".onnx")
        with open(path, "wb") as file:
            file.write(content)
        files = inputs.write(os.path.join(folder, name), values)
        self.compile(path, path[:-5] + ".heddle")
        return path, path[:-5] + ".heddle", files
