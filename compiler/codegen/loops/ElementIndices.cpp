// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic of indices. It keeps the knowledge that lanes are neighbours, as contiguous loads depend
// on it.

#include "compiler/codegen/loops/ElementEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle {
namespace {

/// Lanes differ, in a way that is known.
bool isGrowing(const Element &e) { return !e.isUniform() && e.kind != Element::Varying; }

bool isUniformly(const Element &e, int64_t value) {
  return e.isUniform() && isConstantIntValue(e.value, value);
}

/// Lanes that all move by the same.
std::optional<Element> sumOf(ImplicitLocOpBuilder &b, Operation &op, const Element &lhs,
                             const Element &rhs) {
  if (isa<arith::AddIOp>(op) &&
      ((isGrowing(lhs) && rhs.isUniform()) || (lhs.isUniform() && isGrowing(rhs)))) {
    const Element &growing = isGrowing(lhs) ? lhs : rhs;
    return Element{arith::AddIOp::create(b, lhs.value, rhs.value), growing.kind, growing.uniformIf};
  }
  if (isa<arith::SubIOp>(op) && isGrowing(lhs) && rhs.isUniform())
    return Element{arith::SubIOp::create(b, lhs.value, rhs.value), lhs.kind, lhs.uniformIf};
  return std::nullopt;
}

std::optional<Element> productOf(ImplicitLocOpBuilder &b, Operation &op, const Element &lhs,
                                 const Element &rhs) {
  if (!isa<arith::MulIOp>(op))
    return std::nullopt;
  if (lhs.kind == Element::Contiguous && isUniformly(rhs, 2))
    return Element{arith::MulIOp::create(b, lhs.value, rhs.value), Element::Alternate};
  if (isUniformly(rhs, 1))
    return lhs;
  if (isUniformly(lhs, 1))
    return rhs;
  return std::nullopt;
}

/// One of two indices, for all lanes alike.
std::optional<Element> chosenOf(ImplicitLocOpBuilder &b, Operation &op,
                                ArrayRef<Element> operands) {
  if (!isa<arith::SelectOp>(op) || !operands[0].isUniform() ||
      operands[2].kind != Element::Contiguous)
    return std::nullopt;
  Value chosen =
      arith::SelectOp::create(b, operands[0].value, operands[1].value, operands[2].value);
  if (operands[1].kind == Element::Contiguous)
    return Element{chosen, Element::Contiguous};
  if (operands[1].isUniform())
    return Element{chosen, Element::UniformOrContiguous, operands[0].value};
  return std::nullopt;
}

} // namespace

/// Vectors of integers are divided one by one. But neighbours have at most two quotients where the
/// divisor is no less than their number.
Element ElementEmitter::neighboursDivided(Operation &op, ArrayRef<Element> operands) {
  const Element &lhs = operands[0], &rhs = operands[1];
  VectorType type = laneType(lhs.value.getType());
  Value few = arith::CmpIOp::create(b, arith::CmpIPredicate::uge, rhs.value, index(lanes));
  auto branch = scf::IfOp::create(b, type, few, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(branch.thenBlock());
  Value first = arith::RemUIOp::create(b, lhs.value, rhs.value), divisor = vectorOf(rhs);
  Value rest = vectorOf({first, Element::Contiguous});
  Value isNext = arith::CmpIOp::create(b, arith::CmpIPredicate::uge, rest, divisor);
  Value result;
  if (isa<arith::RemUIOp>(op)) {
    result = arith::SelectOp::create(b, isNext, arith::SubIOp::create(b, rest, divisor), rest);
  } else {
    Value quotient = arith::DivUIOp::create(b, lhs.value, rhs.value);
    Value next = arith::AddIOp::create(b, quotient, index(1));
    result = arith::SelectOp::create(b, isNext, vectorOf({next}), vectorOf({quotient}));
  }
  scf::YieldOp::create(b, result);
  b.setInsertionPointToEnd(branch.elseBlock());
  scf::YieldOp::create(b, elementwise(op, operands).value);
  return {branch.getResult(0), Element::Varying};
}

Element ElementEmitter::indexArithmetic(Operation &op, ArrayRef<Element> operands) {
  if (operands.size() == 2) {
    const Element &lhs = operands[0], &rhs = operands[1];
    if (std::optional<Element> sum = sumOf(b, op, lhs, rhs))
      return *sum;
    if (std::optional<Element> product = productOf(b, op, lhs, rhs))
      return *product;
    if (isa<arith::RemUIOp, arith::DivUIOp>(op) && lhs.kind == Element::Contiguous &&
        rhs.isUniform())
      return neighboursDivided(op, operands);
  }
  if (std::optional<Element> chosen = chosenOf(b, op, operands))
    return *chosen;
  return elementwise(op, operands);
}

Element ElementEmitter::checkedIndex(ArrayRef<Element> operands) {
  bool uniform = operands[0].isUniform() && operands[1].isUniform();
  Value position = uniform ? operands[0].value : vectorOf(operands[0]);
  Value size = uniform ? operands[1].value : vectorOf(operands[1]);
  Value zero = uniform ? index(0) : vectorOf({index(0)});
  Value negative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, position, zero);
  Value wrapped =
      arith::SelectOp::create(b, negative, arith::AddIOp::create(b, position, size), position);
  Value good = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, wrapped, size);
  Value bad = arith::CmpIOp::create(b, arith::CmpIPredicate::uge, wrapped, size);
  Value anyBad = bad;
  if (!uniform)
    anyBad = vector::ReductionOp::create(b, vector::CombiningKind::OR,
                                         arith::AndIOp::create(b, bad, allLanes()));
  auto ifBad = scf::IfOp::create(b, anyBad, /*withElseRegion=*/false);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(ifBad.thenBlock()->getTerminator());
    Value code = arith::ConstantIntOp::create(b, 1, 32); // HEDDLE_KERNEL_INDEX_OUT_OF_RANGE
    memref::StoreOp::create(b, code, failure, ValueRange{});
  }
  return {arith::SelectOp::create(b, good, wrapped, zero),
          uniform ? Element::Uniform : Element::Varying};
}

} // namespace heddle
