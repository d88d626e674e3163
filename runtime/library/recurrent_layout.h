// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What RNN, GRU and LSTM say of their operands, checked.

#ifndef HEDDLE_RUNTIME_LIBRARY_RECURRENT_LAYOUT_H_
#define HEDDLE_RUNTIME_LIBRARY_RECURRENT_LAYOUT_H_

#include <limits>

#include "runtime/library/activations.h"
#include "runtime/library/buffers.h"

namespace heddle::library {

enum class RecurrentCell { kRnn, kGru, kLstm };

// The operator's sizes and options.
struct RecurrentLayout {
  std::string_view op;
  RecurrentCell cell;
  int64_t gates, steps, batch, inputs, hidden, directions;
  bool batch_first = false, first_reversed = false;
  bool linear_before_reset = false, input_forget = false;
  double clip = std::numeric_limits<double>::infinity();
  Dims lengths;
  absl::InlinedVector<Activation, 6> activations;

  int64_t XLine(int64_t t, int64_t b) const { return batch_first ? b * steps + t : t * batch + b; }
  int64_t YLine(int64_t t, int64_t d, int64_t b) const {
    return batch_first ? (b * steps + t) * directions + d : (t * directions + d) * batch + b;
  }
  int64_t StateLine(int64_t d, int64_t b) const {
    return batch_first ? b * directions + d : d * batch + b;
  }
};

// The layout of a call, or what is wrong with it.
absl::StatusOr<RecurrentLayout> ParseLayout(LibraryCall& call, std::string_view op,
                                            RecurrentCell cell);

}  // namespace heddle::library

#endif  // HEDDLE_RUNTIME_LIBRARY_RECURRENT_LAYOUT_H_
