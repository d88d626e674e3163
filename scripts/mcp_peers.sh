#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Gets the MCP servers that tests talk to from the npm registry into build/peers. Fails where there
# is no node 20, no npm or no registry; the tests then say that they were skipped.
set -euo pipefail

# shellcheck source=scripts/steps.sh
source "$(dirname "${BASH_SOURCE[0]}")/steps.sh"

node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)'
npm_package "$HEDDLE_ROOT/build/peers" \
  @modelcontextprotocol/server-everything@2026.8.31 \
  @modelcontextprotocol/server-filesystem@2026.8.31 \
  @modelcontextprotocol/server-memory@2026.8.31 \
  @modelcontextprotocol/server@2.4
