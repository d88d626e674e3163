// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RNN, GRU and LSTM. The products with the input are one matrix product over all steps; each step
// then adds the product with the state, for all sequences of the batch at once.

#include <algorithm>

#include "runtime/library/dense_kernels.h"
#include "runtime/library/functions.h"
#include "runtime/library/recurrent_layout.h"

namespace heddle::library {
namespace {

using Layout = RecurrentLayout;
using Cell = RecurrentCell;

// Working space of one direction; rows of `gates` follow the batch.
template <typename C>
struct Workspace {
  absl::Span<C> products;  // [x lines, gates * hidden]: W x + biases
  absl::Span<C> gates;     // [batch, gates * hidden]
  absl::Span<C> h, c;      // [batch, hidden]
  absl::Span<C> reset;     // [batch, hidden], GRU
  const C* r = nullptr;    // [gates * hidden, hidden]
  const C* r_bias = nullptr;
  const C* peepholes = nullptr;  // input, output, forget; or null
  const Activation* f = nullptr;
};

template <typename C>
void RnnStep(const Layout& l, Workspace<C>& w) {
  MultiplyTransposed(w.h.data(), l.batch, l.hidden, w.r, l.hidden, l.hidden, l.hidden,
                     w.gates.data(), l.hidden);
  w.f[0].Apply(w.gates.data(), l.batch * l.hidden, static_cast<C>(l.clip));
}

// Leaves the new state in the third part of the gates.
template <typename C>
void GruStep(const Layout& l, Workspace<C>& w) {
  int64_t n = l.hidden, row = 3 * n;
  C clip = static_cast<C>(l.clip);
  C* gates = w.gates.data();
  MultiplyTransposed(w.h.data(), l.batch, n, w.r, 2 * n, n, n, gates, row);
  if (l.linear_before_reset) {
    std::fill(w.reset.begin(), w.reset.end(), C{0});
    MultiplyTransposed(w.h.data(), l.batch, n, w.r + 2 * n * n, n, n, n, w.reset.data(), n);
  }
  for (int64_t b = 0; b < l.batch; ++b) {
    C* z = gates + b * row;
    C* r = z + n;
    C* h = r + n;
    w.f[0].Apply(z, 2 * n, clip);
    C* reset = w.reset.data() + b * n;
    const C* state = w.h.data() + b * n;
    if (l.linear_before_reset) {
      for (int64_t i = 0; i < n; ++i) {
        h[i] += r[i] * (reset[i] + (w.r_bias == nullptr ? C{0} : w.r_bias[2 * n + i]));
      }
    } else {
      for (int64_t i = 0; i < n; ++i) reset[i] = r[i] * state[i];
    }
  }
  if (!l.linear_before_reset) {
    MultiplyTransposed(w.reset.data(), l.batch, n, w.r + 2 * n * n, n, n, n, gates + 2 * n, row);
  }
  for (int64_t b = 0; b < l.batch; ++b) {
    const C* z = gates + b * row;
    C* h = gates + b * row + 2 * n;
    const C* state = w.h.data() + b * n;
    w.f[1].Apply(h, n, clip);
    for (int64_t i = 0; i < n; ++i) h[i] = (1 - z[i]) * h[i] + z[i] * state[i];
  }
}

// Leaves the new hidden state in the first part of the gates and the new cell in the third.
template <typename C>
void LstmStep(const Layout& l, Workspace<C>& w) {
  int64_t n = l.hidden, row = 4 * n;
  C clip = static_cast<C>(l.clip);
  MultiplyTransposed(w.h.data(), l.batch, n, w.r, row, n, n, w.gates.data(), row);
  for (int64_t b = 0; b < l.batch; ++b) {
    C* in = w.gates.data() + b * row;
    C* out = in + n;
    C* forget = out + n;
    C* candidate = forget + n;
    const C* cell = w.c.data() + b * n;
    const C* p = w.peepholes;
    if (p != nullptr) {
      for (int64_t i = 0; i < n; ++i) {
        in[i] += p[i] * cell[i];
        forget[i] += p[2 * n + i] * cell[i];
      }
    }
    w.f[0].Apply(in, n, clip);
    if (l.input_forget) {
      for (int64_t i = 0; i < n; ++i) forget[i] = 1 - in[i];
    } else {
      w.f[0].Apply(forget, n, clip);
    }
    w.f[1].Apply(candidate, n, clip);
    for (int64_t i = 0; i < n; ++i) forget[i] = forget[i] * cell[i] + in[i] * candidate[i];
    if (p != nullptr) {
      for (int64_t i = 0; i < n; ++i) out[i] += p[n + i] * forget[i];
    }
    w.f[0].Apply(out, n, clip);
    std::copy_n(forget, n, in);
    w.f[2].Apply(in, n, clip);
    for (int64_t i = 0; i < n; ++i) in[i] *= out[i];
  }
}

template <typename C>
struct Operands {
  absl::Span<const C> x, w, r, bias, h, c, peepholes;
};

template <typename C>
void RunDirection(const Layout& l, const Operands<C>& in, int64_t d, Workspace<C>& w, C* y, C* y_h,
                  C* y_c) {
  int64_t n = l.hidden, row = l.gates * n, lines = l.steps * l.batch;
  bool reversed = d == 1 || l.first_reversed;
  w.r = in.r.data() + d * row * n;
  const C* bias = in.bias.empty() ? nullptr : in.bias.data() + d * 2 * row;
  w.r_bias = bias == nullptr ? nullptr : bias + row;
  w.peepholes = in.peepholes.empty() ? nullptr : in.peepholes.data() + d * 3 * n;
  w.f = &l.activations[l.activations.size() / l.directions * d];
  // With linear_before_reset, the last recurrent bias is inside the reset product.
  int64_t both = l.cell == Cell::kGru && l.linear_before_reset ? 2 * n : row;
  for (int64_t line = 0; line < lines; ++line) {
    C* to = w.products.data() + line * row;
    for (int64_t i = 0; i < row; ++i) {
      to[i] = bias == nullptr ? C{0} : i < both ? bias[i] + bias[row + i] : bias[i];
    }
  }
  MultiplyTransposed(in.x.data(), lines, l.inputs, in.w.data() + d * row * l.inputs, row, l.inputs,
                     l.inputs, w.products.data(), row);
  for (int64_t b = 0; b < l.batch; ++b) {
    for (int64_t i = 0; i < n; ++i) {
      int64_t at = l.StateLine(d, b) * n + i;
      w.h[b * n + i] = in.h.empty() ? C{0} : in.h[at];
      w.c[b * n + i] = in.c.empty() ? C{0} : in.c[at];
    }
  }
  int64_t last = *std::max_element(l.lengths.begin(), l.lengths.end());
  for (int64_t step = 0; step < last; ++step) {
    auto time = [&](int64_t b) { return reversed ? l.lengths[b] - 1 - step : step; };
    for (int64_t b = 0; b < l.batch; ++b) {
      if (step >= l.lengths[b]) {
        std::fill_n(w.gates.data() + b * row, row, C{0});
      } else {
        std::copy_n(w.products.data() + l.XLine(time(b), b) * row, row, w.gates.data() + b * row);
      }
    }
    if (l.cell == Cell::kRnn) RnnStep(l, w);
    if (l.cell == Cell::kGru) GruStep(l, w);
    if (l.cell == Cell::kLstm) LstmStep(l, w);
    for (int64_t b = 0; b < l.batch; ++b) {
      if (step >= l.lengths[b]) continue;  // a finished sequence keeps its state
      const C* gates = w.gates.data() + b * row;
      const C* state = l.cell == Cell::kGru ? gates + 2 * n : gates;
      std::copy_n(state, n, w.h.data() + b * n);
      if (l.cell == Cell::kLstm) std::copy_n(gates + 2 * n, n, w.c.data() + b * n);
      if (y != nullptr) std::copy_n(state, n, y + l.YLine(time(b), d, b) * n);
    }
  }
  for (int64_t b = 0; b < l.batch; ++b) {
    int64_t at = l.StateLine(d, b) * n;
    if (y_h != nullptr) std::copy_n(w.h.data() + b * n, n, y_h + at);
    if (y_c != nullptr) std::copy_n(w.c.data() + b * n, n, y_c + at);
  }
}

template <typename C>
absl::Status RunAll(LibraryCall& call, const Layout& l) {
  Operands<C> in;
  auto load = [&](int index, absl::Span<const C>& to) -> absl::Status {
    if (!call.has_operand(index)) return absl::OkStatus();
    HEDDLE_ASSIGN_OR_RETURN(to, Load<C>(call, l.op, index));
    return absl::OkStatus();
  };
  HEDDLE_RETURN_IF_ERROR(load(0, in.x));
  HEDDLE_RETURN_IF_ERROR(load(1, in.w));
  HEDDLE_RETURN_IF_ERROR(load(2, in.r));
  HEDDLE_RETURN_IF_ERROR(load(3, in.bias));
  HEDDLE_RETURN_IF_ERROR(load(5, in.h));
  if (l.cell == Cell::kLstm) {
    HEDDLE_RETURN_IF_ERROR(load(6, in.c));
    HEDDLE_RETURN_IF_ERROR(load(7, in.peepholes));
  }
  Dims y_dims = {l.steps, l.directions, l.batch, l.hidden};
  Dims state = {l.directions, l.batch, l.hidden};
  if (l.batch_first) {
    y_dims = {l.batch, l.steps, l.directions, l.hidden};
    state = {l.batch, l.directions, l.hidden};
  }
  Output<C> outputs[3];
  C* data[3] = {};
  for (int i = 0; i < (l.cell == Cell::kLstm ? 3 : 2); ++i) {
    if (!call.wants_result(i)) continue;
    HEDDLE_ASSIGN_OR_RETURN(outputs[i], Output<C>::Make(call, l.op, i, i == 0 ? y_dims : state));
    data[i] = outputs[i].values().data();
    std::fill(outputs[i].values().begin(), outputs[i].values().end(), C{0});
  }
  int64_t row = l.gates * l.hidden;
  Workspace<C> w;
  HEDDLE_ASSIGN_OR_RETURN(w.products, Scratch<C>(call, l.op, {l.steps, l.batch, row}));
  HEDDLE_ASSIGN_OR_RETURN(w.gates, Scratch<C>(call, l.op, {l.batch, row}));
  HEDDLE_ASSIGN_OR_RETURN(w.h, Scratch<C>(call, l.op, {l.batch, l.hidden}));
  HEDDLE_ASSIGN_OR_RETURN(w.c, Scratch<C>(call, l.op, {l.batch, l.hidden}));
  HEDDLE_ASSIGN_OR_RETURN(w.reset, Scratch<C>(call, l.op, {l.batch, l.hidden}));
  for (int64_t d = 0; d < l.directions && l.batch > 0; ++d) {
    RunDirection<C>(l, in, d, w, data[0], data[1], data[2]);
  }
  for (int i = 0; i < 3; ++i) {
    if (data[i] != nullptr) HEDDLE_RETURN_IF_ERROR(outputs[i].Store(l.op));
  }
  return absl::OkStatus();
}

absl::Status Recurrent(LibraryCall& call, std::string_view op, Cell cell) {
  HEDDLE_ASSIGN_OR_RETURN(Layout layout, ParseLayout(call, op, cell));
  return VisitCompute(op, call.operand(0).element_type,
                      [&](auto tag) { return RunAll<typename decltype(tag)::Type>(call, layout); });
}

}  // namespace

absl::Status RNN(LibraryCall& call) { return Recurrent(call, "RNN", Cell::kRnn); }
absl::Status GRU(LibraryCall& call) { return Recurrent(call, "GRU", Cell::kGru); }
absl::Status LSTM(LibraryCall& call) { return Recurrent(call, "LSTM", Cell::kLstm); }

}  // namespace heddle::library
