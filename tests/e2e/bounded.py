# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs heddle on bad input within bounds, and says what it should not have done."""

import os
import re
import resource
import subprocess
import sys
import time

SECONDS = 60            # of a run, on a machine that is busy with other things
MEMORY = 3 << 30        # of address space: half of it is LLVM and its stacks
SANITIZED = os.environ.get("HEDDLE_SANITIZED")  # their shadow memory is all of the address space


def limits():
    if not SANITIZED:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Bounded:
    def __init__(self, heddle):
        self.heddle = heddle
        self.failures = 0
        self.runs = 0
        self.began = time.time()

    def wrong(self, what, error=""):
        self.failures += 1
        print(f"WRONG: {what}")
        for line in error.splitlines()[:10]:
            print(f"    {line[:300]}")
        sys.stdout.flush()

    def run(self, what, *arguments):
        """Exit code and standard error, after what holds for every run was checked."""
        self.runs += 1
        process = subprocess.Popen([self.heddle, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, preexec_fn=limits)
        try:
            error = process.communicate(timeout=SECONDS)[1].decode(errors="replace")
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.wrong(f"{what}: takes longer than {SECONDS} s")
            return None, ""
        code = process.returncode
        notes = re.sub(r"^heddle: note: .*\n", "", error, flags=re.M)
        if code not in (0, 1, 2):
            self.wrong(f"{what}: exit code {code}", error)
        elif code != 0 and (notes.count("\n") != 1 or not notes.startswith("heddle: ")):
            self.wrong(f"{what}: not one line of error", error)
        elif "internal error" in error:
            self.wrong(f"{what}: a defect of Heddle", error)
        return code, notes

    def refuses(self, what, pattern, *arguments):
        """A bad request: exit code 2 and an error that says why."""
        code, error = self.run(what, *arguments)
        if code is not None and code != 2:
            self.wrong(f"{what}: exit code {code}, want 2", error)
        elif not re.search(pattern, error):
            self.wrong(f"{what}: no '{pattern}' in the error:", error)

    def finish(self):
        print(f"{self.runs} runs, {self.failures} wrong, {time.time() - self.began:.0f} s, "
              f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10} MiB at most")
        sys.exit(self.failures > 0)
