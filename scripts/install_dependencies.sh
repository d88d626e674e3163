#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Installs what Heddle needs from Debian 12, as root or with sudo; does nothing where it is all there.
#
#   scripts/install_dependencies.sh [--tests] [--npm] [--models] [--systems] [--benchmarks] [--print]
#     --tests   also what only the tests need
#     --npm     also npm, for models that come in npm packages
#     --models  also npm and what makes the generated models of ../shared
#     --systems also what builds the programs of examples/systems
#     --benchmarks  also what benchmarks/vs_onnxruntime compares with, and the models' needs
#     --print   prints the names of the packages and installs nothing
set -euo pipefail

# shellcheck source=scripts/steps.sh
source "$(dirname "${BASH_SOURCE[0]}")/steps.sh"

packages=(
  cmake ninja-build ccache
  clang-22 lld-22 liblld-22-dev llvm-22-dev llvm-22-tools libmlir-22-dev mlir-22-tools
  zlib1g-dev libzstd-dev
  libtbb-dev libabsl-dev
  libprotobuf-dev protobuf-compiler
  libflatbuffers-dev flatbuffers-compiler
  nlohmann-json3-dev libcli11-dev
  libcurl4-openssl-dev libsqlite3-dev
  libpng-dev
)
print=false npm=false
for argument in "$@"; do
  case $argument in
  --tests) packages+=(clang-format-14 libgtest-dev libgmock-dev libonnx-testdata python3 python3-numpy) ;;
  --npm) npm=true ;;
  --models) npm=true && packages+=(python3-onnx python3-numpy) ;;
  --systems) packages+=(python3-onnx python3-numpy) ;;
  --benchmarks) npm=true && packages+=(libdnnl-dev python3-onnx python3-numpy) ;;
  --print) print=true ;;
  *) say "install_dependencies.sh: unknown option $argument" >&2 && exit 2 ;;
  esac
done
# Node may also come from elsewhere, with its own npm, which Debian's would be in conflict with.
if $npm && ! command -v npm >/dev/null; then
  packages+=(npm)
fi
if $print; then
  printf '%s\n' "${packages[@]}"
  exit 0
fi

installed() { dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }
missing=()
for package in "${packages[@]}"; do
  installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

command -v apt-get >/dev/null || {
  say "These Debian packages are needed, and there is no apt-get here: ${missing[*]}" >&2
  exit 1
}
root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    say "Run as root, or install sudo: these packages are missing: ${missing[*]}" >&2
    exit 1
  }
  root=(sudo)
  sudo -v # asks for the password here, as the steps have no input
fi
export DEBIAN_FRONTEND=noninteractive
step "apt-get update" apt-update.log "${root[@]}" apt-get update
step "install ${#missing[@]} packages" apt-install.log \
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
