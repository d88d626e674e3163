// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/matmul/Matmul.h"

using namespace mlir;

namespace heddle::codegen {

// Packing is done once per weight or constant-folded, so plain loops do: a panel row of a [K, N]
// source is a masked copy, of a transposed source a gather.
void emitPackB(Emitter &e, const MatmulSpec &spec, bool transposed, Value source, Value packed,
               Value n, Value k, Value begin, Value end) {
  int64_t panel = planMatmul(spec, e.target).panel;
  Value panels = e.ceilDiv(n, panel);
  Type element = spec.b;
  e.loop(begin, end, e.index(1), [&](Value point) {
    Value batch = e.div(point, panels), n0 = e.mul(e.rem(point, panels), panel);
    Value columns = e.min(e.index(panel), e.sub(n, n0));
    Value target = e.mul(e.mul(point, k), panel), start = e.mul(batch, e.mul(n, k));
    Value zero = e.zero(element);
    e.loop(e.index(0), k, e.index(1), [&](Value row) {
      Value to = e.add(target, e.mul(row, panel));
      e.loop(e.index(0), columns, e.index(1), [&](Value column) {
        Value at = e.add(n0, column);
        Value from = transposed ? e.add(e.mul(at, k), row) : e.add(e.mul(row, n), at);
        e.store(e.load(source, e.add(start, from)), packed, e.add(to, column));
      });
      e.loop(columns, e.index(panel), e.index(1),
             [&](Value column) { e.store(zero, packed, e.add(to, column)); });
    });
  });
}

} // namespace heddle::codegen
