// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products that ai.onnx has no operator for.

#include "dialects/heddle/Heddle.h"
#include "dialects/onnx/shapes/ShapeRules.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

static LogicalResult inferBlockMatmul(BlockMatmulOp op, ShapeContext &context) {
  const TensorFacts &a = context.facts(op.getA()), &codes = context.facts(op.getCodes());
  if (failed(expectRankAtLeast(op, "rows", a, 1)) || failed(expectRank(op, "codes", codes, 3)))
    return failure();
  int64_t blockBytes = op.getBlock() * op.getBits() / 8;
  if (!codes.elementType.isUnsignedInteger(8) || !codes.dims[2].isConstant(blockBytes))
    return op.emitOpError("has codes of ") << describe(codes.dims) << ' ' << codes.elementType
                                           << ", expected " << blockBytes << " bytes a block";
  if (!a.elementType.isF32() && !a.elementType.isF16() && !a.elementType.isBF16())
    return op.emitOpError("has rows of ") << a.elementType << ", expected f32, f16 or bf16";
  Dims blocks = {codes.dims[0], codes.dims[1]};
  const TensorFacts &scales = context.facts(op.getScales());
  if (scales.dims != blocks || scales.elementType != a.elementType)
    return op.emitOpError("has scales of ")
           << describe(scales.dims) << ' ' << scales.elementType << ", expected "
           << describe(blocks) << ' ' << a.elementType;
  if (const TensorFacts *zeroPoints = optionalFacts(context, op.getZeroPoints());
      zeroPoints && (zeroPoints->dims != blocks || !zeroPoints->elementType.isF32()))
    return op.emitOpError("has zero points of ")
           << describe(zeroPoints->dims) << ' ' << zeroPoints->elementType << ", expected "
           << describe(blocks) << " f32";
  if (failed(unifyDims(op, "depths", a.dims.back(), blocks[1] * op.getBlock())))
    return failure();
  Dims dims = a.dims;
  dims.back() = blocks[0];
  context.setFacts(op.getY(), a.elementType, dims);
  return success();
}

void heddle::onnx::attachProductShapes(MLIRContext *context) {
  attachRules<inferBlockMatmul>(context);
}
