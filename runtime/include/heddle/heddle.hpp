// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C ABI of heddle.h for C++20: handles that free themselves, spans instead of pointers with
// lengths, results instead of out-parameters. Header only; nothing here throws.
//
//   using namespace heddle::api;
//   Result<Model> model = Model::Load("model.heddle");
//   if (!model) { puts(model.error().message().c_str()); return 1; }
//   Result<Session> session = model->MakeSession({.threads = 2});
//   if (!session) ...
//   std::vector<float> x(3 * 640 * 640);
//   if (Error e = session->SetInput(0, Tensor<float>(x, {1, 3, 640, 640}))) ...
//   if (Error e = session->Run()) ...
//   Result<TensorView> y = session->Output(0);
//   if (!y) ...
//   std::span<const float> numbers = y->elements<float>();
//
// Thread-safety and ownership are those of heddle.h: a Model may be used from several threads, a
// Session from one at a time; memory given as input or output is the caller's.

#ifndef HEDDLE_HEDDLE_HPP_
#define HEDDLE_HEDDLE_HPP_

#include <heddle/heddle.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace heddle::api {

// The outcome of a call; true in conditions where it is an error.
class [[nodiscard]] Error {
 public:
  Error() = default;
  // Takes the status over.
  explicit Error(HeddleStatus* status)
      : code_(heddle_status_code(status)), message_(heddle_status_message(status)) {
    heddle_status_free(status);
  }
  explicit operator bool() const { return code_ != HEDDLE_OK; }
  HeddleStatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  HeddleStatusCode code_ = HEDDLE_OK;
  std::string message_;
};

// A value or the error that prevented it. Look which it is, as `if (result)` does, before using * or ->,
// which need a value, or error(), which needs an error.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}
  explicit operator bool() const { return content_.index() == 0; }
  T& operator*() { return *std::get_if<0>(&content_); }
  const T& operator*() const { return *std::get_if<0>(&content_); }
  T* operator->() { return std::get_if<0>(&content_); }
  const T* operator->() const { return std::get_if<0>(&content_); }
  const Error& error() const { return *std::get_if<1>(&content_); }

 private:
  std::variant<T, Error> content_;
};

template <typename T>
inline constexpr HeddleElementType kElementType = HEDDLE_UNDEFINED;
template <>
inline constexpr HeddleElementType kElementType<bool> = HEDDLE_BOOL;
template <>
inline constexpr HeddleElementType kElementType<int8_t> = HEDDLE_INT8;
template <>
inline constexpr HeddleElementType kElementType<uint8_t> = HEDDLE_UINT8;
template <>
inline constexpr HeddleElementType kElementType<int16_t> = HEDDLE_INT16;
template <>
inline constexpr HeddleElementType kElementType<uint16_t> = HEDDLE_UINT16;
template <>
inline constexpr HeddleElementType kElementType<int32_t> = HEDDLE_INT32;
template <>
inline constexpr HeddleElementType kElementType<uint32_t> = HEDDLE_UINT32;
template <>
inline constexpr HeddleElementType kElementType<int64_t> = HEDDLE_INT64;
template <>
inline constexpr HeddleElementType kElementType<uint64_t> = HEDDLE_UINT64;
template <>
inline constexpr HeddleElementType kElementType<float> = HEDDLE_FLOAT32;
template <>
inline constexpr HeddleElementType kElementType<double> = HEDDLE_FLOAT64;

// The caller's memory with a shape; dense and row-major.
template <typename T>
class Tensor {
 public:
  static_assert(kElementType<T> != HEDDLE_UNDEFINED, "no element type for this C++ type");
  Tensor(std::span<T> elements, std::vector<int64_t> dims)
      : elements_(elements), dims_(std::move(dims)) {}
  Tensor(std::vector<T>& elements, std::vector<int64_t> dims)
      : Tensor(std::span<T>(elements), std::move(dims)) {}

  // Refers to this object's dims, which a temporary does not keep.
  HeddleValue value() const& {
    HeddleValue value = {};
    value.kind = HEDDLE_VALUE_TENSOR;
    // A capacity of 0 means as much as the dims need: memory of no bytes is none.
    value.as.tensor.data = elements_.empty() ? nullptr : elements_.data();
    value.as.tensor.capacity = elements_.size_bytes();
    value.as.tensor.element_type = kElementType<T>;
    value.as.tensor.rank = static_cast<int32_t>(dims_.size());
    value.as.tensor.dims = dims_.data();
    return value;
  }
  HeddleValue value() const&& = delete;

