#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Published systems whose gains come from parallelism, written down sequentially (examples/systems):
# compiles and runs all, or those named, compares them with references of their own, and prints a table.
#
#   scripts/systems.sh [NAME...] [--small] [--json] [--list]
set -euo pipefail

# shellcheck source=scripts/steps.sh
source "$(dirname "${BASH_SOURCE[0]}")/steps.sh"

# Debian's Python is the one that Debian's packages are for.
python=/usr/bin/python3
ready() { "$python" -c 'import numpy, onnx' 2>/dev/null; }
if ! ready; then
  "$HEDDLE_ROOT/scripts/install_dependencies.sh" --systems >&2 || true
  ready || { skip "python3-numpy and python3-onnx cannot be had: no system was run" && exit 77; }
fi
[ -x "$HEDDLE_BUILD/bin/heddle" ] || {
  say "There is no $HEDDLE_BUILD/bin/heddle; build it with scripts/test.sh or ninja." >&2
  exit 2
}
HEDDLE_BUILD=$HEDDLE_BUILD PYTHONDONTWRITEBYTECODE=1 exec "$python" "$HEDDLE_ROOT/examples/systems/common/run.py" "$@"
