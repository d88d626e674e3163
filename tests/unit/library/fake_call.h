// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A LibraryCall over plain vectors: tests set operands and attributes, run a function, look at
// the results. Memory that functions receive is filled with a pattern, not with zeros.

#ifndef HEDDLE_TESTS_UNIT_LIBRARY_FAKE_CALL_H_
#define HEDDLE_TESTS_UNIT_LIBRARY_FAKE_CALL_H_

#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/library/library_call.h"

namespace heddle {

struct FakeTensor {
  ElementType type = ElementType::kUndefined;
  std::vector<int64_t> dims;
  std::vector<uint8_t> bytes;

  FakeTensor() = default;
  template <typename T>
  FakeTensor(ElementType type, std::vector<int64_t> dims, const std::vector<T>& values)
      : type(type), dims(std::move(dims)), bytes(values.size() * sizeof(T)) {
    if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  }
  template <typename T>
  std::vector<T> values() const {
    std::vector<T> result(bytes.size() / sizeof(T));
    if (!result.empty()) std::memcpy(result.data(), bytes.data(), result.size() * sizeof(T));
    return result;
  }
};

class FakeCall : public LibraryCall {
 public:
  int64_t limit = int64_t{1} << 30;  // of elements in a result
  std::vector<FakeTensor> operands;
  std::vector<ElementType> result_types;
  std::vector<bool> wanted;
  std::vector<FakeTensor> results;
  std::map<std::string, int64_t, std::less<>> ints_of_one;
  std::map<std::string, double, std::less<>> floats_of_one;
  std::map<std::string, std::string, std::less<>> texts;
  std::map<std::string, std::vector<int64_t>, std::less<>> ints;
  std::map<std::string, std::vector<double>, std::less<>> floats;

  absl::Status Run(std::string_view name) {
    LibraryFunction function = FindLibraryFunction(name);
    if (function == nullptr) return absl::NotFoundError("no such function");
    results.assign(result_types.size(), {});
    wanted.resize(result_types.size(), true);
    absl::Status status = function(*this);
    scratch_.clear();
    return status;
  }

  int operand_count() const override { return static_cast<int>(operands.size()); }
  TensorView operand(int index) const override {
    TensorView view;
    if (index < 0 || index >= operand_count()) return view;
    const FakeTensor& t = operands[index];
    view.element_type = t.type;
    view.dims = t.dims;
    view.data = t.bytes.data();
    return view;
  }
  int result_count() const override { return static_cast<int>(result_types.size()); }
  bool wants_result(int index) const override { return index < result_count() && wanted[index]; }
  ElementType result_type(int index) const override { return result_types[index]; }

  std::optional<int64_t> Int(std::string_view name) const override {
    return Find(ints_of_one, name);
  }
  std::optional<double> Float(std::string_view name) const override {
    return Find(floats_of_one, name);
  }
  std::optional<std::string_view> Text(std::string_view name) const override {
    auto it = texts.find(name);
    return it == texts.end() ? std::nullopt : std::optional<std::string_view>(it->second);
  }
  absl::Span<const int64_t> Ints(std::string_view name) const override {
    auto it = ints.find(name);
    return it == ints.end() ? absl::Span<const int64_t>() : it->second;
  }
  absl::Span<const double> Floats(std::string_view name) const override {
    auto it = floats.find(name);
    return it == floats.end() ? absl::Span<const double>() : it->second;
  }
  using LibraryCall::Float;
  using LibraryCall::Int;
  using LibraryCall::Text;

  void* Scratch(int64_t bytes) override {
    if (bytes > 8 * limit) return nullptr;
    size_t rounded = (static_cast<size_t>(bytes) + 63) / 64 * 64;
    void* memory = std::aligned_alloc(64, rounded == 0 ? 64 : rounded);
    std::memset(memory, 0xCD, rounded);
    scratch_.emplace_back(memory, &std::free);
    return memory;
  }

 protected:
  absl::StatusOr<MutableTensorView> MakeResult(int index, absl::Span<const int64_t> dims) override {
    if (!wants_result(index)) return absl::InternalError("a result that nobody wants");
    FakeTensor& t = results[index];
    if (t.type != ElementType::kUndefined) return absl::InternalError("a result made twice");
    int64_t count = 1;
    for (int64_t d : dims) {
      if (d < 0 || __builtin_mul_overflow(count, d, &count) || count > limit) {
        return absl::InvalidArgumentError("unreasonable dimensions");
      }
    }
    t.type = result_types[index];
    t.dims.assign(dims.begin(), dims.end());
    t.bytes.assign(ElementBytes(t.type, count), 0xCD);
    MutableTensorView view;
    view.element_type = t.type;
    view.dims = t.dims;
    view.data = t.bytes.data();
    return view;
  }

 private:
  template <typename Map>
  static auto Find(const Map& map, std::string_view name)
      -> std::optional<typename Map::mapped_type> {
    auto it = map.find(name);
    if (it == map.end()) return std::nullopt;
    return it->second;
  }
  std::vector<std::unique_ptr<void, void (*)(void*)>> scratch_;
};

}  // namespace heddle

#endif  // HEDDLE_TESTS_UNIT_LIBRARY_FAKE_CALL_H_
