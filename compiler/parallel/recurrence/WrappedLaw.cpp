// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Integers of which each step keeps the lowest k bits:
//
//   s <- (a s + b) mod 2^k         as Mod by 2^k, or as BitwiseAnd with 2^k - 1
//
// Sums and products of integers agree in their lowest k bits where their operands do, whether they wrap
// around or not. So steps compose without the remainder, and it is taken once, of each state. Of
// another number that holds only as long as nothing wraps around, which nobody knows.

#include "compiler/kernels/Parameters.h"
#include "compiler/parallel/recurrence/Recurrence.h"
#include "compiler/parallel/recurrence/Ring.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace heddle {

/// What is kept of a value: its lowest bits.
struct Kept {
  Value value;
  int64_t mask;
};

static std::optional<Kept> keptBits(Operation *op) {
  auto number = [&](unsigned operand) -> std::optional<int64_t> {
    auto numbers = constantIntegers(op->getOperand(operand));
    return numbers && numbers->size() == 1 ? std::optional(numbers->front()) : std::nullopt;
  };
  constexpr int64_t most = int64_t(1) << 52;
  if (auto mod = dyn_cast<onnx::ModOp>(op)) {
    std::optional<int64_t> by = number(1);
    if (mod.getFmod() == 0 && by && *by > 0 && *by <= most && llvm::isPowerOf2_64(*by))
      return Kept{mod.getA(), *by - 1};
  } else if (auto both = dyn_cast<onnx::BitwiseAndOp>(op)) {
    for (unsigned i : {0u, 1u})
      if (std::optional<int64_t> mask = number(i);
          mask && *mask > 0 && *mask < most && llvm::isPowerOf2_64(*mask + 1))
        return Kept{op->getOperand(1 - i), *mask};
  }
  return std::nullopt;
}

std::optional<Recurrence> findWrapped(const Component &component, Refusal &refusal) {
  if (component.before.size() != 1 || component.steps.empty() ||
      component.steps.back()->getNumResults() != 1 ||
      component.steps.back()->getResult(0) != component.after[0] ||
      !isa<IntegerType>(elementOf(component.after[0])))
    return std::nullopt;
  std::optional<Kept> kept = keptBits(component.steps.back());
  if (!kept || kept->value.getType() != component.after[0].getType())
    return std::nullopt;
  Component inner = upTo(component, kept->value);
  if (inner.steps.empty())
    return std::nullopt;
  std::optional<Recurrence> found = findAffine(inner, refusal);
  if (!found || found->elements.empty())
    return std::nullopt;
  found->summary += " of integers modulo " + std::to_string(kept->mask + 1);
  found->proof += ", of which the lowest bits are kept";
  Recurrence::Build step = found->apply;
  int64_t mask = kept->mask;
  found->apply = [=](Arithmetic &m, ValueRange s, ValueRange e) -> SmallVector<Value> {
    Value next = step(m, s, e)[0];
    return {m.apply<onnx::BitwiseAndOp>(next, scalarConstant(m, elementOf(next), mask))};
  };
  return found;
}

} // namespace heddle
