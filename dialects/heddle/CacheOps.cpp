// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Types and verifiers of caches.

#include "dialects/heddle/CacheOps.h"
#include "dialects/heddle/TensorDims.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace heddle;

#define GET_OP_CLASSES
#include "dialects/heddle/CacheOps.cpp.inc"

RankedTensorType heddle::tensorOf(Type type) {
  return llvm::TypeSwitch<Type, RankedTensorType>(type)
      .Case<RankedTensorType>([](auto tensor) { return tensor; })
      .Case<CacheType, SnapshotType>([](auto versions) { return versions.getTensor(); })
      .Case<FutureType>([](auto future) { return tensorOf(future.getValueType()); })
      .Default([](Type) { return RankedTensorType(); });
}

SmallVector<Type> heddle::tensorTypesOf(ValueRange values) {
  return llvm::map_to_vector(values, [](Value value) -> Type {
    RankedTensorType tensor = tensorOf(value.getType());
    return tensor ? tensor : value.getType();
  });
}

Type heddle::withTensor(Type type, RankedTensorType tensor) {
  return llvm::TypeSwitch<Type, Type>(type)
      .Case<CacheType>([&](auto) { return CacheType::get(type.getContext(), tensor); })
      .Case<SnapshotType>([&](auto) { return SnapshotType::get(type.getContext(), tensor); })
      .Case<FutureType>([&](FutureType future) {
        return FutureType::get(type.getContext(), withTensor(future.getValueType(), tensor));
      })
      .Default([&](Type) { return tensor; });
}

static LogicalResult verifyEntries(function_ref<InFlightDiagnostic()> emitError,
                                   RankedTensorType tensor) {
  if (tensor.getRank() == 0)
    return emitError() << "entries lie along axis 0, which " << tensor << " does not have";
  Type element = tensor.getElementType();
  if (element.isIntOrFloat() && element.getIntOrFloatBitWidth() < 8 && !element.isInteger(1))
    return emitError() << "entries of " << element << " do not begin at whole bytes";
  return success();
}

LogicalResult CacheType::verify(function_ref<InFlightDiagnostic()> emitError,
                                RankedTensorType tensor) {
  return verifyEntries(emitError, tensor);
}

LogicalResult SnapshotType::verify(function_ref<InFlightDiagnostic()> emitError,
                                   RankedTensorType tensor) {
  return verifyEntries(emitError, tensor);
}

/// That the result has the entries of the operand.
static LogicalResult verifySame(Operation *op) {
  if (tensorOf(op->getOperand(0).getType()) != tensorOf(op->getResult(0).getType()))
    return op->emitOpError("has a result of other entries than its operand");
  return success();
}

LogicalResult CacheOpenOp::verify() { return verifySame(*this); }
LogicalResult CacheViewOp::verify() { return verifySame(*this); }
LogicalResult CacheSnapshotOp::verify() { return verifySame(*this); }
LogicalResult CacheForkOp::verify() { return verifySame(*this); }

/// Whether two tensors have the same entries, however many.
static bool haveSameEntries(RankedTensorType a, RankedTensorType b) {
  return a.getElementType() == b.getElementType() && a.getRank() == b.getRank() &&
         ArrayRef(getDims(a)).drop_front() == ArrayRef(getDims(b)).drop_front();
}

LogicalResult CacheAppendOp::verify() {
  RankedTensorType cache = getCache().getType().getTensor();
  auto entries = cast<RankedTensorType>(getEntries().getType());
  RankedTensorType all = getAppended().getType().getTensor();
  if (!haveSameEntries(cache, entries) || !haveSameEntries(cache, all))
    return emitOpError("has entries of other dimensions than the cache");
  DimExpr length = getDims(all).front(), sum = getDims(cache).front() + getDims(entries).front();
  if (length.isKnown() && sum.isKnown() && length != sum)
    return emitOpError("has a result of ")
           << length.str() << " entries where there are " << sum.str();
  return success();
}

LogicalResult CacheTruncateOp::verify() {
  if (!haveSameEntries(getCache().getType().getTensor(), getTruncated().getType().getTensor()))
    return emitOpError("has a result of other entries than the cache");
  return success();
}
