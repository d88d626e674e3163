# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# For the other scripts here to source: checks on a program's exit code and output.
#   bash NAME_test.sh HEDDLE CASES

heddle=$1 cases=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

if [ ! -d "$cases/node" ]; then
  echo "Debian's libonnx-testdata is not installed"
  exit 77
fi

wrong() {
  echo "WRONG: $*"
  failures=$((failures + 1))
}

# expect CODE COMMAND...: runs it; the output is in $work/out and $work/err.
expect() {
  local want=$1 got
  shift
  "$@" >"$work/out" 2>"$work/err" </dev/null
  got=$?
  if [ "$got" -ne "$want" ]; then
    wrong "exit code $got, want $want: ${*#"$work"/}"
    sed 's/^/    /' "$work/err"
  fi
}

# says PATTERN: in the last standard output.
says() { grep -qE -- "$1" "$work/out" || { wrong "no '$1' in the output:" && sed 's/^/    /' "$work/out"; }; }

# complains PATTERN: the last standard error is one line with the pattern.
complains() {
  [ "$(wc -l <"$work/err")" -eq 1 ] || { wrong "not one line of error:" && sed 's/^/    /' "$work/err"; }
  grep -qE -- "$1" "$work/err" || { wrong "no '$1' in the error:" && sed 's/^/    /' "$work/err"; }
}

finish() {
  [ "$failures" -eq 0 ] || echo "$failures wrong"
  exit $((failures > 0))
}
