// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/attention/AttentionProduct.h"

#include "compiler/source/Arithmetic.h"
#include "compiler/source/EinsumEquation.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;

namespace heddle {
namespace {

using Role = AttentionOperand::Role;

/// Batch dimensions of a MatMul, of which the second operand's may be one, and the first one's
/// where these are queries.
bool isBatched(Value a, Value b, Value result, bool areQueries) {
  Dims left = dimsOf(a), right = dimsOf(b), made = dimsOf(result);
  if (left.size() < 2 || left.size() != right.size() || left.size() != made.size())
    return false;
  for (auto [x, y, z] : llvm::zip(ArrayRef(left).drop_back(2), right, made))
    if ((x != z && !(areQueries && x.isConstant(1))) || (y != z && !y.isConstant(1)))
      return false;
  return true;
}

/// An operand with as many dimensions as the result: what several batches share may lack theirs.
Value batched(Value operand, onnx::MatMulOp matmul) {
  Dims dims = dimsOf(operand);
  size_t rank = dimsOf(matmul.getY()).size();
  if (dims.size() < 2 || dims.size() >= rank)
    return operand;
  dims.insert(dims.begin(), rank - dims.size(), DimExpr(1));
  return Arithmetic(matmul).viewedAs(operand, dims);
}

AttentionOperand swapped(AttentionOperand operand) {
  std::swap(operand.axes[operand.axes.size() - 1], operand.axes[operand.axes.size() - 2]);
  return operand;
}

/// A Gemm without C.
bool isPlain(onnx::GemmOp gemm) { return gemm && !gemm.getC(); }

/// The operand with its logical axes in the order of these labels.
std::optional<AttentionOperand> ordered(Role role, Value tensor, StringRef term, StringRef labels) {
  if (term.size() != labels.size() || term.size() != dimsOf(tensor).size())
    return std::nullopt;
  AttentionOperand operand{role, tensor, {}, 1, false};
  for (char label : labels) {
    size_t place = term.find(label);
    if (place == StringRef::npos)
      return std::nullopt;
    operand.axes.push_back(place);
  }
  return operand;
}

std::optional<ScoreProduct> scoresOf(onnx::EinsumOp op) {
  std::optional<EinsumEquation> equation = EinsumEquation::of(op);
  if (!equation || equation->result.size() < 2)
    return std::nullopt;
  Value a = op.getInputs()[0], b = op.getInputs()[1];
  char key = equation->result.back();
  if (equation->a.find(key) != std::string::npos) {
    std::swap(equation->a, equation->b);
    std::swap(a, b);
  }
  char depth = 0;
  for (char label : equation->a)
    if (equation->result.find(label) == std::string::npos)
      depth = label;
  std::string batch = equation->result.substr(0, equation->result.size() - 2);
  char query = equation->result[batch.size()];
  if (!depth || equation->a.find(key) != std::string::npos ||
      equation->b.find(query) != std::string::npos || !equation->hasEqualSizes(a, b))
    return std::nullopt;
  auto q = ordered(AttentionOperand::Queries, a, equation->a, batch + query + depth);
  auto k = ordered(AttentionOperand::Keys, b, equation->b, batch + key + depth);
  if (!q || !k)
    return std::nullopt;
  return ScoreProduct{op.getOutput(), *q, *k, 1};
}

std::optional<ValueProduct> valuesOf(onnx::EinsumOp op, Value weights) {
  std::optional<EinsumEquation> equation = EinsumEquation::of(op);
  if (!equation)
    return std::nullopt;
  Value a = op.getInputs()[0], b = op.getInputs()[1];
  if (b == weights) {
    std::swap(equation->a, equation->b);
    std::swap(a, b);
  }
  if (a != weights || b == weights || equation->a.size() < 2 || !equation->hasEqualSizes(a, b))
    return std::nullopt;
  char time = equation->a.back(), width = equation->result.back();
  std::string batch = equation->a.substr(0, equation->a.size() - 2);
  char query = equation->a[batch.size()];
  if (equation->result.find(time) != std::string::npos ||
      equation->a.find(width) != std::string::npos || equation->b.find(query) != std::string::npos)
    return std::nullopt;
  auto value = ordered(AttentionOperand::Values, b, equation->b, batch + time + width);
  std::string logical = batch + query + width;
  if (!value || equation->result.size() != logical.size())
    return std::nullopt;
  ValueProduct product{op, dimsOf(weights), *value, {}};
  for (char label : equation->result) {
    size_t place = logical.find(label);
    if (place == std::string::npos)
      return std::nullopt;
    product.resultAxes.push_back(place);
  }
  return product;
}

} // namespace

std::optional<ScoreProduct> ScoreProduct::of(Operation *op) {
  if (auto matmul = dyn_cast<onnx::MatMulOp>(op)) {
    Value queries = batched(matmul.getA(), matmul), keys = batched(matmul.getB(), matmul);
    if (!isBatched(queries, keys, matmul.getY(), /*areQueries=*/true))
      return std::nullopt;
    return ScoreProduct{matmul.getY(), AttentionOperand::of(AttentionOperand::Queries, queries),
                        swapped(AttentionOperand::of(AttentionOperand::Keys, keys)), 1};
  }
  if (auto gemm = dyn_cast<onnx::GemmOp>(op); isPlain(gemm)) {
    auto query = AttentionOperand::of(AttentionOperand::Queries, gemm.getA());
    auto key = AttentionOperand::of(AttentionOperand::Keys, gemm.getB());
    return ScoreProduct{gemm.getY(), gemm.getTransA() ? swapped(query) : query,
                        gemm.getTransB() ? key : swapped(key), gemm.getAlpha().convertToDouble()};
  }
  return scoresOf(dyn_cast<onnx::EinsumOp>(op));
}

std::optional<ValueProduct> ValueProduct::of(Operation *op, Value weights) {
  auto make = [&](Value values) {
    unsigned rank = dimsOf(weights).size();
    return ValueProduct{op, dimsOf(weights), AttentionOperand::of(AttentionOperand::Values, values),
                        llvm::to_vector(llvm::seq<int64_t>(0, rank))};
  };
  if (auto matmul = dyn_cast<onnx::MatMulOp>(op)) {
    if (matmul.getA() != weights || matmul.getB() == weights)
      return std::nullopt;
    Value values = batched(matmul.getB(), matmul);
    if (!isBatched(weights, values, matmul.getY(), /*areQueries=*/false))
      return std::nullopt;
    return make(values);
  }
  if (auto gemm = dyn_cast<onnx::GemmOp>(op); isPlain(gemm)) {
    if (gemm.getA() != weights || gemm.getB() == weights || gemm.getTransA() ||
        !gemm.getAlpha().isExactlyValue(1.0))
      return std::nullopt;
    ValueProduct product = make(gemm.getB());
    if (gemm.getTransB())
      product.value = swapped(product.value);
    return product;
  }
  return valuesOf(dyn_cast<onnx::EinsumOp>(op), weights);
}

} // namespace heddle
