// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whether the new state, and all that reads it, have the forms of a linear attention.

#include "compiler/parallel/recurrence/OuterLaw.h"
#include "compiler/parallel/recurrence/Ring.h"

using namespace mlir;

namespace heddle {
namespace outer {

bool OuterLaw::finish(const Form &form, OuterProducts &found) {
  if (form.kind != Form::Matrix || form.turned || !form.updated)
    return false;
  Value decay;
  for (const Flat &factor : form.factors)
    decay = times(decay, factor.value);
  found.decay = decay;
  found.key = form.key.value;
  found.rate = form.rate;
  Value value = form.constant.value;
  bool negative = form.negative;
  if (form.sign == 0) {
    found.value = value;
  } else {
    found.delta = true;
    // The read must be of the decayed state, by the key that the correction is written with.
    bool same = form.readFactors.size() == form.factors.size();
    for (auto [a, b] : llvm::zip(form.readFactors, form.factors))
      same &= a.root == b.root;
    if (!same)
      return false;
    if (form.readKey.root != form.key.root) {
      // k b for the write and k for the read: b is the rate.
      auto mul = form.key.root.getDefiningOp<onnx::MulOp>();
      std::optional<Value> rate;
      for (unsigned i = 0; mul && i < 2; ++i)
        if (rootOf(mul->getOperand(i)) == form.readKey.root)
          rate = scalar(mul->getOperand(1 - i), dimsOf(mul.getResult()).size());
      if (!rate)
        return false;
      found.rate = times(found.rate, *rate);
      found.key = form.readKey.value;
    }
    // -(v + S k) is (-v) - S k; what adds the read instead of taking it away is no correction.
    if ((form.sign < 0) == negative)
      return false;
    if (!value)
      value =
          m.expandedTo(m.viewedAs(scalarConstant(m, elementOf(init), 0), {}), with(values), init);
    found.value = value;
  }
  if (negative)
    found.value = onnx::NegOp::create(m.b, m.loc, found.value.getType(), found.value);
  if (!found.delta && found.rate) { // a factor of the value
    found.value = m.mul(found.value, found.rate);
    found.rate = {};
  }
  return true;
}

/// Everything that uses the state outside of its update must read it by a vector.
bool OuterLaw::findReads(OuterProducts &found) {
  Component component = body.component({state});
  DenseSet<Operation *> inside(component.steps.begin(), component.steps.end());
  Form whole;
  whole.kind = Form::Matrix;
  for (bool before : {true, false}) {
    DenseMap<Value, Form> forms;
    SmallVector<Value> open = {before ? body.before(state) : body.after(state)};
    forms[open.front()] = whole;
    while (!open.empty()) {
      Value value = open.pop_back_val();
      for (OpOperand &use : value.getUses()) {
        Operation *op = use.getOwner();
        if (op == body.end() && use.getOperandNumber() == state)
          continue;
        if (before && inside.contains(op))
          continue;
        if (op->getBlock() != &body.block || op == body.end())
          return false;
        SmallVector<Form> operands;
        for (Value operand : op->getOperands()) {
          Form form;
          form.value = operand;
          if (auto known = forms.find(operand); known != forms.end())
            form = known->second;
          else if (body.depends(operand, state))
            return false;
          operands.push_back(form);
        }
        std::optional<Form> form = transfer(op, operands);
        Value result = form ? op->getResult(0) : Value();
        if (!form || form->updated)
          return false;
        if (form->kind == Form::Vector) {
          if (!form->readFactors.empty())
            return false;
          if (!llvm::is_contained(
                  llvm::map_range(found.reads, [](const auto &read) { return read.result; }),
                  result))
            found.reads.push_back({form->readKey.value, result, before});
          continue;
        }
        if (form->kind != Form::Matrix)
          return false;
        if (forms.try_emplace(result, *form).second)
          open.push_back(result);
      }
    }
  }
  // What the update makes on its way must not be used by others, except what it reads itself.
  for (Operation *op : component.steps)
    if (op->getResult(0) != body.after(state))
      for (Operation *user : op->getResult(0).getUsers())
        if (!inside.contains(user))
          return false;
  return true;
}

std::optional<OuterProducts> OuterLaw::find() {
  OuterProducts found;
  found.transposed = transposed;
  Component component = body.component({state});
  Refusal refusal;
  auto forms = interpret<Form>(
      component,
      [&](unsigned) {
        Form form;
        form.kind = Form::Matrix;
        return form;
      },
      [&](Value value) {
        Form form;
        form.value = value;
        return form;
      },
      [&](Operation *op, ArrayRef<Form> operands, std::string &) { return transfer(op, operands); },
      refusal);
  if (!forms || !finish(forms->front(), found) || !findReads(found))
    return std::nullopt;
  found.proof = found.delta
                    ? "the new state is the decayed old one, to which a key writes the "
                      "difference of a value and what it reads"
                    : "the new state is the decayed old one plus the product of a key and a "
                      "value";
  found.proof += "; it is read by vectors alone";
  return found;
}

} // namespace outer

std::optional<OuterProducts> findOuterProducts(const LoopBody &body, unsigned state) {
  Value init = body.init(state);
  Type element = elementOf(init);
  if (dimsOf(init).size() < 2 || (!element.isF32() && !element.isF64()))
    return std::nullopt;
  for (bool transposed : {false, true})
    if (auto found = outer::OuterLaw(body, state, transposed).find())
      return found;
  return std::nullopt;
}

} // namespace heddle
