# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`heddle plan run --approve ask` on a terminal of its own: yes, no, and Ctrl-C, while others go on."""
import json
import os
import pty
import select
import signal
import sys
import tempfile
import time

heddle = os.path.abspath(sys.argv[1])
DEADLINE = 30

TOOLS = {"tools": [
    {"name": "careful", "inputSchema": {"type": "object", "properties": {"name": {"type": "string"}}},
     "heddle": {"effects": "write", "approval": True},
     "run": {"command": ["sh", "-c", "printf '%s\\n' \"$(cat)\" >>careful"]}},
    {"name": "look", "inputSchema": {"type": "object"}, "heddle": {"effects": "read"},
     "run": {"command": ["sh", "-c", "sleep 0.2; echo seen"]}}]}
PLAN = '1. careful(name="first")\n2. look()\n3. careful(name="second")\n4. join($2)\n'


class Terminal:
    """heddle as the leader of a session whose terminal is ours."""

    def __init__(self, folder, *options):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execv(heddle, [heddle, "plan", "run", "plan.txt", "--tools", "tools.json", *options])
        self.text = ""

    def read_until(self, found, what):
        end = time.monotonic() + DEADLINE
        while not found(self.text):
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            try:
                piece = os.read(self.fd, 65536) if ready else b""
            except OSError:  # its side is closed
                piece = b""
            if not piece:
                fail(f"the terminal never shows {what}; it shows:\n{self.text}")
            self.text += piece.decode(errors="replace")

    def wait_for(self, text, count=1):
        self.read_until(lambda shown: shown.count(text) >= count, f"{text!r} {count} times")

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def end(self):
        """The exit code; everything it printed is in `text`."""
        while True:
            try:
                piece = os.read(self.fd, 65536)
            except OSError:
                break
            if not piece:
                break
            self.text += piece.decode(errors="replace")
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def screen(text):
    """The lines that a person sees: what the cursor went over is gone."""
    lines, row, i = [""], 0, 0
    while i < len(text):
        if text.startswith("\x1b[A", i):
            row, i = max(0, row - 1), i + 3
        elif text.startswith("\x1b[2K", i):
            lines[row], i = "", i + 4
        elif text[i] == "\n":
            row, i = row + 1, i + 1
            if row == len(lines):
                lines.append("")
        else:
            lines[row] += "" if text[i] == "\r" else text[i]
            i += 1
    return lines


def fail(message):
    sys.exit(f"approval_test: {message}")


def check(condition, message):
    if not condition:
        fail(message)


def written(folder):
    path = os.path.join(folder, "careful")
    return open(path).read() if os.path.exists(path) else ""


def expect(folder, keys, code, lines, options=("--approve", "ask")):
    """Answers each question with one of `keys` once the call beside it has ended; then what the file has."""
    if os.path.exists(os.path.join(folder, "careful")):
        os.remove(os.path.join(folder, "careful"))
    terminal = Terminal(folder, *options)
    terminal.wait_for("[y/N]")
    terminal.wait_for("seen")  # a sibling goes on while the question stands
    check(written(folder) == "", f"a call ran before it was approved: {written(folder)}")
    for number, key in enumerate(keys, 1):
        terminal.wait_for("[y/N]", number)
        terminal.type(key)
    got = terminal.end()
    check(got == code, f"{keys!r}: exit code {got}, want {code}; the terminal shows:\n{terminal.text}")
    check(sorted(json.loads(line)["name"] for line in written(folder).splitlines()) == lines,
          f"{keys!r}: the file has {written(folder)!r}")
    return terminal.text


with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, "tools.json"), "w") as file:
        json.dump(TOOLS, file)
    with open(os.path.join(folder, "plan.txt"), "w") as file:
        file.write(PLAN)
    shown = expect(folder, ["y\n", "yes\n"], 0, ["first", "second"])
    check(screen(shown)[-2].strip() == "seen", f"the last line is not the result: {screen(shown)}")
    # Of each call: its question and its end, and look() was not asked for.
    check([sum(text in line for line in screen(shown)) for text in ("first", "second", "look()", "y")] == [2, 2, 1, 2],
          "the screen has\n" + "\n".join(screen(shown)))
    shown = expect(folder, ["n\n", "y\n"], 1, ["second"])
    check("it needs approval and was denied" in shown, f"nothing says that it was denied:\n{shown}")
    expect(folder, ["\n", "\n"], 1, [])  # No is what is meant by nothing
    expect(folder, ["y\n", "\x04"], 1, ["first"])  # so is the end of the input
    expect(folder, ["y\n", "y\n"], 0, ["first", "second"], options=())  # a terminal is asked by itself
    shown = expect(folder, ["\x03"], 130, [])  # Ctrl-C is for the whole run
    check("2. look()" in shown and "seen" in shown, f"what finished is not printed:\n{shown}")
    check("cancelled" in shown, f"nothing says that it was cancelled:\n{shown}")
