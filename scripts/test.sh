#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Installs what is missing, builds, runs the tests, and closes with a line of counts.
#
#   scripts/test.sh [--fast | --long] [--no-install]
#     --fast        unit tests and tests of passes only; under a minute after a build
#     --long        also what takes more than minutes
#     --no-install  uses the machine as it is
set -uo pipefail

# shellcheck source=scripts/steps.sh
source "$(dirname "${BASH_SOURCE[0]}")/steps.sh"

mode=full install=true
for argument in "$@"; do
  case $argument in
  --fast) mode=fast ;;
  --long) mode=long ;;
  --no-install) install=false ;;
  *) say "test.sh: unknown option $argument" >&2 && exit 2 ;;
  esac
done

passed=0 failed=0 skipped=0 begun=0
# count PASSED FAILED SKIPPED WHAT
count() {
  passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
  say "$4: $1 passed, $2 failed, $3 skipped; $((SECONDS - begun)) s"
}

# A step whose end `count` tells.
counted() { begun=$SECONDS && STEP_SILENT=1 step "$@" || true; }

close() {
  say "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  exit
}

# A step that everything after it needs.
must() { "$@" || { failed=$((failed + 1)) && close; }; }

run_ctest() {
  local report=$HEDDLE_LOGS/ctest.xml selection=()
  [ "$mode" = fast ] && selection=(-L fast)
  [ "$mode" = long ] || selection+=(-LE long)
  rm -f "$report"
  # lit counts its own tests below.
  counted "unit tests" ctest.log ctest --test-dir "$HEDDLE_BUILD" -j "$(nproc)" --timeout 900 \
    --output-on-failure --output-junit "$report" -E '^lit$' "${selection[@]}"
  local suite tests bad left
  suite=$(head -c 2000 "$report" 2>/dev/null | tr '\n' ' ')
  number() { printf '%s' "$suite" | grep -oE "[^a-z]$1=\"[0-9]+\"" | head -n 1 | grep -oE '[0-9]+' || echo 0; }
  tests=$(number tests) bad=$(number failures) left=$(($(number skipped) + $(number disabled)))
  [ "$tests" -eq 0 ] && bad=1 tests=1
  count $((tests - bad - left)) "$bad" "$left" "unit tests"
}

run_lit() {
  local lit log=$HEDDLE_LOGS/lit.log
  lit=$(sed -n 's/^HEDDLE_LIT:FILEPATH=//p' "$HEDDLE_BUILD/CMakeCache.txt")
  counted "tests of passes" lit.log "$lit" -v "$HEDDLE_BUILD/tests/lit"
  tally() { grep -aE "^ *($1) *:" "$log" | grep -oE ': *[0-9]+' | tr -d ': ' | paste -sd+ | sed 's/^$/0/' | head -n 1; }
  local good bad left
  good=$(($(tally 'Passed|Expectedly Failed')))
  bad=$(($(tally 'Failed|Unexpectedly Passed|Unresolved|Timed Out')))
  left=$(($(tally 'Unsupported|Skipped|Excluded')))
  [ $((good + bad + left)) -eq 0 ] && bad=1
  count "$good" "$bad" "$left" "tests of passes"
}

