// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/heddle/Heddle.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace heddle;

LogicalResult BlockMatmulOp::verify() {
  int64_t bits = getBits(), block = getBlock();
  if (bits != 2 && bits != 4 && bits != 8)
    return emitOpError("has codes of ") << bits << " bits; 2, 4 and 8 are known";
  // Sums of a block stay within 32 bits.
  if (block < 16 || block > 256 || !llvm::isPowerOf2_64(block))
    return emitOpError("has blocks of ") << block << " codes; they are 16, 32, 64, 128 or 256";
  if (getZeroPoint() < 0 || getZeroPoint() >> bits != 0)
    return emitOpError("has a zero point of ") << getZeroPoint() << ", which is no code";
  return success();
}
