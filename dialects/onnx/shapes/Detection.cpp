// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Object detection and images.

#include "dialects/onnx/shapes/ShapeRules.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

static LogicalResult inferNonMaxSuppression(NonMaxSuppressionOp op, ShapeContext &context) {
  if (failed(expectRank(op, "boxes", context.facts(op.getBoxes()), 3)) ||
      failed(expectRank(op, "scores", context.facts(op.getScores()), 3)))
    return failure();
  context.setFacts(op.getSelectedIndices(), IntegerType::get(op.getContext(), 64),
                   {context.freshSymbol(op.getSelectedIndices(), 0), 3});
  return success();
}

static LogicalResult inferRoiAlign(RoiAlignOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX()), &rois = context.facts(op.getRois());
  if (failed(expectRank(op, "an operand", x, 4)) || failed(expectRank(op, "rois", rois, 2)))
    return failure();
  context.setFacts(
      op.getY(), x.elementType,
      {rois.dims[0], x.dims[1], int64_t(op.getOutputHeight()), int64_t(op.getOutputWidth())});
  return success();
}

static LogicalResult inferMaxRoiPool(MaxRoiPoolOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX()), &rois = context.facts(op.getRois());
  ArrayRef<int64_t> pooled = op.getPooledShape();
  if (failed(expectRank(op, "rois", rois, 2)) ||
      failed(expectRank(op, "an operand", x, int64_t(pooled.size()) + 2)))
    return failure();
  Dims dims{rois.dims[0], x.dims[1]};
  dims.append(pooled.begin(), pooled.end());
  context.setFacts(op.getY(), x.elementType, dims);
  return success();
}

static LogicalResult inferImageDecoder(ImageDecoderOp op, ShapeContext &context) {
  if (failed(expectRank(op, "a stream", context.facts(op.getEncodedStream()), 1)))
    return failure();
  Value image = op.getImage();
  context.setFacts(image, IntegerType::get(op.getContext(), 8, IntegerType::Unsigned),
                   {context.freshSymbol(image, 0), context.freshSymbol(image, 1),
                    op.getPixelFormat() == "Grayscale" ? 1 : 3});
  return success();
}

void heddle::onnx::attachDetectionShapes(MLIRContext *context) {
  attachRules<inferNonMaxSuppression, inferRoiAlign, inferMaxRoiPool, inferImageDecoder>(context);
}
