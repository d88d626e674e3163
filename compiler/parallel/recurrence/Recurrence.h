// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which loops compose. A step of a loop is a function of its states; where all steps are functions of
// one class that is closed under composition (s -> a s + b, s -> max(s + a, b), ...), two steps are
// one step with other parameters, and the loop is a scan over the parameters.
//
// Each law below is an abstract interpretation of the operations from the old states to the new ones:
// an operation takes functions of the states to a function of the states, or refuses. So any spelling
// is recognised, and nothing that only looks alike. Parameters are built in the loop's body out of
// values that do not depend on the states.

#ifndef HEDDLE_COMPILER_PARALLEL_RECURRENCE_RECURRENCE_H
#define HEDDLE_COMPILER_PARALLEL_RECURRENCE_RECURRENCE_H

#include "compiler/parallel/Constructs.h"
#include "compiler/source/Arithmetic.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <functional>
#include <optional>
#include <string>

namespace heddle {

/// States of a loop whose updates depend on each other.
struct Component {
  /// The body's arguments, what it yields for them, and the values outside that they start from.
  llvm::SmallVector<mlir::Value> before, after, init;
  /// The operations from the ones to the others, in order.
  llvm::SmallVector<mlir::Operation *> steps;
  /// Parameters are built before it: the body's terminator.
  mlir::Operation *end;
};

/// How the steps of a component compose.
struct Recurrence {
  using Build = std::function<llvm::SmallVector<mlir::Value>(Arithmetic &, mlir::ValueRange,
                                                             mlir::ValueRange)>;
  std::string summary, proof;
  /// Whether any order of composition gives the same bits.
  bool exact = false;
  /// Whether the user says so, and no law.
  bool declared = false;
  /// The parameters of one step, in the body.
  llvm::SmallVector<mlir::Value> elements;
  Build apply;   // states, elements -> states
  Build combine; // elements, those of the next step -> elements
};

/// The operation that a law has no rule for.
struct Refusal {
  mlir::Operation *op = nullptr;
  std::string why;
};

/// Whether an operation gives the elements of its first operand in their order under another shape.
bool isView(mlir::Operation *op);

/// The recurrence that a component is, by the first law that it obeys.
std::optional<Recurrence> findRecurrence(const Component &component, Refusal &refusal);

/// The same component up to a value of it, as if that were the new state.
Component upTo(const Component &component, mlir::Value after);

/// The laws: sums, products and a s + b, of one state or several that mix; the same on bits;
/// maxima and minima with shifts; products with matrices; logarithms of sums of exponentials; integers
/// of so many bits.
std::optional<Recurrence> findAffine(const Component &component, Refusal &refusal);
std::optional<Recurrence> findBitwise(const Component &component, Refusal &refusal);
std::optional<Recurrence> findOrder(const Component &component, Refusal &refusal);
std::optional<Recurrence> findLogSum(const Component &component, Refusal &refusal);
std::optional<Recurrence> findWrapped(const Component &component, Refusal &refusal);
std::optional<Recurrence> findMatrix(const Component &component, Refusal &refusal);

/// Interprets the steps of a component: `transfer(op, of)` gives the form of the operation's result,
/// where `of` gives those of its operands, or says why not. Returns the forms of the new states.
template <typename Form>
std::optional<llvm::SmallVector<Form>> interpret(
    const Component &component, llvm::function_ref<Form(unsigned)> state,
    llvm::function_ref<Form(mlir::Value)> constant,
    llvm::function_ref<std::optional<Form>(mlir::Operation *, llvm::ArrayRef<Form>, std::string &)>
        transfer,
    Refusal &refusal) {
  llvm::DenseMap<mlir::Value, Form> forms;
  for (auto [i, value] : llvm::enumerate(component.before))
    forms.try_emplace(value, state(i));
  auto formOf = [&](mlir::Value value) {
    auto found = forms.find(value);
    return found != forms.end() ? found->second : constant(value);
  };
  for (mlir::Operation *op : component.steps) {
    refusal = {op, ""};
    if (op->getNumRegions() != 0 || op->getNumResults() != 1) {
      refusal.why = "has no rule for how the state goes through it";
      return std::nullopt;
    }
    llvm::SmallVector<Form> operands;
    for (mlir::Value operand : op->getOperands())
      operands.push_back(formOf(operand));
    if (isView(op) && llvm::any_of(op->getOperands().drop_front(),
                                   [&](mlir::Value value) { return forms.contains(value); })) {
      refusal.why = "takes a shape from the state";
      return std::nullopt;
    }
    std::optional<Form> form = transfer(op, operands, refusal.why);
    if (!form)
      return std::nullopt;
    forms.try_emplace(op->getResult(0), std::move(*form));
  }
  llvm::SmallVector<Form> after;
  for (mlir::Value value : component.after)
    after.push_back(formOf(value));
  return after;
}

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_RECURRENCE_RECURRENCE_H
