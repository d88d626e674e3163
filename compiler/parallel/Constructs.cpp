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

/// Appends to the list that the function has under the name.
static void append(Operation *op, StringRef list, ArrayRef<NamedAttribute> fields) {
  auto function = dyn_cast<func::FuncOp>(op);
  if (!function)
    function = op->getParentOfType<func::FuncOp>();
  if (!function)
    return;
  SmallVector<Attribute> records;
  if (auto before = function->getAttrOfType<ArrayAttr>(list))
    llvm::append_range(records, before);
  Builder b(op->getContext());
  records.push_back(b.getDictionaryAttr(fields));
  function->setAttr(list, b.getArrayAttr(records));
}

static constexpr llvm::StringLiteral kFound = "heddle.found";

void noteFinding(Operation *op, const Construct &found) {
  Builder b(op->getContext());
  op->setAttr(kFound,
              b.getDictionaryAttr(
                  {b.getNamedAttr("summary", b.getStringAttr(found.summary)),
                   b.getNamedAttr("proof", b.getStringAttr(found.proof)),
                   b.getNamedAttr("equivalence", b.getStringAttr(nameOf(found.equivalence)))}));
}

bool hasFinding(Operation *op) { return op->hasAttr(kFound); }

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
  if (auto found = dyn_cast_or_null<DictionaryAttr>(op->removeAttr(kFound))) {
    fields.set("summary", found.get("summary"));
    fields.set("proof", found.get("proof"));
    // A step may be spelled otherwise than in the source, whatever the form keeps.
    if (construct.equivalence == Equivalence::Exact)
      fields.set("equivalence", found.get("equivalence"));
  }
  append(op, "heddle.constructs", fields);
}

void recordSequential(Operation *op, StringRef reason) {
  Builder b(op->getContext());
  append(
      op, "heddle.sequential",
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
