// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The laws in turn, and the one that holds on top of each: a step that starts over where a condition
// says so, s <- c ? b : f(s), composes where f does. Two such steps start over where either does, from
// f(b0) or b. So what was before a start is forgotten, whatever it was: infinite, not a number.

#include "compiler/parallel/recurrence/Recurrence.h"
#include "compiler/parallel/recurrence/Ring.h"

using namespace mlir;

namespace heddle {

bool isView(Operation *op) {
  return isa<onnx::IdentityOp, onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
             onnx::FlattenOp>(op);
}

Component upTo(const Component &component, Value after) {
  Component inner = component;
  inner.after = {after};
  DenseSet<Value> needed = {after};
  for (Operation *op : llvm::reverse(component.steps)) {
    if (llvm::any_of(op->getResults(), [&](Value result) { return needed.contains(result); }))
      needed.insert(op->operand_begin(), op->operand_end());
    else
      llvm::erase(inner.steps, op);
  }
  return inner;
}

static std::optional<Recurrence> findRestarted(const Component &component, Refusal &refusal) {
  if (component.before.size() != 1 || component.steps.empty())
    return std::nullopt;
  auto where = dyn_cast<onnx::WhereOp>(component.steps.back());
  if (!where || where.getOutput() != component.after[0])
    return std::nullopt;
  auto varies = [&](Value value) {
    return llvm::is_contained(component.before, value) ||
           (value.getDefiningOp() && llvm::is_contained(component.steps, value.getDefiningOp()));
  };
  bool first = varies(where.getX()), second = varies(where.getY());
  if (first == second || varies(where.getCondition()))
    return std::nullopt;
  Value continued = first ? where.getX() : where.getY();
  if (continued.getType() != component.after[0].getType())
    return std::nullopt;
  std::optional<Recurrence> inner = findRecurrence(upTo(component, continued), refusal);
  if (!inner)
    return std::nullopt;

  Arithmetic m(component.end);
  Dims state = dimsOf(component.before[0]);
  Value restarts = where.getCondition();
  if (first)
    restarts = onnx::NotOp::create(m.b, m.loc, restarts.getType(), restarts);
  Value fresh = m.expandedTo(first ? where.getY() : where.getX(), state, component.init[0]);
  SmallVector<Value, 1> condition = {restarts};
  if (!unifyShapes(m, condition, 1, state, component.init[0])) {
    refusal = {where, "starts over under a condition of another shape than the state"};
    return std::nullopt;
  }
  Recurrence found = *inner;
  found.elements = {condition[0], fresh};
  llvm::append_range(found.elements, inner->elements);
  // Those of either step: their shapes have to be there from the beginning, conditions included.
  found.summary += " that starts over";
  found.proof += "; or a value without it, where a condition without it holds";
  Recurrence::Build apply = inner->apply, combine = inner->combine;
  found.apply = [=](Arithmetic &m, ValueRange s, ValueRange e) -> SmallVector<Value> {
    return {select(m, e[0], e[1], apply(m, s, e.drop_front(2))[0])};
  };
  found.combine = [=](Arithmetic &m, ValueRange x, ValueRange y) {
    SmallVector<Value> both = {m.apply<onnx::OrOp>(x[0], y[0]),
                               select(m, y[0], y[1], apply(m, x[1], y.drop_front(2))[0])};
    llvm::append_range(both, combine(m, x.drop_front(2), y.drop_front(2)));
    return both;
  };
  return found;
}

std::optional<Recurrence> findRecurrence(const Component &component, Refusal &refusal) {
  if (auto found = findRestarted(component, refusal))
    return found;
  if (auto found = findWrapped(component, refusal))
    return found;
  Refusal furthest;
  for (auto law : {findAffine, findOrder, findBitwise, findMatrix, findLogSum}) {
    Refusal reason;
    if (auto found = law(component, reason))
      return found;
    // The law that got furthest knows the most.
    if (reason.op && (!furthest.op || furthest.op->isBeforeInBlock(reason.op)))
      furthest = reason;
  }
  refusal = furthest;
  return std::nullopt;
}

} // namespace heddle
