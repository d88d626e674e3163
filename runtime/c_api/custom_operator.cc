// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C ABI: operators that the embedding program brings along.

#include <optional>
#include <string>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "runtime/c_api/handles.h"
#include "runtime/library/library_call.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"

struct HeddleCall {
  heddle::LibraryCall& call;
  absl::InlinedVector<heddle::MutableTensorView, 4> results;
  std::string message;
};

namespace heddle {
namespace {

class CallbackOperator final : public CustomOperator {
 public:
  explicit CallbackOperator(const HeddleCustomOperator& description)
      : description_(description), name_(absl::StrCat(description.domain, ":", description.name)) {}

  absl::Status Call(LibraryCall& call) const override {
    HeddleCall handle{call, {}, ""};
    handle.results.resize(static_cast<size_t>(call.result_count()));
    for (int i = 0; i < call.result_count(); ++i) {
      if (!call.wants_result(i)) continue;
      int32_t rank = 0;
      int64_t dims[HEDDLE_MAX_RANK] = {};
      HEDDLE_RETURN_IF_ERROR(
          Check(description_.shape(description_.user, &handle, i, &rank, dims), handle));
      if (rank < 0 || rank > HEDDLE_MAX_RANK) {
        return absl::InvalidArgumentError(
            absl::StrCat("custom operator ", name_, ": rank ", rank, " of result ", i));
      }
      HEDDLE_ASSIGN_OR_RETURN(handle.results[i],
                              call.Result(i, call.result_type(i),
                                          absl::MakeConstSpan(dims, static_cast<size_t>(rank))));
    }
    return Check(description_.kernel(description_.user, &handle), handle);
  }

 private:
  absl::Status Check(int32_t code, const HeddleCall& handle) const {
    if (code == HEDDLE_OK) return absl::OkStatus();
    std::string message =
        handle.message.empty() ? absl::StrCat("failed with status ", code) : handle.message;
    return absl::Status(static_cast<absl::StatusCode>(code),
                        absl::StrCat("custom operator ", name_, ": ", message));
  }

  const HeddleCustomOperator description_;
  const std::string name_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const CustomOperator>> MakeCustomOperator(
    const HeddleCustomOperator& description) {
  if (description.domain == nullptr || description.name == nullptr ||
      description.shape == nullptr || description.kernel == nullptr) {
    return absl::InvalidArgumentError(
        "a custom operator needs a domain, a name, a shape and a kernel function");
  }
  return std::make_shared<const CallbackOperator>(description);
}

}  // namespace heddle

extern "C" {

int32_t heddle_call_operand_count(const HeddleCall* call) { return call->call.operand_count(); }
int32_t heddle_call_result_count(const HeddleCall* call) { return call->call.result_count(); }

int32_t heddle_call_operand(const HeddleCall* call, int32_t index, HeddleTensor* out) {
  if (!call->call.has_operand(index)) return 0;
  heddle::TensorView view = call->call.operand(index);
  heddle::WriteTensor(view.element_type, view.dims, const_cast<void*>(view.data), 0, out);
  return 1;
}

int32_t heddle_call_result(const HeddleCall* call, int32_t index, HeddleTensor* out) {
  if (index < 0 || static_cast<size_t>(index) >= call->results.size()) return 0;
  const heddle::MutableTensorView& view = call->results[index];
  if (view.element_type == heddle::ElementType::kUndefined) return 0;
  heddle::WriteTensor(view.element_type, view.dims, view.data, 0, out);
  return 1;
}

int32_t heddle_call_int(const HeddleCall* call, const char* name, int64_t* out) {
  std::optional<int64_t> value = call->call.Int(name);
  if (value) *out = *value;
  return value.has_value();
}
int32_t heddle_call_float(const HeddleCall* call, const char* name, double* out) {
  std::optional<double> value = call->call.Float(name);
  if (value) *out = *value;
  return value.has_value();
}
int32_t heddle_call_text(const HeddleCall* call, const char* name, const char** text,
                         size_t* size) {
  std::optional<std::string_view> value = call->call.Text(name);
  if (value) {
    *text = value->data();
    *size = value->size();
  }
  return value.has_value();
}
int32_t heddle_call_ints(const HeddleCall* call, const char* name, const int64_t** numbers,
                         size_t* count) {
  absl::Span<const int64_t> value = call->call.Ints(name);
  if (value.data() == nullptr) return 0;
  *numbers = value.data();
  *count = value.size();
  return 1;
}
int32_t heddle_call_floats(const HeddleCall* call, const char* name, const double** numbers,
                           size_t* count) {
  absl::Span<const double> value = call->call.Floats(name);
  if (value.data() == nullptr) return 0;
  *numbers = value.data();
  *count = value.size();
  return 1;
}

void* heddle_call_scratch(HeddleCall* call, size_t bytes) {
  return bytes > static_cast<size_t>(INT64_MAX) ? nullptr
                                                : call->call.Scratch(static_cast<int64_t>(bytes));
}

void heddle_call_explain(HeddleCall* call, const char* message) {
  try {
    call->message = message;
  } catch (...) {
    // Without memory for the message, the code has to do.
  }
}

}  // extern "C"
