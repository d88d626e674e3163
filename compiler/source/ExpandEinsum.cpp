// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An Einsum of two operands is a matrix product, once its labels are sorted by what becomes of
// them:
//
//   a [batch, left, summed] x b [batch, summed, right] -> [batch, left, right]
//
// and an element-wise product where nothing is summed. It runs after the passes that know an Einsum
// for what it is part of, attention above all.

#include "compiler/Passes.h"
#include "compiler/source/Arithmetic.h"
#include "compiler/source/EinsumEquation.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_EXPANDEINSUMPASS
#include "compiler/Passes.h.inc"

namespace {

bool has(StringRef term, char label) { return term.contains(label); }

/// The labels of `term` that a test holds for, in their order.
template <typename Test> std::string labelsWhere(StringRef term, Test test) {
  std::string labels;
  for (char label : term)
    if (test(label))
      labels += label;
  return labels;
}

/// An operand or result and the labels of its axes.
struct Labelled {
  Value value;
  std::string labels;

  Labelled ordered(Arithmetic &m, StringRef wanted) const {
    SmallVector<int64_t> permutation;
    for (char label : wanted)
      permutation.push_back(static_cast<int64_t>(labels.find(label)));
    return {m.transposed(value, permutation), wanted.str()};
  }

  DimExpr size(char label) const { return dimsOf(value)[labels.find(label)]; }

  Dims sizes(StringRef of) const {
    Dims dims;
    for (char label : of)
      dims.push_back(size(label));
    return dims;
  }
};

/// Axes that the other operand lacks have the size 1.
Value besideOnes(Arithmetic &m, Labelled operand, StringRef result) {
  operand = operand.ordered(m, labelsWhere(result, [&](char l) { return has(operand.labels, l); }));
  Dims dims;
  for (char label : result)
    dims.push_back(has(operand.labels, label) ? operand.size(label) : DimExpr(1));
  return m.viewedAs(operand.value, dims);
}

/// [batch..., first labels, second labels], each of the two groups as one axis.
Value asMatrices(Arithmetic &m, const Labelled &operand, const std::string &batch,
                 const std::string &first, const std::string &second) {
  Dims dims = operand.sizes(batch);
  dims.push_back(countElements(operand.sizes(first)));
  dims.push_back(countElements(operand.sizes(second)));
  return m.viewedAs(operand.ordered(m, batch + first + second).value, dims);
}

Value productOf(Arithmetic &m, Labelled a, Labelled b, const std::string &result) {
  auto isSummed = [&](char label) { return !has(result, label); };
  if (llvm::none_of(a.labels, isSummed))
    return m.mul(besideOnes(m, a, result), besideOnes(m, b, result));
  if (!has(b.labels, result.back()))
    std::swap(a, b); // so that the last axis of the product is that of the result, or nearly
  // Weights are laid out anew while compiling.
  bool isWeight = matchPattern(a.value, m_Constant()) || a.value.getDefiningOp<onnx::ConstantOp>();
  std::string summed = labelsWhere(isWeight ? b.labels : a.labels, isSummed);
  std::string batch =
      labelsWhere(result, [&](char l) { return has(a.labels, l) && has(b.labels, l); });
  std::string left = labelsWhere(result, [&](char l) { return !has(b.labels, l); });
  std::string right = labelsWhere(result, [&](char l) { return !has(a.labels, l); });
  Value lhs = asMatrices(m, a, batch, left, summed), rhs = asMatrices(m, b, batch, summed, right);
  Dims dims = a.sizes(batch);
  dims.push_back(dimsOf(lhs)[batch.size()]);
  dims.push_back(dimsOf(rhs).back());
  Value product =
      onnx::MatMulOp::create(m.b, m.loc, tensorWithDims(dims, elementOf(lhs)), lhs, rhs);
  dims = a.sizes(batch + left);
  llvm::append_range(dims, b.sizes(right));
  return Labelled{m.viewedAs(product, dims), batch + left + right}.ordered(m, result).value;
}

void expand(onnx::EinsumOp einsum) {
  std::optional<EinsumEquation> equation = EinsumEquation::of(einsum);
  if (!equation || !elementOf(einsum.getOutput()).isF32())
    return;
  Labelled a{einsum.getInputs()[0], equation->a}, b{einsum.getInputs()[1], equation->b};
  // What one operand alone sums is left to the library.
  auto isAlone = [&](char label, StringRef other) {
    return !has(equation->result, label) && !has(other, label);
  };
  if (!equation->hasEqualSizes(a.value, b.value) ||
      llvm::any_of(a.labels, [&](char l) { return isAlone(l, b.labels); }) ||
      llvm::any_of(b.labels, [&](char l) { return isAlone(l, a.labels); }))
    return;
  Arithmetic m(einsum);
  einsum.getOutput().replaceAllUsesWith(productOf(m, a, b, equation->result));
  einsum.erase();
}

struct ExpandEinsum : impl::ExpandEinsumPassBase<ExpandEinsum> {
  void runOnOperation() override {
    SmallVector<onnx::EinsumOp> found;
    getOperation()->walk([&](onnx::EinsumOp einsum) { found.push_back(einsum); });
    for (onnx::EinsumOp einsum : found)
      expand(einsum);
  }
};

} // namespace
} // namespace heddle
