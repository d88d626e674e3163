// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/recurrence/BoundedRecurrence.h"

#include "compiler/parallel/recurrence/Ring.h"

using namespace mlir;

namespace heddle {

Value maximum(Arithmetic &m, Value x, Value y) {
  Dims dims = *broadcastDims(dimsOf(x), dimsOf(y));
  return onnx::MaxOp::create(m.b, m.loc, tensorWithDims(dims, elementOf(x)), ValueRange{x, y});
}
Value minimum(Arithmetic &m, Value x, Value y) {
  Dims dims = *broadcastDims(dimsOf(x), dimsOf(y));
  return onnx::MinOp::create(m.b, m.loc, tensorWithDims(dims, elementOf(x)), ValueRange{x, y});
}

Recurrence boundedRecurrence(ArrayRef<Value> parameters, bool shifts, bool low, bool high) {
  Recurrence found;
  found.elements.assign(parameters.begin(), parameters.end());
  found.exact = !shifts;
  found.summary = low && high ? "bounded recurrence" : low ? "running maximum" : "running minimum";
  if (shifts)
    found.summary += " with shifts";
  found.proof = std::string("the new state is the old one") +
                (shifts ? " plus a value without it," : ",") + (low ? " bounded from below" : "") +
                (low && high ? " and" : "") + (high ? " bounded from above" : "") +
                " by values without it";
  auto step = [=](Arithmetic &m, Value s, ValueRange e) {
    if (shifts)
      s = m.add(s, e[0]);
    if (low)
      s = maximum(m, s, e[shifts]);
    return high ? minimum(m, s, e.back()) : s;
  };
  found.apply = [=](Arithmetic &m, ValueRange s, ValueRange e) -> SmallVector<Value> {
    return {step(m, s[0], e)};
  };
  found.combine = [=](Arithmetic &m, ValueRange x, ValueRange y) -> SmallVector<Value> {
    SmallVector<Value> both;
    if (shifts)
      both.push_back(m.add(x[0], y[0]));
    // Bounds go through the second step as a state does.
    for (Value bound : x.drop_front(shifts))
      both.push_back(step(m, bound, y));
    return both;
  };
  return found;
}

} // namespace heddle
