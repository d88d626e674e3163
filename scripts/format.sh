#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Lays out the C and C++ sources as the nearest .clang-format says, with Debian 12's clang-format:
# other versions break lines elsewhere.
#
#   scripts/format.sh [--check]
#     --check  changes nothing, names what would change, and fails where anything would
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

command -v clang-format-14 >/dev/null || {
  echo "format.sh: there is no clang-format-14 here; apt-get install clang-format-14" >&2
  exit 77
}
git rev-parse --git-dir >/dev/null 2>&1 || {
  echo "format.sh: not a checkout of git, which says what the sources are" >&2
  exit 77
}
mode=(-i)
[ "${1:-}" = --check ] && mode=(--dry-run --Werror)
git ls-files -z '*.c' '*.cc' '*.cpp' '*.h' '*.hpp' |
  xargs -0 -n 16 -P "$(nproc)" clang-format-14 "${mode[@]}"
