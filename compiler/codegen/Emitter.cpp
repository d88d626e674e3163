// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/Emitter.h"

#include <set>

#include "runtime/artifact/kernel_abi.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle::codegen {

Value Emitter::index(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }
Value Emitter::add(Value a, Value b) { return builder.createOrFold<arith::AddIOp>(loc, a, b); }
Value Emitter::sub(Value a, Value b) { return builder.createOrFold<arith::SubIOp>(loc, a, b); }
Value Emitter::mul(Value a, Value b) { return builder.createOrFold<arith::MulIOp>(loc, a, b); }
Value Emitter::div(Value a, Value b) { return builder.createOrFold<arith::DivUIOp>(loc, a, b); }
Value Emitter::rem(Value a, Value b) { return builder.createOrFold<arith::RemUIOp>(loc, a, b); }
Value Emitter::ceilDiv(Value a, int64_t b) { return div(add(a, b - 1), index(b)); }
Value Emitter::min(Value a, Value b) { return builder.createOrFold<arith::MinSIOp>(loc, a, b); }
Value Emitter::max(Value a, Value b) { return builder.createOrFold<arith::MaxSIOp>(loc, a, b); }
Value Emitter::boolean(bool value) {
  return arith::ConstantOp::create(builder, loc, builder.getBoolAttr(value));
}
Value Emitter::less(Value a, Value b) {
  return builder.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, a, b);
}
Value Emitter::equal(Value a, Value b) {
  return builder.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, a, b);
}
Value Emitter::select(Value condition, Value a, Value b) {
  return builder.createOrFold<arith::SelectOp>(loc, condition, a, b);
}

Type Emitter::vector(Type element, int64_t lanes) {
  return lanes == 1 ? element : VectorType::get({lanes}, element);
}
Value Emitter::zero(Type type) {
  return arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
}
Value Emitter::load(Value buffer, Value offset) {
  return memref::LoadOp::create(builder, loc, buffer, offset);
}
Value Emitter::load(Value buffer, Value offset, int64_t lanes, Value mask) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  if (lanes == 1 && !mask)
    return load(buffer, offset);
  auto type = VectorType::get({lanes}, element);
  if (!mask)
    return vector::LoadOp::create(builder, loc, type, buffer, offset);
  return vector::MaskedLoadOp::create(builder, loc, type, buffer, offset, mask, zero(type));
}
void Emitter::store(Value value, Value buffer, Value offset, Value mask) {
  if (!isa<VectorType>(value.getType()))
    memref::StoreOp::create(builder, loc, value, buffer, offset);
  else if (mask)
    vector::MaskedStoreOp::create(builder, loc, buffer, offset, mask, value);
  else
    vector::StoreOp::create(builder, loc, value, buffer, offset);
}
void Emitter::prefetch(Value buffer, Value offset, Cache cache) {
  memref::PrefetchOp::create(builder, loc, buffer, ValueRange{offset}, /*isWrite=*/false,
                             /*localityHint=*/cache == Cache::First ? 3 : 2, /*isDataCache=*/true);
}