 private:
  std::span<T> elements_;
  std::vector<int64_t> dims_;
};

// A result in the library's memory, or in the caller's where that was bound.
class TensorView {
 public:
  explicit TensorView(const HeddleTensor& tensor) : tensor_(tensor) {}
  HeddleElementType element_type() const {
    return static_cast<HeddleElementType>(tensor_.element_type);
  }
  std::span<const int64_t> dims() const {
    return {tensor_.dims, static_cast<size_t>(tensor_.rank)};
  }
  size_t count() const {
    size_t count = 1;
    for (int64_t dim : dims()) count *= static_cast<size_t>(dim);
    return count;
  }
  const void* data() const { return static_cast<const char*>(tensor_.data) + tensor_.byte_offset; }
  // Empty where the element type is another.
  template <typename T>
  std::span<const T> elements() const {
    if (element_type() != kElementType<T>) return {};
    return {static_cast<const T*>(data()), count()};
  }

 private:
  HeddleTensor tensor_;
};

// A result that the caller keeps beyond the next run.
class SharedTensor : public TensorView {
 public:
  SharedTensor(const HeddleTensor& tensor, HeddleShare* share)
      : TensorView(tensor), share_(share, heddle_share_free) {}

 private:
  std::shared_ptr<HeddleShare> share_;
};

// A state as it was at some time; keeps its contents and outlives the session. Copies are cheap.
class Version {
 public:
  explicit Version(HeddleShare* share) : share_(share, heddle_share_free) {}
  const HeddleShare* handle() const { return share_.get(); }

 private:
  std::shared_ptr<HeddleShare> share_;
};

struct Dim {
  int64_t size = -1;   // -1: symbolic
  std::string symbol;  // its name, or an expression of names
};

struct Signature {
  std::string name;
  HeddleElementType element_type = HEDDLE_UNDEFINED;
  std::vector<Dim> dims;
};

struct SessionOptions {
  int threads = 0;  // 0: all
  bool trace = false;
  HeddleAllocator allocator = {};
};

class Session {
 public:
  explicit Session(HeddleSession* handle) : handle_(handle) {}
  HeddleSession* handle() const { return handle_.get(); }

  template <typename T>
  Error SetInput(int index, const Tensor<T>& tensor) {
    HeddleValue value = tensor.value();
    return Error(heddle_session_set_input(handle(), index, &value));
  }
  Error SetInput(int index, const HeddleValue& value) {
    return Error(heddle_session_set_input(handle(), index, &value));
  }
  // Results are written to `memory` from now on.
  template <typename T>
  Error BindOutput(int index, std::span<T> memory) {
    const Tensor<T> tensor(memory, {0});
    HeddleValue value = tensor.value();
    return Error(heddle_session_bind_output(handle(), index, &value));
  }
  Error UnbindOutput(int index) {
    return Error(heddle_session_bind_output(handle(), index, nullptr));
  }
  Error BindState(int input, int output) {
    return Error(heddle_session_bind_state(handle(), input, output));
  }

  // The version of a state that the next run starts from.
  Result<Version> Snapshot(int input) const {
    HeddleShare* share = nullptr;
    if (Error e{heddle_session_snapshot(handle(), input, &share)}) return e;
    return Version(share);
  }
  // The next run starts from the version, which may be of another session.
  Error Restore(int input, const Version& version) {
    return Error(heddle_session_restore(handle(), input, version.handle()));
  }
  // The next run starts from the first `length` entries of the state.
  Error Truncate(int input, int64_t length) {
    return Error(heddle_session_truncate(handle(), input, length));
  }
  // A session that goes on from the same states by itself, on another thread if need be.
  Result<Session> Fork() const {
    HeddleSession* fork = nullptr;
    if (Error e{heddle_session_fork(handle(), &fork)}) return e;
    return Session(fork);
  }

