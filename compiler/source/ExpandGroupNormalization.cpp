// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// GroupNormalization is InstanceNormalization of the same elements with a group for a channel, and
// then the scale and shift of each channel:
//
//   [N, C, spatial...] -> [N, G, elements of a group] -> normalized -> [N, C, spatial...] * s + b

#include "compiler/Passes.h"
#include "compiler/source/Arithmetic.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_EXPANDGROUPNORMALIZATIONPASS
#include "compiler/Passes.h.inc"

namespace {

/// A vector of f32 with one number everywhere.
Value filled(Arithmetic &m, int64_t size, float number) {
  auto type = RankedTensorType::get({size}, m.b.getF32Type());
  auto constant = onnx::ConstantOp::create(m.b, m.loc, TypeRange{type}, ValueRange{});
  constant.setValueAttr(DenseElementsAttr::get(type, number));
  return constant.getResult();
}

/// Floats of 16 bits round between the steps of this form: the library computes them in f32.
void expand(onnx::GroupNormalizationOp norm) {
  Dims dims = dimsOf(norm.getX());
  int64_t groups = norm.getNumGroups();
  std::optional<int64_t> channels = dims.size() > 1 ? dims[1].asConstant() : std::nullopt;
  if (!channels || groups < 1 || *channels % groups != 0 || !elementOf(norm.getX()).isF32() ||
      !elementOf(norm.getScale()).isF32() || !elementOf(norm.getBias()).isF32())
    return;
  Arithmetic m(norm);
  DimExpr elements = countElements(ArrayRef(dims).drop_front(2)) * (*channels / groups);
  Value grouped = m.viewedAs(norm.getX(), Dims{dims[0], groups, elements});
  Value normal = onnx::InstanceNormalizationOp::create(m.b, m.loc, grouped.getType(), grouped,
                                                       filled(m, groups, 1), filled(m, groups, 0),
                                                       norm.getEpsilonAttr());
  SmallVector<int64_t> places(dims.size() - 1, 1);
  places[0] = *channels;
  Value scaled = m.mul(m.viewedAs(normal, dims), m.viewed(norm.getScale(), places));
  norm.getY().replaceAllUsesWith(m.add(scaled, m.viewed(norm.getBias(), places)));
  norm.erase();
}

struct ExpandGroupNormalization : impl::ExpandGroupNormalizationPassBase<ExpandGroupNormalization> {
  void runOnOperation() override {
    SmallVector<onnx::GroupNormalizationOp> found;
    getOperation()->walk([&](onnx::GroupNormalizationOp norm) { found.push_back(norm); });
    for (onnx::GroupNormalizationOp norm : found)
      expand(norm);
  }
};

} // namespace
} // namespace heddle
