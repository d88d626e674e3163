// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/WinogradMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle::codegen {

Value WinogradMath::plus(Value a, Value b) const {
  return arith::AddFOp::create(e.builder, e.loc, a, b);
}
Value WinogradMath::minus(Value a, Value b) const {
  return arith::SubFOp::create(e.builder, e.loc, a, b);
}

Values WinogradMath::input(ValueRange d) const {
  return {minus(d[0], d[2]), plus(d[1], d[2]), minus(d[2], d[1]), minus(d[1], d[3])};
}

Values WinogradMath::result(ValueRange m) const {
  return {plus(plus(m[0], m[1]), m[2]), minus(minus(m[1], m[2]), m[3])};
}

Values WinogradMath::weights(Value source, Value from, int64_t count, Value exists) const {
  Type wide = e.builder.getF64Type();
  return e.choose(
      exists, SmallVector<Type>(count, wide),
      [&] {
        Values loaded;
        for (int64_t i = 0; i < count; ++i)
          loaded.push_back(e.convertFloat(e.load(source, e.add(from, i)), wide));
        return loaded;
      },
      [&] { return Values(count, e.zero(wide)); });
}

Values WinogradMath::filter(ValueRange g) const {
  Type type = g[0].getType(), element = getElementTypeOrSelf(type);
  TypedAttr number = e.builder.getFloatAttr(element, 0.5);
  if (auto vectorType = dyn_cast<VectorType>(type))
    number = DenseElementsAttr::get(vectorType, Attribute(number));
  Value half = arith::ConstantOp::create(e.builder, e.loc, number);
  auto halved = [&](Value a) -> Value { return arith::MulFOp::create(e.builder, e.loc, half, a); };
  Value ends = plus(g[0], g[2]);
  return {g[0], halved(plus(ends, g[1])), halved(minus(ends, g[1])), g[2]};
}

Value WinogradMath::anyNaN(Value values) const {
  Value unordered =
      arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::UNO, values, values);
  return vector::ReductionOp::create(e.builder, e.loc, vector::CombiningKind::OR, unordered);
}

} // namespace heddle::codegen
