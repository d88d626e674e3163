# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Processes that run one side each, and what the system says about them."""

import json
import mmap
import re
import struct
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


def mapped(pid, path):
    """Of a file that a process maps: the numbers of the pages that it has, and the MB that they take, of those that
    others have, too, its share. (The system maps pages beside those that are read as it finds them ready, so that two
    processes that do the same may have other ones.)"""
    pages, share = set(), 0
    inside = False
    with open("/proc/%d/smaps" % pid) as maps, open("/proc/%d/pagemap" % pid, "rb", 0) as table:
        for line in maps:
            area = re.match(r"([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) ", line)
            if area:
                inside = path in line
            if area and inside:
                begin, end, offset = (int(number, 16) // mmap.PAGESIZE for number in area.groups())
                table.seek(8 * begin)
                entries = struct.iter_unpack("Q", table.read(8 * (end - begin)))
                pages.update(offset + index for index, (entry,) in enumerate(entries) if entry >> 63)
            elif inside and line.startswith("Pss:"):
                share += int(line.split()[1])
    return pages, share / 1024


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

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
