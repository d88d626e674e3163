# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# For the other scripts to source: steps that say what they do, keep what they print in a file, and
# show it only where they fail.

HEDDLE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
HEDDLE_BUILD=${HEDDLE_BUILD:-$HEDDLE_ROOT/build/release}
HEDDLE_LOGS=$HEDDLE_ROOT/build/logs
HEDDLE_SHARED=${HEDDLE_SHARED:-$HEDDLE_ROOT/../shared}
mkdir -p "$HEDDLE_LOGS"

say() { printf '%s\n' "$*"; }
# Something was left out: nobody should take that for a pass.
skip() { printf 'SKIPPED: %s\n' "$*" >&2; }

# The newest line of a step's output that tells how far it is, as ninja's "[12/300] ...".
progress_of() { grep -aE '^\[[0-9]+/[0-9]+\]' "$1" 2>/dev/null | tail -n 1 | cut -c1-70; }

# step NAME LOG COMMAND...: runs the command with its output in build/logs/LOG. On a terminal, a
# line that moves; else a line each minute, so that a log shows life. Returns the command's status.
# With STEP_SILENT, nothing is said where all went well: the caller has more to say.
step() {
  local name=$1 log=$HEDDLE_LOGS/$2 begin=$SECONDS status=0 told=$SECONDS
  shift 2
  "$@" >"$log" 2>&1 </dev/null &
  local pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if [ -t 1 ]; then
      [ $((SECONDS - begin)) -ge 1 ] && printf '\r\033[K%s ... %d s %s' "$name" $((SECONDS - begin)) "$(progress_of "$log")"
    elif [ $((SECONDS - told)) -ge 60 ]; then
      told=$SECONDS
      say "$name ... $((SECONDS - begin)) s $(progress_of "$log")"
    fi
  done
  wait "$pid" || status=$?
  [ -t 1 ] && printf '\r\033[K'
  if [ "$status" -ne 0 ]; then
    say "$name: FAILED after $((SECONDS - begin)) s; the end of $log:" >&2
    tail -n 40 "$log" >&2
  elif [ -z "${STEP_SILENT:-}" ]; then
    say "$name: $((SECONDS - begin)) s"
  fi
  return "$status"
}

# Configures and builds the targets (all without any); HEDDLE_TESTS=OFF leaves the tests out.
build() {
  step "configure" configure.log cmake -S "$HEDDLE_ROOT" -B "$HEDDLE_BUILD" -G Ninja \
    -DCMAKE_BUILD_TYPE="${HEDDLE_BUILD_TYPE:-Release}" -DHEDDLE_BUILD_TESTS="${HEDDLE_TESTS:-ON}" || return
  step "build" build.log cmake --build "$HEDDLE_BUILD" ${1:+--target "$@"}
}

# npm_package DIR PACKAGE...: installs packages of the npm registry into the folder. Their install
# scripts do not run: they would download more.
npm_package() {
  local folder=$1
  shift
  command -v npm >/dev/null || return 1
  mkdir -p "$folder"
  [ -e "$folder/package.json" ] || printf '{"private": true}\n' >"$folder/package.json"
  npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --no-save --loglevel=error "$@"
}