  Error Run() { return Error(heddle_session_run(handle())); }
  // `done` is called once on a worker thread, and must not block, throw or free the session.
  Error RunAsync(std::function<void(Error)> done) {
    auto state = std::make_unique<std::function<void(Error)>>(std::move(done));
    auto call = [](void* user, HeddleStatus* status) {
      std::unique_ptr<std::function<void(Error)>> state(
          static_cast<std::function<void(Error)>*>(user));
      (*state)(Error(status));
    };
    Error error(heddle_session_run_async(handle(), call, state.get()));
    if (!error) state.release();  // the callback frees it
    return error;
  }
  void Cancel() { heddle_session_cancel(handle()); }

  // Valid until the next run.
  Result<TensorView> Output(int index) const {
    HeddleValue value = {};
    if (Error e{heddle_session_output(handle(), index, &value)}) return e;
    return TensorView(value.as.tensor);
  }
  Result<SharedTensor> ShareOutput(int index) const {
    HeddleValue value = {};
    HeddleShare* share = nullptr;
    if (Error e{heddle_session_share_output(handle(), index, &value, &share)}) return e;
    return SharedTensor(value.as.tensor, share);
  }

  Error WriteTrace(const std::string& path) const {
    return Error(heddle_session_write_trace(handle(), path.c_str()));
  }
  Result<HeddleStatistics> Statistics() const {
    HeddleStatistics statistics = {};
    statistics.struct_size = sizeof(statistics);
    if (Error e{heddle_session_statistics(handle(), &statistics)}) return e;
    return statistics;
  }

 private:
  struct Free {
    void operator()(HeddleSession* session) const { heddle_session_free(session); }
  };
  std::unique_ptr<HeddleSession, Free> handle_;
};

class Model {
 public:
  static Result<Model> Load(const std::string& path, const HeddleModelOptions* options = nullptr) {
    HeddleModel* handle = nullptr;
    if (Error e{heddle_model_load(path.c_str(), options, &handle)}) return e;
    return Model(handle);
  }
  static Result<Model> LoadMemory(std::span<const uint8_t> bytes,
                                  const HeddleModelOptions* options = nullptr) {
    HeddleModel* handle = nullptr;
    if (Error e{heddle_model_load_memory(bytes.data(), bytes.size(), options, &handle)}) return e;
    return Model(handle);
  }
  explicit Model(HeddleModel* handle) : handle_(handle) {}
  HeddleModel* handle() const { return handle_.get(); }

  Result<Session> MakeSession(const SessionOptions& options = {}) const {
    HeddleSessionOptions c = {};
    c.struct_size = sizeof(c);
    c.threads = options.threads;
    c.trace = options.trace ? 1 : 0;
    c.allocator = options.allocator;
    HeddleSession* session = nullptr;
    if (Error e{heddle_session_create(handle(), &c, &session)}) return e;
    return Session(session);
  }

  std::vector<Signature> Inputs() const {
    return Signatures(heddle_model_input_count(handle()), heddle_model_input);
  }
  std::vector<Signature> Outputs() const {
    return Signatures(heddle_model_output_count(handle()), heddle_model_output);
  }
  std::optional<int> FindInput(const std::string& name) const {
    int index = heddle_model_find_input(handle(), name.c_str());
    return index >= 0 ? std::optional(index) : std::nullopt;
  }
  std::optional<int> FindOutput(const std::string& name) const {
    int index = heddle_model_find_output(handle(), name.c_str());
    return index >= 0 ? std::optional(index) : std::nullopt;
  }
  Error VerifyWeights() const { return Error(heddle_model_verify_weights(handle())); }

 private:
  struct Free {
    void operator()(HeddleModel* model) const { heddle_model_free(model); }
  };

  template <typename Query>
  std::vector<Signature> Signatures(int32_t count, Query query) const {
    std::vector<Signature> signatures;
    for (int32_t i = 0; i < count; ++i) {
      HeddleSignature c = {};
      c.struct_size = sizeof(c);
      if (Error(query(handle(), i, &c))) break;
      Signature& s = signatures.emplace_back();
      s.name = c.name;
      s.element_type = static_cast<HeddleElementType>(c.element_type);
      for (int32_t d = 0; d < c.rank; ++d) s.dims.push_back({c.dims[d], c.symbols[d]});
    }
    return signatures;
  }

  std::unique_ptr<HeddleModel, Free> handle_;
};

}  // namespace heddle::api

#endif  // HEDDLE_HEDDLE_HPP_