Value Emitter::broadcast(Value scalar, int64_t lanes) {
  if (lanes == 1)
    return scalar;
  return vector::BroadcastOp::create(builder, loc, VectorType::get({lanes}, scalar.getType()),
                                     scalar);
}
Value Emitter::firstLanes(Value count, int64_t lanes) {
  Value bounded = min(max(count, index(0)), index(lanes));
  return vector::CreateMaskOp::create(builder, loc, VectorType::get({lanes}, builder.getI1Type()),
                                      bounded);
}
Value Emitter::notFirstLanes(Value count, int64_t lanes) {
  Value first = firstLanes(count, lanes);
  Value all = arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(cast<ShapedType>(first.getType()), true));
  return arith::XOrIOp::create(builder, loc, first, all);
}
Value Emitter::fma(Value a, Value b, Value c) {
  if (isa<VectorType>(a.getType()))
    return vector::FMAOp::create(builder, loc, a, b, c);
  Value product = arith::MulFOp::create(builder, loc, a, b);
  return arith::AddFOp::create(builder, loc, product, c);
}
Value Emitter::convertFloat(Value value, Type element) {
  Type from = getElementTypeOrSelf(value.getType());
  if (from == element)
    return value;
  Type type = element;
  if (auto vectorType = dyn_cast<VectorType>(value.getType()))
    type = vectorType.clone(element);
  if (from.getIntOrFloatBitWidth() < element.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(builder, loc, type, value);
  return arith::TruncFOp::create(builder, loc, type, value);
}
// Swaps ever larger off-diagonal blocks of pairs of rows.
Values Emitter::transpose(Values rows) {
  int64_t lanes = rows.size();
  for (int64_t half = 1; half < lanes; half *= 2)
    for (int64_t i = 0; i < lanes; ++i) {
      if (i & half)
        continue;
      Value a = rows[i], b = rows[i + half];
      SmallVector<int64_t> low(lanes), high(lanes); // lanes of b count from `lanes`
      for (int64_t l = 0; l < lanes; ++l) {
        low[l] = l & half ? lanes + l - half : l;
        high[l] = l & half ? lanes + l : l + half;
      }
      rows[i] = vector::ShuffleOp::create(builder, loc, a, b, low);
      rows[i + half] = vector::ShuffleOp::create(builder, loc, a, b, high);
    }
  return rows;
}

// Turns of a loop that is known to have none or one.
static std::optional<int64_t> fewTurns(Value low, Value high, Value step) {
  std::optional<int64_t> from = getConstantIntValue(low), to = getConstantIntValue(high),
                         by = getConstantIntValue(step);
  if (from && to && *from >= *to)
    return 0;
  return from && to && by && *to - *from <= *by ? std::optional<int64_t>(1) : std::nullopt;
}

void Emitter::loop(Value low, Value high, Value step, Body body) {
  if (std::optional<int64_t> turns = fewTurns(low, high, step)) {
    if (*turns == 1)
      body(low);
    return;
  }
  auto loop = scf::ForOp::create(builder, loc, low, high, step);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}
Values Emitter::loop(Value low, Value high, Value step, ValueRange initial, CarryingBody body) {
  if (std::optional<int64_t> turns = fewTurns(low, high, step))
    return *turns == 1 ? body(low, initial) : Values(initial);
  auto loop = scf::ForOp::create(builder, loc, low, high, step, initial);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  scf::YieldOp::create(builder, loc, body(loop.getInductionVar(), loop.getRegionIterArgs()));
  return Values(loop.getResults());
}
Values Emitter::unrolledLoop(Value count, int64_t atOnce, ValueRange initial, CarryingBody body) {
  return loop(index(0), count, index(atOnce), initial, [&](Value at, ValueRange carried) {
    Values values(carried);
    for (int64_t turn = 0; turn < atOnce; ++turn)
      values = body(add(at, turn), values);
    return values;
  });
}
void Emitter::when(Value condition, llvm::function_ref<void()> then,
                   llvm::function_ref<void()> otherwise) {
  if (std::optional<int64_t> known = getConstantIntValue(condition)) {
    if (*known)
      then();
    else if (otherwise)
      otherwise();
    return;
  }
  auto branch = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/bool(otherwise));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  then();
  if (otherwise) {
    builder.setInsertionPointToStart(branch.elseBlock());
    otherwise();
  }
}
Values Emitter::choose(Value condition, TypeRange types, llvm::function_ref<Values()> then,
                       llvm::function_ref<Values()> otherwise) {
  if (std::optional<int64_t> known = getConstantIntValue(condition))
    return *known ? then() : otherwise();
  auto branch = scf::IfOp::create(builder, loc, types, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(builder, loc, then());
  builder.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(builder, loc, otherwise());
  return Values(branch.getResults());
}
void Emitter::specialize(Value value, ArrayRef<int64_t> cases,
                         llvm::function_ref<void(int64_t)> body) {
  if (std::optional<int64_t> known = getConstantIntValue(value)) {
    if (llvm::is_contained(cases, *known))
      body(*known);
    return;
  }
  auto branch = scf::IndexSwitchOp::create(builder, loc, TypeRange{}, value, cases, cases.size());
  OpBuilder::InsertionGuard guard(builder);
  auto fill = [&](Region &region, int64_t number, bool empty) {
    builder.setInsertionPointToStart(&region.emplaceBlock());
    if (!empty)
      body(number);
    scf::YieldOp::create(builder, loc);
  };
  for (auto [region, number] : llvm::zip(branch.getCaseRegions(), cases))
    fill(region, number, false);
  fill(branch.getDefaultRegion(), 0, true);
}

Value Emitter::view(Value bytes, Value byteOffset, Type element) {
  auto type = MemRefType::get({ShapedType::kDynamic}, element);
  return memref::ViewOp::create(builder, loc, type, bytes, byteOffset, ValueRange{index(0)});
}
Value Emitter::view(Value bytes, int64_t byteOffset, Type element) {
  return view(bytes, index(byteOffset), element);
}
int64_t Emitter::lanesOf(Type element) const {
  return target.vectorBytes() * 8 / element.getIntOrFloatBitWidth();
}

EvenSplit::EvenSplit(Emitter &e, Value size, Value most)
    : EvenSplit(into(e, size, e.div(e.add(size, e.sub(most, e.index(1))), most))) {}
EvenSplit EvenSplit::into(Emitter &e, Value size, Value parts) {
  EvenSplit split;
  split.parts = parts;
  Value divisor = e.max(parts, e.index(1));
  split.quotient = e.div(size, divisor);
  split.remainder = e.sub(size, e.mul(split.quotient, divisor));
  return split;
}
bool EvenSplit::isExact() const { return getConstantIntValue(remainder) == 0; }
Value EvenSplit::start(Emitter &e, Value part) const {
  if (isExact())
    return e.mul(part, quotient);
  return e.add(e.mul(part, quotient), e.min(part, remainder));
}
Value EvenSplit::length(Emitter &e, Value part) const {
  if (isExact())
    return quotient;
  return e.add(quotient, e.select(e.less(part, remainder), e.index(1), e.index(0)));
}
SmallVector<int64_t> EvenSplit::knownLengths() const {
  std::optional<int64_t> length = getConstantIntValue(quotient);
  if (!length || !getConstantIntValue(remainder))
    return {};
  return isExact() ? SmallVector<int64_t>{*length} : SmallVector<int64_t>{*length, *length + 1};
}

SmallVector<int64_t> tileLengths(ArrayRef<int64_t> sizes, int64_t block, int64_t tile) {
  std::set<int64_t> lengths;
  auto split = [](int64_t size, int64_t most, llvm::function_ref<void(int64_t)> use) {
    if (size <= 0)
      return;
    int64_t parts = (size + most - 1) / most;
    use(size / parts);
    if (size % parts)
      use(size / parts + 1);
  };
  for (int64_t size : sizes)
    split(size, block, [&](int64_t length) {
      split(length, tile, [&](int64_t tileLength) { lengths.insert(tileLength); });
    });
  for (int64_t length = 1; sizes.empty() && length <= tile; ++length)
    lengths.insert(length);
  return SmallVector<int64_t>(lengths.begin(), lengths.end());
}

Kernel Kernel::create(ModuleOp module, StringRef name, ArrayRef<Type> bufferElements, int dims) {
  MLIRContext *context = module.getContext();
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  SmallVector<Type> types;
  for (Type element : bufferElements)
    types.push_back(MemRefType::get({ShapedType::kDynamic}, element));
  types.append(dims + 2, IndexType::get(context));
  types.push_back(MemRefType::get({ShapedType::kDynamic}, IntegerType::get(context, 8)));
  Kernel kernel;
  kernel.function =
      func::FuncOp::create(builder, module.getLoc(), name,
                           FunctionType::get(context, types, {IntegerType::get(context, 32)}));
  Block *body = kernel.function.addEntryBlock();
  auto arguments = body->getArguments();
  kernel.buffers.assign(arguments.begin(), arguments.begin() + bufferElements.size());
  kernel.dims.assign(arguments.begin() + bufferElements.size(), arguments.end() - 3);
  kernel.begin = arguments[types.size() - 3];
  kernel.end = arguments[types.size() - 2];
  kernel.scratch = arguments[types.size() - 1];
  return kernel;
}
void Kernel::finish(OpBuilder &builder) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&function.getBody().back());
  Value status = arith::ConstantIntOp::create(builder, function.getLoc(), HEDDLE_KERNEL_OK, 32);
  func::ReturnOp::create(builder, function.getLoc(), status);
}

} // namespace heddle::codegen
