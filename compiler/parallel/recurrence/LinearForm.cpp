// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/recurrence/LinearForm.h"

using namespace mlir;

namespace heddle {

static Recurrence single(Arithmetic &m, const Ring &ring, Coefficient a, Coefficient b) {
  Recurrence found;
  bool bits = ring.isOfBits();
  StringRef times = bits ? "and" : "times", plus = bits ? "exclusive or" : "plus";
  bool scales = !a.isOne(), shifts = !b.isZero() || !scales;
  std::string proof = "the new state is the old one";
  if (scales) {
    found.elements.push_back(ring.valueOf(m, a));
    proof += (" " + times + " a value without it").str();
  }
  if (shifts) {
    found.elements.push_back(ring.valueOf(m, b));
    proof += (" " + plus + " a value without it").str();
  }
  found.proof = proof;
  found.summary = bits               ? "recurrence of bits"
                  : scales && shifts ? "affine recurrence"
                  : scales           ? "running product"
                  : shifts           ? "running sum"
                                     : "state that is kept";
  Ring r = ring;
  found.apply = [=](Arithmetic &m, ValueRange s, ValueRange e) -> SmallVector<Value> {
    Value next = s[0];
    if (scales)
      next = r.mul(m, e[0], next);
    return {shifts ? r.add(m, next, e.back()) : next};
  };
  found.combine = [=](Arithmetic &m, ValueRange x, ValueRange y) -> SmallVector<Value> {
    SmallVector<Value> both;
    if (scales)
      both.push_back(r.mul(m, y[0], x[0]));
    if (shifts)
      both.push_back(r.add(m, scales ? r.mul(m, y[0], x.back()) : x.back(), y.back()));
    return both;
  };
  return found;
}

/// Elements are the factors row by row, then, where there are any, the biases.
static Recurrence coupled(Arithmetic &m, const Ring &ring, ArrayRef<LinearForm> forms) {
  Recurrence found;
  unsigned n = forms.size();
  for (const LinearForm &form : forms)
    for (const Coefficient &factor : form.factors)
      found.elements.push_back(ring.valueOf(m, factor));
  bool shifts = llvm::any_of(forms, [](const LinearForm &form) { return !form.bias.isZero(); });
  if (shifts)
    for (const LinearForm &form : forms)
      found.elements.push_back(ring.valueOf(m, form.bias));
  found.summary = "linear recurrence of " + std::to_string(n) + " states";
  found.proof = "the new states are sums of the old ones times values without them" +
                std::string(shifts ? ", plus such values" : "");
  Ring r = ring;
  // Row i of the factors in e, times the column of values that starts at v, with a stride.
  auto dot = [=](Arithmetic &m, ValueRange e, unsigned i, ValueRange v, unsigned start,
                 unsigned stride) {
    Value total;
    for (unsigned j = 0; j < n; ++j) {
      Value term = r.mul(m, e[i * n + j], v[start + j * stride]);
      total = total ? r.add(m, total, term) : term;
    }
    return total;
  };
  found.apply = [=](Arithmetic &m, ValueRange s, ValueRange e) {
    SmallVector<Value> next;
    for (unsigned i = 0; i < n; ++i) {
      Value value = dot(m, e, i, s, 0, 1);
      next.push_back(shifts ? r.add(m, value, e[n * n + i]) : value);
    }
    return next;
  };
  found.combine = [=](Arithmetic &m, ValueRange x, ValueRange y) {
    SmallVector<Value> both;
    for (unsigned i = 0; i < n; ++i)
      for (unsigned j = 0; j < n; ++j)
        both.push_back(dot(m, y, i, x, j, n));
    for (unsigned i = 0; shifts && i < n; ++i)
      both.push_back(r.add(m, dot(m, y, i, x, n * n, 1), y[n * n + i]));
    return both;
  };
  return found;
}

Recurrence recurrenceOf(Arithmetic &m, const Ring &ring, ArrayRef<LinearForm> forms) {
  return forms.size() == 1 ? single(m, ring, forms[0].factors[0], forms[0].bias)
                           : coupled(m, ring, forms);
}

} // namespace heddle
