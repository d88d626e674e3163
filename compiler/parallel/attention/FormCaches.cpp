// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a program only appends to becomes a cache: what loops carry, and key and value caches among the
// inputs. docs/caches.md says why entries lie along axis 0.

#include "compiler/Passes.h"
#include "compiler/parallel/Constructs.h"
#include "compiler/parallel/attention/CacheVersions.h"
#include "compiler/source/Arithmetic.h"
#include "dialects/heddle/CacheOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <map>

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_FORMCACHESPASS
#include "compiler/Passes.h.inc"

namespace {

/// Values with their axes in another order, each once, where the value is made.
class Reordered {
public:
  Value get(Value value, ArrayRef<int64_t> order) {
    Value &made = values[{value.getAsOpaquePointer(), order.vec()}];
    if (!made) {
      OpBuilder b(value.getContext());
      b.setInsertionPointAfterValue(value);
      made = Arithmetic(b, value.getLoc()).transposed(value, order);
    }
    return made;
  }
  /// Of a value that goes, or whose axes are another's from now on.
  void forget(Value value) {
    std::erase_if(values,
                  [&](auto &made) { return made.first.first == value.getAsOpaquePointer(); });
  }

private:
  std::map<std::pair<void *, std::vector<int64_t>>, Value> values;
};

SmallVector<int64_t> inverse(ArrayRef<int64_t> order) {
  SmallVector<int64_t> places(order.size());
  for (auto [place, axis] : llvm::enumerate(order))
    places[axis] = place;
  return places;
}

class Rewrite {
public:
  Rewrite(CacheVersions &versions, Reordered &reordered)
      : versions(versions), reordered(reordered) {}

  /// With `signature`, the function's results keep the order of axes that versions have.
  void run(bool signature);

private:
  RankedTensorType ordered(Value value) {
    Dims dims = dimsOf(value), result;
    for (int64_t axis : versions.order)
      result.push_back(dims[axis]);
    return tensorWithDims(result, elementOf(value));
  }
  void moveAxes(bool signature);
  void append(onnx::ConcatOp concat);
  void record(CacheAppendOp append);

  CacheVersions &versions;
  Reordered &reordered;
};

/// Everything but the concatenations: they are replaced by what has the right type.
void Rewrite::moveAxes(bool signature) {
  SmallVector<int64_t> places = inverse(versions.order);
  for (OpOperand *entry : versions.entries)
    entry->set(reordered.get(entry->get(), versions.order));
  // Taken before types change; what is put back in order is made behind the versions.
  SmallVector<OpOperand *> leaving(versions.others);
  if (!signature)
    llvm::append_range(leaving, versions.returns);
  for (Value version : versions.all) {
    version.setType(ordered(version));
    reordered.forget(version);
  }
  for (OpOperand *use : leaving)
    use->set(reordered.get(use->get(), places));
  for (OpOperand *read : versions.reads) {
    auto attention = cast<AttentionOp>(read->getOwner());
    SmallVector<int64_t> axes;
    for (int64_t axis : attention.axesOf(read->getOperandNumber()))
      axes.push_back(places[axis]);
    auto attribute = Builder(attention).getDenseI64ArrayAttr(axes);
    if (read->getOperandNumber() == 1)
      attention.setKeyAxesAttr(attribute);
    else
      attention.setValueAxesAttr(attribute);
  }
}

void Rewrite::append(onnx::ConcatOp concat) {
  OpBuilder b(concat);
  Arithmetic a(b, concat.getLoc());
  // Axes before time that have one element may as well stand behind it.
  auto timeFirst = [&](Value value) {
    Dims dims = dimsOf(value);
    std::rotate(dims.begin(), dims.begin() + versions.time, dims.begin() + versions.time + 1);
    return a.viewedAs(value, dims);
  };
  Value past = concat->getOperand(0),
        entries = a.joined(concat->getOperands().drop_front(), versions.time);
  bool isFlat = versions.isFlat() && versions.time != 0;
  past = isFlat ? timeFirst(past) : past;
  entries = isFlat ? timeFirst(entries) : a.transposed(entries, versions.order);
  auto cacheOf = [&](RankedTensorType tensor) { return CacheType::get(b.getContext(), tensor); };
  auto type = cast<RankedTensorType>(past.getType());
  Dims dims = getDims(type);
  dims[0] = dims[0] + dimsOf(entries)[0];
  auto all = tensorWithDims(dims, type.getElementType());
  Value cache = CacheOpenOp::create(b, concat.getLoc(), cacheOf(type), past);
  auto appended = CacheAppendOp::create(b, concat.getLoc(), cacheOf(all), cache, entries);
  Value view = CacheViewOp::create(b, concat.getLoc(), all, appended);
  record(appended);
  if (isFlat)
    view = a.viewedAs(view, dimsOf(concat.getResult()));
  concat.getResult().replaceAllUsesWith(view);
  reordered.forget(concat.getResult());
  concat.erase();
}

void Rewrite::record(CacheAppendOp append) {
  bool isCarried = !isa<func::FuncOp>(versions.first.getOwner()->getParentOp());
  Dims dims = getDims(append.getAppended().getType().getTensor());
  std::string length = dims.front().str();
  recordConstruct(
      append, {.kind = "cache",
               .summary = isCarried ? "a cache that a loop carries grows in place"
                                    : "a cache of " + length + " entries that grows in place",
               .proof = "what was there is read, and what is appended goes behind it: no version "
                        "sees what another one appends",
               .equivalence = Equivalence::Exact,
               .form = versions.isFlat() ? "as it was stored" : "time first",
               .work = isCarried ? DimExpr::unknown() : countElements(dimsOf(append.getEntries())),
               .span = isCarried ? DimExpr::unknown() : DimExpr(1)});
}

void Rewrite::run(bool signature) {
  if (!versions.isFlat())
    moveAxes(signature);
  for (onnx::ConcatOp concat : versions.appends)
    append(concat);
}

struct FormCaches : impl::FormCachesPassBase<FormCaches> {
  using FormCachesPassBase::FormCachesPassBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    if (inputs)
      for (BlockArgument argument : function.getArguments())
        form(argument, /*signature=*/true);
    SmallVector<Block *> bodies; // outer ones first
    function.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<onnx::LoopOp, onnx::ScanOp>(op))
        bodies.push_back(&op->getRegion(0).front());
    });
    for (Block *body : bodies)
      for (BlockArgument argument : body->getArguments())
        form(argument, /*signature=*/false);
    Block &block = function.getBody().front();
    function.setType(FunctionType::get(&getContext(), block.getArgumentTypes(),
                                       block.getTerminator()->getOperandTypes()));
  }

private:
  void form(BlockArgument argument, bool signature) {
    CacheVersions versions(argument);
    if (!versions.find())
      return;
    if (std::string why = versions.whyFixed(); !why.empty()) {
      recordSequential(
          versions.appends.front(),
          "all of a cache is copied to append to it: its entries are not along the first "
          "axis that has several elements, and " +
              why);
      return;
    }
    Rewrite(versions, reordered).run(signature);
    ++numCaches;
  }

  Reordered reordered;
};

} // namespace
} // namespace heddle
