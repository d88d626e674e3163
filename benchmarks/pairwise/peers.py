# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX Runtime: the library in the npm package onnxruntime-node, installed where it is missing.

Its install script does not run: that would download what only GPUs need.
"""

import glob
import json
import os
import shutil
import subprocess
import sys

PACKAGE = "onnxruntime-node@1.30"


def installed_library(folder):
    """The CPU library, or None."""
    found = glob.glob(os.path.join(folder, "node_modules", "onnxruntime-node", "bin", "napi-v*", "linux", "x64",
                                   "libonnxruntime.so*"))
    return max(found, default=None)


def onnxruntime_library(folder):
    """The CPU library, installed where it is missing; None where it cannot be had."""
    if not installed_library(folder) and shutil.which("npm"):
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "package.json"), "w") as file:
            file.write('{"private": true}\n')
        subprocess.run(["npm", "install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund",
                        "--no-save", "--loglevel=error", PACKAGE], stdout=sys.stderr, check=False)
    return installed_library(folder)


def version_of(library):
    manifest = os.path.join(library.split("/bin/napi-v")[0], "package.json")
    with open(manifest) as file:
        return json.load(file)["version"]
