// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C ABI: sessions and values.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/artifact/program_verifier.h"
#include "runtime/c_api/handles.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

absl::Status NullPointer(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("null pointer for ", Absl(what)));
}

const char* KindName(uint32_t kind) {
  switch (kind) {
    case HEDDLE_VALUE_NONE:
      return "nothing";
    case HEDDLE_VALUE_STRING_TENSOR:
      return "a string tensor";
    case HEDDLE_VALUE_SEQUENCE:
      return "a sequence";
    case HEDDLE_VALUE_MAP:
      return "a map";
    case HEDDLE_VALUE_OPTIONAL:
      return "an optional";
    default:
      return "a value of unknown kind";
  }
}

// Whether the strides are those of a dense, row-major tensor. Dimensions of one element, and all of
// an empty tensor, are never stepped along.
bool Dense(absl::Span<const int64_t> dims, const int64_t* strides) {
  int64_t expected = 1;
  bool dense = true;
  for (size_t d = dims.size(); d-- > 0;) {
    if (dims[d] <= 0) return true;
    if (dims[d] != 1) dense &= strides[d] == expected;
    // An overflow is found where the size is checked.
    if (__builtin_mul_overflow(expected, dims[d], &expected)) return true;
  }
  return dense;
}

absl::StatusOr<Tensor> ReadTensor(const HeddleTensor& t) {
  if (t.rank < 0 || t.rank > kMaxRank) {
    return absl::InvalidArgumentError(absl::StrCat("rank ", t.rank, " is not 0 to ", kMaxRank));
  }
  if (t.rank > 0 && t.dims == nullptr) return NullPointer("the dims");
  if (t.element_type <= 0 || t.element_type >= kElementTypeCount) {
    return absl::InvalidArgumentError(absl::StrCat("no element type ", t.element_type));
  }
  absl::Span<const int64_t> dims(t.dims, static_cast<size_t>(t.rank));
  if (t.strides != nullptr && !Dense(dims, t.strides)) {
    return absl::UnimplementedError(
        absl::StrCat("strides ", ShapeText({t.strides, dims.size()}), " of shape ", ShapeText(dims),
                     " are not dense and row-major; copy the tensor first"));
  }
  if (t.data == nullptr && t.byte_offset != 0) return NullPointer("the data");
  void* data = t.data == nullptr ? nullptr : static_cast<char*>(t.data) + t.byte_offset;
  int64_t capacity = static_cast<int64_t>(std::min<uint64_t>(t.capacity, INT64_MAX));
  if (capacity == 0) capacity = -1;
  return Tensor::Borrow(static_cast<ElementType>(t.element_type), dims, data, capacity);
}

absl::Status CheckOutput(const HeddleSession* session, int32_t index, HeddleValue* out) {
  if (session == nullptr) return NullPointer("the session");
  if (out == nullptr) return NullPointer("the value");
  size_t count = session->session->model().outputs().size();
  if (index < 0 || static_cast<size_t>(index) >= count) {
    return absl::InvalidArgumentError(absl::StrCat("no output ", index, "; the model has ", count));
  }
  if (!session->session->output(index).defined()) {
    return absl::FailedPreconditionError("there is no output before a run that ended well");
  }
  const Tensor& tensor = session->session->output(index);
  *out = HeddleValue{};
  out->kind = HEDDLE_VALUE_TENSOR;
  WriteTensor(tensor.element_type(), tensor.dims(), tensor.data(),
              static_cast<uint64_t>(tensor.capacity()), &out->as.tensor);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Tensor> ReadValue(const HeddleValue* value, const std::string& what) {
  if (value == nullptr) return NullPointer(what);
  if (value->kind != HEDDLE_VALUE_TENSOR) {
    return absl::UnimplementedError(
        absl::StrCat(what, " is ", KindName(value->kind), ", only tensors are supported"));
  }
  absl::StatusOr<Tensor> tensor = ReadTensor(value->as.tensor);
  if (tensor.ok()) return tensor;
  return absl::Status(tensor.status().code(), absl::StrCat(what, ": ", tensor.status().message()));
}

void WriteTensor(ElementType type, absl::Span<const int64_t> dims, void* data, uint64_t capacity,
                 HeddleTensor* out) {
  *out = HeddleTensor{};
  out->data = data;
  out->capacity = capacity;
  out->element_type = static_cast<int32_t>(type);
  out->rank = static_cast<int32_t>(dims.size());
  out->dims = dims.data();
}

}  // namespace heddle

