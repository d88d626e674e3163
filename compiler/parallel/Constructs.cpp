// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/Constructs.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace heddle {

static StringRef nameOf(Equivalence equivalence) {
  switch (equivalence) {
  case Equivalence::Exact:
    return "exact";
  case Equivalence::Reassociation:
    return "reassoc";
  case Equivalence::Distribution:
    return "distribution";
  case Equivalence::Approximation:
    return "approx";
  }
  llvm_unreachable("all equivalences are named");
}

static constexpr llvm::StringLiteral kConstructs = "heddle.constructs";

static func::FuncOp functionOf(Operation *op) {
  auto function = dyn_cast<func::FuncOp>(op);
  return function ? function : op->getParentOfType<func::FuncOp>();
}

/// Appends to the list that the function has under the name.
static void append(Operation *op, StringRef list, ArrayRef<NamedAttribute> fields) {
  func::FuncOp function = functionOf(op);
  if (!function)
    return;
  SmallVector<Attribute> records;
  if (auto before = function->getAttrOfType<ArrayAttr>(list))
    llvm::append_range(records, before);
  Builder b(op->getContext());
  records.push_back(b.getDictionaryAttr(fields));
  function->setAttr(list, b.getArrayAttr(records));
}

/// The record of the same nodes that says what was found and not yet how it is computed.
static std::optional<unsigned> findUndecided(ArrayAttr records, const Construct &construct,
                                             Location source) {
  for (auto [i, record] : llvm::enumerate(records.getAsRange<DictionaryAttr>()))
    if (record.getAs<StringAttr>("kind") == construct.kind &&
        record.getAs<StringAttr>("form").empty() && record.get("source") == source)
      return i;
  return std::nullopt;
}

void recordConstruct(Operation *op, const Construct &construct) {
  Builder b(op->getContext());
  NamedAttrList fields;
  auto text = [&](StringRef name, StringRef value) { fields.set(name, b.getStringAttr(value)); };
  text("kind", construct.kind);
  text("summary", construct.summary);
  text("proof", construct.proof);
  text("equivalence", nameOf(construct.equivalence));
  text("form", construct.form);
  fields.set("source", op->getLoc());
  if (construct.work.isKnown())
    text("work", construct.work.str());
  if (construct.span.isKnown())
    text("span", construct.span.str());
  auto function = functionOf(op);
  auto records = function ? function->getAttrOfType<ArrayAttr>(kConstructs) : ArrayAttr();
  std::optional<unsigned> undecided;
  if (records && !construct.form.empty())
    undecided = findUndecided(records, construct, op->getLoc());
  if (!undecided)
    return append(op, kConstructs, fields);
  // What was proved of the loop, with the form it has now. The rewrite that found it may have
  // spelled a step otherwise, whatever the form keeps.
  auto found = cast<DictionaryAttr>(records[*undecided]);
  for (StringRef name : {"summary", "proof"})
    fields.set(name, found.get(name));
  if (construct.equivalence == Equivalence::Exact)
    fields.set("equivalence", found.get("equivalence"));
  SmallVector<Attribute> all(records.getValue());
  all[*undecided] = fields.getDictionary(op->getContext());
  function->setAttr(kConstructs, b.getArrayAttr(all));
}

void recordSequential(Operation *op, StringRef reason) {
  Builder b(op->getContext());
  append(op, "heddle.sequential",
         {b.getNamedAttr("reason", b.getStringAttr(reason)), b.getNamedAttr("source", op->getLoc())});
}

std::string describeNode(Operation *op) {
  auto node = dyn_cast<NameLoc>(op->getLoc());
  std::string name = node ? "node '" + node.getName().str() + "'" : "a node";
  return name + " (" + op->getName().stripDialect().str() + ")";
}

DimExpr logarithm(const DimExpr &size) {
  if (std::optional<int64_t> known = size.asConstant())
    return *known < 1 ? DimExpr(0) : DimExpr(int64_t(llvm::Log2_64_Ceil(*known)));
  return DimExpr::symbol("log2(" + size.str() + ")");
}

} // namespace heddle
