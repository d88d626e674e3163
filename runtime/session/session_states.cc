// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Session: outputs that become inputs, and their versions.

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/session/session.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"

namespace heddle {

absl::Status Session::BindState(int input, int output) {
  HEDDLE_RETURN_IF_ERROR(CheckIdle());
  HEDDLE_RETURN_IF_ERROR(CheckIndex(input, inputs_.size(), "input"));
  HEDDLE_RETURN_IF_ERROR(CheckIndex(output, bound_.size(), "output"));
  const TensorSignature& in = model_->inputs()[input];
  const TensorSignature& out = model_->outputs()[output];
  if (in.element_type != out.element_type || in.dims.size() != out.dims.size()) {
    return absl::InvalidArgumentError(absl::StrCat("output ", Quoted(out.name),
                                                   " cannot be the next input ", Quoted(in.name),
                                                   ": their types or ranks differ"));
  }
  for (const State& state : states_) {
    if (state.input == input || state.output == output) {
      return absl::InvalidArgumentError(absl::StrCat("input ", Quoted(in.name), " or output ",
                                                     Quoted(out.name),
                                                     " is bound as a state already"));
    }
  }
  bound_[output] = Tensor();
  states_.push_back({input, output});
  return absl::OkStatus();
}

absl::StatusOr<const Session::State*> Session::FindState(int input) const {
  HEDDLE_RETURN_IF_ERROR(CheckIdle());
  HEDDLE_RETURN_IF_ERROR(CheckIndex(input, inputs_.size(), "input"));
  for (const State& state : states_) {
    if (state.input != input) continue;
    if (inputs_[input].defined()) return &state;
    return absl::FailedPreconditionError(
        absl::StrCat("state ", Quoted(model_->inputs()[input].name), " is not set"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("input ", Quoted(model_->inputs()[input].name), " is not bound as a state"));
}

absl::StatusOr<Tensor> Session::Snapshot(int input) const {
  HEDDLE_RETURN_IF_ERROR(FindState(input).status());
  return inputs_[input];
}

absl::Status Session::Truncate(int input, int64_t length) {
  HEDDLE_ASSIGN_OR_RETURN(const State* state, FindState(input));
  const TensorSignature& expected = model_->inputs()[input];
  Tensor& version = inputs_[input];
  if (expected.dims.empty() || expected.dims[0].size >= 0) {
    return absl::InvalidArgumentError(absl::StrCat("state ", Quoted(expected.name), " of shape ",
                                                   expected.ShapeText(),
                                                   " does not grow along axis 0"));
  }
  if (length < 0 || length > version.dims()[0]) {
    return absl::InvalidArgumentError(absl::StrCat("state ", Quoted(expected.name), " has ",
                                                   version.dims()[0], " entries, not ", length));
  }
  Tensor::Dims dims(version.dims().begin(), version.dims().end());
  dims[0] = length;
  version = Tensor::Share(version.element_type(), dims, version.data(), version.capacity(),
                          version.buffer());
  Tensor& result = results_[state->output];
  if (result.defined()) result = version;
  // Nobody else has the block, so nobody has what was behind.
  const BufferRef& block = version.buffer();
  if (block && block->holds_versions() && block->references() == (result.defined() ? 2 : 1)) {
    block->SetVersionsEnd(static_cast<char*>(version.data()) + version.bytes() -
                          static_cast<char*>(block->data()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Session>> Session::Fork() const {
  HEDDLE_RETURN_IF_ERROR(CheckIdle());
  HEDDLE_ASSIGN_OR_RETURN(std::unique_ptr<Session> fork, Create(model_, options_));
  fork->inputs_ = inputs_;
  fork->states_ = states_;
  return fork;
}

}  // namespace heddle
