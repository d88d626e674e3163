// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Short ways to load what ProgramBuilder builds and to run it.

#ifndef HEDDLE_TESTS_UNIT_RUNTIME_TEST_UTIL_H_
#define HEDDLE_TESTS_UNIT_RUNTIME_TEST_UTIL_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/session/model.h"
#include "runtime/session/session.h"
#include "tests/unit/runtime/program_builder.h"

// The sanitizers have an operator new of their own, which ends the process where it has no memory.
#if defined(__has_feature)
#define HEDDLE_SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define HEDDLE_SANITIZED (defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__))
#endif

namespace heddle::testing {

inline absl::StatusOr<std::shared_ptr<const Model>> TryLoad(ProgramBuilder& b,
                                                            const ModelOptions& options = {}) {
  return Model::LoadFromMemory(b.Artifact(), options);
}

inline std::shared_ptr<const Model> Load(ProgramBuilder& b, const ModelOptions& options = {}) {
  auto model = TryLoad(b, options);
  EXPECT_TRUE(model.ok()) << model.status();
  return model.ok() ? *model : nullptr;
}
inline std::shared_ptr<const Model> Load(ProgramBuilder&& b) { return Load(b); }

inline std::unique_ptr<Session> Open(std::shared_ptr<const Model> model,
                                     const SessionOptions& options = {}) {
  auto session = Session::Create(std::move(model), options);
  EXPECT_TRUE(session.ok()) << session.status();
  return *std::move(session);
}

// The session borrows the numbers.
inline void Set(Session& session, int index, std::vector<float>& numbers) {
  auto size = static_cast<int64_t>(numbers.size());
  auto tensor = Tensor::Borrow(ElementType::kFloat32, {size}, numbers.data());
  // An empty vector has no data, an empty tensor needs none.
  ASSERT_TRUE(tensor.ok()) << tensor.status();
  absl::Status status = session.SetInput(index, *tensor);
  ASSERT_TRUE(status.ok()) << status;
}

template <typename T>
std::vector<T> Elements(const Tensor& tensor) {
  absl::Span<const T> elements = tensor.view().elements<T>();
  return {elements.begin(), elements.end()};
}
inline std::vector<float> Floats(const Tensor& tensor) { return Elements<float>(tensor); }

// Calls of operator new on this thread since it was made.
class AllocationCount {
 public:
  AllocationCount();
  int64_t value() const;

 private:
  int64_t before_;
};

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_UNIT_RUNTIME_TEST_UTIL_H_
