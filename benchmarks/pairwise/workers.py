# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Processes that run one side each, and what the system says about them."""

import json
import re
import subprocess


class Failed(Exception):
    """Why something could not be measured, in a line."""


def output_of(command, what, **more):
    """What a program prints; Failed, with its last words, where it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, **more)
    if done.returncode:
        words = done.stderr.strip().splitlines() or ["exit code %d" % done.returncode]
        raise Failed("%s: %s" % (what, words[-1][:300]))
    return done.stdout


def json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


class Worker:
    """A process of peer_worker: a model that is loaded and run when it is asked to."""

    def __init__(self, program, engine, model, threads, inputs=()):
        command = [program, engine, model, str(threads), *inputs]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        try:
            facts = self._answer()
        except Failed:
            self.close()
            raise
        self.load_ms, self.first_ms = facts["load_ms"], facts["first_ms"]

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failed("crashed (exit code %s)" % self.process.wait())
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"][:300])
        return answer

    def ask(self, seconds):
        """Runs for about so long; {"ms": [of each run], "allocations" where they are counted}."""
        self.process.stdin.write("%g\n" % seconds)
        self.process.stdin.flush()
        return self._answer()

    def run(self, seconds):
        return self.ask(seconds)["ms"]

    def peak_mb(self):
        """The most that was resident since the program began. (What getrusage tells counts the
        process that it was forked from.)"""
        with open("/proc/%d/status" % self.process.pid) as file:
            return int(re.search(r"VmHWM:\s*(\d+)", file.read()).group(1)) / 1024

    def mapped_mb(self, path):
        """Of a file that it maps: resident, and its share where others map the same."""
        resident = share = 0
        inside = False
        with open("/proc/%d/smaps" % self.process.pid) as file:
            for line in file:
                if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                    inside = path in line
                elif inside and line.startswith("Rss:"):
                    resident += int(line.split()[1])
                elif inside and line.startswith("Pss:"):
                    share += int(line.split()[1])
        return resident / 1024, share / 1024

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
