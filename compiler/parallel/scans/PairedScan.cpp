// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/scans/PairedScan.h"

#include "compiler/parallel/batching/Batching.h"
#include "compiler/parallel/scans/InRange.h"
#include "compiler/parallel/scans/PairTree.h"

using namespace mlir;

namespace heddle {

static LogicalResult hasForm(Region &step, std::string &reason) {
  Block scratch;
  OpBuilder b(step.getContext());
  b.setInsertionPointToEnd(&scratch);
  constexpr int64_t kAnyCount = 2;
  for (BlockArgument argument : step.getArguments())
    scratch.addArgument(stackedType(argument.getType(), kAnyCount), argument.getLoc());
  return success(succeeded(
      batchedBlock(b, step.front(), ValueRange(scratch.getArguments()), kAnyCount, reason)));
}

LogicalResult hasTree(ScanOp scan, std::string &reason) {
  if (!dimsOf(scan.getElements().front()).front().asConstant()) {
    reason = "the levels of a tree need a length that is known when compiling";
    return failure();
  }
  return success(succeeded(hasForm(scan.getCombine(), reason)) &&
                 succeeded(hasForm(scan.getApply(), reason)));
}

SmallVector<Value> buildTree(ScanOp scan, function_ref<SmallVector<Value>(OpBuilder &)> otherwise) {
  Arithmetic a(scan);
  auto atOnce = [&](Region &step) {
    return [&](ValueRange first, ValueRange second, int64_t count) {
      SmallVector<Value> arguments(first);
      llvm::append_range(arguments, second);
      std::string reason;
      FailureOr<SmallVector<Value>> made =
          batchedBlock(a.b, step.front(), arguments, count, reason);
      assert(succeeded(made) && "hasTree() has tried it");
      return *made;
    };
  };
  PairTree tree(a, atOnce(scan.getCombine()), atOnce(scan.getApply()));
  int64_t length = *dimsOf(scan.getElements().front()).front().asConstant();
  SmallVector<Value> states = tree.between(scan.getElements(), length, scan.getInit());
  auto read = [&] {
    SmallVector<Value> results;
    for (auto [state, init] : llvm::zip(states, scan.getInit()))
      results.push_back(a.viewedAs(tree.rows(state, length, 1, 1), dimsOf(init)));
    for (Value state : states)
      results.push_back(tree.rows(state, 1, 1, length));
    return results;
  };
  return either(a, areBelow(a, states), scan.getResultTypes(), read,
                [&] { return otherwise(a.b); });
}

} // namespace heddle
