// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/matmul/PreparedRows.h"

#include "compiler/codegen/matmul/TileRegisters.h"

using namespace mlir;

namespace heddle::codegen {

Value PreparedRows::start(Emitter &e, Value row) const {
  if (line == 0)
    return e.mul(row, length);
  Value rows = e.index(kTileRows), block = e.mul(e.div(row, rows), kTileRows);
  return e.add(e.mul(block, length), e.mul(e.rem(row, rows), line));
}

Value PreparedRows::place(Emitter &e, Value k) const {
  if (line == 0)
    return k;
  return e.add(e.mul(e.div(k, e.index(line)), kTileRows * line), e.rem(k, e.index(line)));
}

} // namespace heddle::codegen
