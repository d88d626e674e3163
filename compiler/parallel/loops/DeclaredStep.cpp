// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/loops/DeclaredStep.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace heddle {

bool isDeclaredAssociative(Operation *op) {
  Attribute declared = op->getAttr(kAssociative);
  auto flag = dyn_cast_or_null<BoolAttr>(declared);
  return declared && (!flag || flag.getValue());
}

static constexpr llvm::StringLiteral kSummary = "recurrence with its step as the combiner";
static constexpr llvm::StringLiteral kProof = "the user declares the step to be associative";

void declareAssociative(ScanOp scan) {
  IRMapping mapping;
  scan.getApply().cloneInto(&scan.getCombine(), mapping);
  scan->setAttr(kAssociative, UnitAttr::get(scan.getContext()));
  noteFinding(scan, {.kind = "scan",
                     .summary = kSummary.str(),
                     .proof = kProof.str(),
                     .equivalence = Equivalence::Reassociation,
                     .form = ""});
}

std::optional<Recurrence> findDeclared(const LoopBody &body, std::string &why) {
  llvm::SetVector<Operation *> needed;
  BitVector reads(body.block.getNumArguments());
  SmallVector<Value> open;
  for (unsigned i = 0; i < body.states; ++i)
    open.push_back(body.after(i));
  while (!open.empty()) {
    Value value = open.pop_back_val();
    auto argument = dyn_cast<BlockArgument>(value);
    if (argument && argument.getOwner() == &body.block) {
      reads.set(argument.getArgNumber());
      continue;
    }
    Operation *op = value.getDefiningOp();
    bool inside = op && body.block.findAncestorOpInBlock(*op) == op;
    if (!inside && !(op && isa<onnx::ConstantOp>(op))) {
      why =
          "is declared associative, but uses a value from outside the loop; give it to the step as "
          "a constant or as what is read at each step";
      return std::nullopt;
    }
    if (needed.insert(op))
      llvm::append_range(open, usesOf(op));
  }
  Recurrence found;
  SmallVector<Value> states;
  bool fits = true;
  for (unsigned i = 0; i < body.block.getNumArguments(); ++i)
    if (i < body.states)
      states.push_back(body.before(i));
    else if (reads.test(i))
      found.elements.push_back(body.block.getArgument(i));
  fits = found.elements.size() == states.size();
  for (auto [state, element] : llvm::zip(states, found.elements))
    fits &= state.getType() == element.getType();
  if (!fits) {
    why = "is declared associative, but its step does not take two of the same: for its " +
          std::to_string(states.size()) + " states it reads " +
          std::to_string(found.elements.size()) + " values at each step, or of other types";
    return std::nullopt;
  }
  // Constants from outside first, then in the order of the body.
  SmallVector<Operation *> order = needed.takeVector();
  auto inBody = std::partition(order.begin(), order.end(),
                               [&](Operation *op) { return op->getBlock() != &body.block; });
  std::sort(inBody, order.end(), [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  SmallVector<Value> results, elements(found.elements);
  for (unsigned i = 0; i < body.states; ++i)
    results.push_back(body.after(i));
  found.summary = kSummary.str();
  found.proof = kProof.str();
  found.declared = true;
  found.apply = found.combine = [=](Arithmetic &m, ValueRange x, ValueRange y) {
    IRMapping mapping;
    mapping.map(states, x);
    mapping.map(elements, y);
    for (Operation *op : order)
      m.b.clone(*op, mapping);
    return llvm::map_to_vector<6>(results,
                                  [&](Value value) { return mapping.lookupOrDefault(value); });
  };
  return found;
}

} // namespace heddle