# verify NAME ARGUMENTS...: heddle verify, whose last line has the counts.
verify() {
  local name=$1 log line
  shift
  log=verify-${name//[^A-Za-z0-9_]/-}.log
  counted "verify $name" "$log" "$HEDDLE_BUILD/bin/heddle" verify "$@"
  line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$HEDDLE_LOGS/$log" | tail -n 1)
  if [ -z "$line" ]; then
    count 0 1 0 "verify $name"
  else
    # shellcheck disable=SC2046
    count $(printf '%s' "$line" | grep -oE '[0-9]+') "verify $name"
  fi
}

known=$HEDDLE_ROOT/tests/conformance/known_failures.txt

run_conformance() {
  local data=/usr/share/libonnx-testdata/data
  if [ -d "$data/node" ]; then
    verify "Debian's node cases" --known-failures "$known" "$data/node"
    verify "Debian's operator cases" --known-failures "$known" "$data/simple" "$data/pytorch-operator" "$data/pytorch-converted"
  else
    skip "Debian's libonnx-testdata is not installed"
  fi
  local cases=$HEDDLE_SHARED/conformance/onnx
  if [ -d "$cases" ]; then
    verify "shared conformance cases" --known-failures "$known" "$cases"
  else
    skip "no $cases: the newer conformance cases were not run"
  fi
}

# same_bits MODEL: the outputs at 1, 2 and 8 threads are the same files.
same_bits() {
  local heddle=$HEDDLE_BUILD/bin/heddle work threads
  work=$(mktemp -d)
  {
    "$heddle" compile "$1" -o "$work/artifact" || return
    for threads in 1 2 8; do
      "$heddle" run "$work/artifact" --random-inputs 7 --threads $threads --output "$work/$threads" >"$work/log" || return
    done
    [ -n "$(ls "$work/1")" ] && diff -rq "$work/1" "$work/2" && diff -rq "$work/1" "$work/8"
  }
  local same=$?
  rm -rf "$work"
  return $same
}

run_models() {
  local list=$HEDDLE_SHARED/models/models.json
  if [ ! -f "$list" ]; then
    skip "no $list: the models were not run"
    return
  fi
  local name model cases kind extra
  step "get models" models.log sh -c 'python3 "$0" "$1" "$2" >"$2.list"' \
    "$HEDDLE_ROOT/scripts/model_files.py" "$list" "$HEDDLE_ROOT/build/models" || true
  while IFS=$'\t' read -r name model cases kind; do
    if [ "$model" = - ]; then
      skip "model $name: its file could not be had"
      skipped=$((skipped + 1))
      continue
    fi
    extra=()
    [ "$kind" = quantised ] && extra=(--min-cosine 0.995)
    verify "$name" "$cases" --model "$model" --rtol 1e-3 --atol 1e-4 --scale-atol --timeout 600 "${extra[@]}"
    begun=$SECONDS
    if STEP_SILENT=1 step "same bits of $name" same-bits.log same_bits "$model"; then
      count 1 0 0 "$name at 1, 2 and 8 threads"
    else
      count 0 1 0 "$name at 1, 2 and 8 threads"
    fi
  done <"$HEDDLE_ROOT/build/models.list"
}

# Programs of published systems, each at its small size, against references of their own.
run_systems() {
  local log=$HEDDLE_LOGS/systems.log rows line
  rows=$(find "$HEDDLE_ROOT/examples/systems" -name system.json | wc -l)
  counted "systems" systems.log "$HEDDLE_ROOT/scripts/systems.sh" --small --counts
  line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" | tail -n 1)
  if [ -n "$line" ]; then
    # shellcheck disable=SC2046
    count $(printf '%s' "$line" | grep -oE '[0-9]+') "systems"
  elif grep -aq '^SKIPPED: ' "$log"; then
    skip "python3-numpy and python3-onnx cannot be had: no system was run"
    count 0 0 "$rows" "systems"
  else
    count 0 "$rows" 0 "systems"
  fi
}

if $install; then
  if [ -d "$HEDDLE_SHARED/models" ] && [ "$mode" != fast ]; then
    must "$HEDDLE_ROOT/scripts/install_dependencies.sh" --tests --models
  else
    must "$HEDDLE_ROOT/scripts/install_dependencies.sh" --tests
  fi
fi
must build
if [ "$mode" != fast ]; then
  step "get MCP servers" mcp-peers.log "$HEDDLE_ROOT/scripts/mcp_peers.sh" ||
    skip "no node 20, npm or registry: the MCP client was not run against servers of others"
fi
run_ctest
run_lit
if [ "$mode" != fast ]; then
  run_conformance
  run_systems
  run_models
fi
close
