// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A frame's task as a library function sees it.

#ifndef HEDDLE_RUNTIME_EXECUTOR_FRAME_CALL_H_
#define HEDDLE_RUNTIME_EXECUTOR_FRAME_CALL_H_

#include "absl/container/inlined_vector.h"
#include "runtime/executor/frame.h"
#include "runtime/library/library_call.h"

namespace heddle {

class FrameCall final : public LibraryCall {
 public:
  FrameCall(Frame& frame, uint32_t task) : frame_(frame), index_(task), task_(frame.task(task)) {}

  // Finds the operands; before the call.
  absl::Status Prepare();
  // Whether every wanted result was made; after the call.
  absl::Status CheckComplete() const;

  int operand_count() const override { return static_cast<int>(task_.operands.size()); }
  TensorView operand(int index) const override;
  int result_count() const override { return static_cast<int>(task_.results.size()); }
  bool wants_result(int index) const override;
  ElementType result_type(int index) const override;
  absl::StatusOr<MutableTensorView> Grown(int index, int operand, bool share,
                                          absl::Span<const int64_t> dims) override;
  absl::Status Prefix(int index, int operand, absl::Span<const int64_t> dims) override;

  std::optional<int64_t> Int(std::string_view name) const override;
  std::optional<double> Float(std::string_view name) const override;
  std::optional<std::string_view> Text(std::string_view name) const override;
  absl::Span<const int64_t> Ints(std::string_view name) const override;
  absl::Span<const double> Floats(std::string_view name) const override;

  void* Scratch(int64_t bytes) override;

 protected:
  absl::StatusOr<MutableTensorView> MakeResult(int index, absl::Span<const int64_t> dims) override;

 private:
  absl::Status CheckUnmade(int index) const;
  MutableTensorView Made(int index, absl::Span<const int64_t> dims, void* data);
  const ProgramAttribute* Find(std::string_view name, program::AttributeKind kind) const;

  Frame& frame_;
  const uint32_t index_;
  const ProgramTask& task_;
  absl::InlinedVector<TensorView, 8> operands_;
  absl::InlinedVector<int64_t, 24> late_dims_;
  absl::InlinedVector<Tensor::Dims, 2> result_dims_;
  absl::InlinedVector<bool, 4> made_;
  absl::InlinedVector<BufferRef, 2> scratch_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_FRAME_CALL_H_
