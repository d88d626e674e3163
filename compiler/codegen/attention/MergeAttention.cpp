// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parts of attention over keys become its results: parts are scaled to the greatest of their maxima
// and summed in their order.

#include "compiler/codegen/attention/SoftmaxMath.h"

using namespace mlir;

namespace heddle::codegen {

void emitMergeAttention(Emitter &e, const AttentionSpec &spec, const MergeOperands &ops,
                        Value begin, Value end,
                        llvm::function_ref<void(Value, const AttentionPosition &)> sink) {
  SoftmaxMath softmax(e, spec);
  int64_t lanes = softmax.lanes;
  Value step = e.add(ops.width, 2), zero = softmax.number(0);
  e.loop(begin, end, e.index(1), [&](Value row) {
    Value start = e.mul(row, e.mul(ops.parts, step));
    // Of a part: w from `at`, then m and u.
    auto overParts = [&](ValueRange initial, llvm::function_ref<Values(Value, ValueRange)> body) {
      return e.loop(e.index(0), ops.parts, e.index(1), initial, [&](Value part, ValueRange sums) {
        return body(e.add(start, e.mul(part, step)), sums);
      });
    };
    auto number = [&](Value at, int64_t place) {
      return e.broadcast(e.load(ops.buffer, e.add(e.add(at, ops.width), place)), lanes);
    };
    Value top = overParts(softmax.none(), [&](Value at, ValueRange tops) {
      return Values{softmax.greater(number(at, 0), tops[0])};
    })[0];
    Value base = softmax.base(top);
    e.loop(e.index(0), ops.width, e.index(lanes), [&](Value column) {
      Value inside = e.firstLanes(e.sub(ops.width, column), lanes);
      Values sums = overParts({zero, zero}, [&](Value at, ValueRange sums) {
        Value scale = softmax.power(arith::SubFOp::create(e.builder, e.loc, number(at, 0), base));
        Value summed = e.load(ops.buffer, e.add(at, column), lanes, inside);
        return Values{e.fma(summed, scale, sums[0]), e.fma(number(at, 1), scale, sums[1])};
      });
      sink(softmax.resultOf(sums[0], softmax.scaleOf(sums[1]), sums[1]),
           {row, column, inside, lanes});
    });
  });
}

} // namespace heddle::codegen
