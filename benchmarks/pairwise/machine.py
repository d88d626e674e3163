# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The machine, as a report names it."""

import os
import platform
import re


def _cpuinfo():
    with open("/proc/cpuinfo") as file:
        return file.read()


def processor():
    found = re.search(r"^model name\s*:\s*(.+)$", _cpuinfo(), re.MULTILINE)
    return found.group(1).strip() if found else platform.machine()


def has(feature):
    found = re.search(r"^flags\s*:(.*)$", _cpuinfo(), re.MULTILINE)
    return bool(found) and feature in found.group(1).split()


def load():
    return os.getloadavg()[0]


def facts():
    return {"processor": processor(), "cores": os.cpu_count(), "system": "%s %s" % (platform.system(), platform.release())}