using heddle::Guard;
using heddle::NullPointer;

extern "C" {

HeddleStatus* heddle_session_create(const HeddleModel* model, const HeddleSessionOptions* given,
                                    HeddleSession** out) {
  return Guard([&]() -> absl::Status {
    if (model == nullptr || out == nullptr) return NullPointer("the model or the session");
    *out = nullptr;
    HeddleSessionOptions options;
    HEDDLE_RETURN_IF_ERROR(heddle::ReadStruct(given, options));
    auto handle = std::make_unique<HeddleSession>();
    const HeddleAllocator& allocator = options.allocator;
    if ((allocator.allocate == nullptr) != (allocator.deallocate == nullptr)) {
      return absl::InvalidArgumentError("an allocator needs both its functions");
    }
    heddle::SessionOptions session_options;
    session_options.threads = options.threads;
    if (allocator.allocate != nullptr) {
      session_options.allocator = std::make_shared<heddle::CallerAllocator>(allocator);
    }
    HEDDLE_ASSIGN_OR_RETURN(handle->session,
                            heddle::Session::Create(model->model, session_options));
    if (options.trace != 0) handle->session->EnableTrace();
    *out = handle.release();
    return absl::OkStatus();
  });
}

void heddle_session_free(HeddleSession* session) { delete session; }

HeddleStatus* heddle_session_set_input(HeddleSession* session, int32_t index,
                                       const HeddleValue* value) {
  return Guard([&]() -> absl::Status {
    if (session == nullptr) return NullPointer("the session");
    HEDDLE_ASSIGN_OR_RETURN(heddle::Tensor tensor,
                            heddle::ReadValue(value, absl::StrCat("input ", index)));
    return session->session->SetInput(index, std::move(tensor));
  });
}

HeddleStatus* heddle_session_bind_output(HeddleSession* session, int32_t index,
                                         const HeddleValue* value) {
  return Guard([&]() -> absl::Status {
    if (session == nullptr) return NullPointer("the session");
    if (value == nullptr || value->kind == HEDDLE_VALUE_NONE) {
      return session->session->BindOutput(index, heddle::Tensor());
    }
    HeddleValue memory = *value;
    const int64_t none = 0;
    if (memory.kind == HEDDLE_VALUE_TENSOR && memory.as.tensor.capacity != 0) {
      memory.as.tensor.rank = 1;
      memory.as.tensor.dims = &none;
      memory.as.tensor.strides = nullptr;
    }
    HEDDLE_ASSIGN_OR_RETURN(heddle::Tensor tensor,
                            heddle::ReadValue(&memory, absl::StrCat("output ", index)));
    return session->session->BindOutput(index, std::move(tensor));
  });
}

HeddleStatus* heddle_session_bind_state(HeddleSession* session, int32_t input, int32_t output) {
  return Guard([&]() -> absl::Status {
    if (session == nullptr) return NullPointer("the session");
    return session->session->BindState(input, output);
  });
}

HeddleStatus* heddle_session_run(HeddleSession* session) {
  return Guard([&]() -> absl::Status {
    if (session == nullptr) return NullPointer("the session");
    return session->session->Run();
  });
}

HeddleStatus* heddle_session_run_async(HeddleSession* session, HeddleRunCallback callback,
                                       void* user) {
  return Guard([&]() -> absl::Status {
    if (session == nullptr || callback == nullptr) return NullPointer("the session or callback");
    return session->session->Start([callback, user](const absl::Status& status) {
      callback(user, heddle::MakeStatus(status));
    });
  });
}

void heddle_session_cancel(HeddleSession* session) {
  if (session != nullptr) session->session->Cancel();
}

HeddleStatus* heddle_session_output(const HeddleSession* session, int32_t index, HeddleValue* out) {
  return Guard([&] { return heddle::CheckOutput(session, index, out); });
}

HeddleStatus* heddle_session_share_output(const HeddleSession* session, int32_t index,
                                          HeddleValue* out, HeddleShare** share) {
  return Guard([&]() -> absl::Status {
    if (share == nullptr) return NullPointer("the share");
    *share = nullptr;
    HEDDLE_RETURN_IF_ERROR(heddle::CheckOutput(session, index, out));
    *share = new HeddleShare{session->session->output(index)};
    // The dims, too, must outlive the session.
    out->as.tensor.dims = (*share)->tensor.dims().data();
    return absl::OkStatus();
  });
}

void heddle_share_free(HeddleShare* share) { delete share; }

HeddleStatus* heddle_session_snapshot(const HeddleSession* session, int32_t input,
                                      HeddleShare** version) {
  return Guard([&]() -> absl::Status {
    if (session == nullptr || version == nullptr) return NullPointer("the session or version");
    *version = nullptr;
    HEDDLE_ASSIGN_OR_RETURN(heddle::Tensor tensor, session->session->Snapshot(input));
    *version = new HeddleShare{std::move(tensor)};
    return absl::OkStatus();
  });
}

HeddleStatus* heddle_session_restore(HeddleSession* session, int32_t input,
                                     const HeddleShare* version) {
  return Guard([&]() -> absl::Status {
    if (session == nullptr || version == nullptr) return NullPointer("the session or version");
    return session->session->SetInput(input, version->tensor);
  });
}

HeddleStatus* heddle_session_truncate(HeddleSession* session, int32_t input, int64_t length) {
  return Guard([&]() -> absl::Status {
    if (session == nullptr) return NullPointer("the session");
    return session->session->Truncate(input, length);
  });
}

HeddleStatus* heddle_session_fork(const HeddleSession* session, HeddleSession** out) {
  return Guard([&]() -> absl::Status {
    if (session == nullptr || out == nullptr) return NullPointer("the session or the fork");
    *out = nullptr;
    auto handle = std::make_unique<HeddleSession>();
    HEDDLE_ASSIGN_OR_RETURN(handle->session, session->session->Fork());
    if (session->session->trace() != nullptr) handle->session->EnableTrace();
    *out = handle.release();
    return absl::OkStatus();
  });
}

HeddleStatus* heddle_session_write_trace(const HeddleSession* session, const char* path) {
  return Guard([&]() -> absl::Status {
    if (session == nullptr || path == nullptr) return NullPointer("the session or path");
    const heddle::TraceRecorder* trace = session->session->trace();
    if (trace == nullptr) {
      return absl::FailedPreconditionError("the session was created without the option trace");
    }
    return trace->WriteFile(path);
  });
}

HeddleStatus* heddle_session_statistics(const HeddleSession* session, HeddleStatistics* out) {
  return Guard([&]() -> absl::Status {
    if (session == nullptr) return NullPointer("the session");
    heddle::SessionStatistics s = session->session->statistics();
    HeddleStatistics statistics = {};
    statistics.runs = s.runs;
    statistics.tasks = s.tasks;
    statistics.kernels = s.kernels;
    statistics.arena_bytes = static_cast<uint64_t>(s.arena_bytes);
    statistics.held_bytes = s.held_bytes;
    statistics.peak_bytes = s.peak_bytes;
    statistics.threads = s.threads;
    return heddle::WriteStruct(statistics, out);
  });
}

}  // extern "C"
