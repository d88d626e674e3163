// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the single-node cases with damaged operands and attributes: a function may refuse them in
// any way, but neither crash nor write outside its results. Of use with the address sanitizer.
// HEDDLE_MUTATIONS is the number per case.

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>
#include <set>

#include "gtest/gtest.h"
#include "tests/unit/library/model_case.h"

namespace heddle {
namespace {

using Random = std::mt19937_64;

int64_t Pick(Random& random, int64_t n) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(n));
}

int64_t StrangeInteger(Random& random) {
  static constexpr int64_t kStrange[] = {
      0,         1,         -1,        2,         3,
      -2,        7,         100,       -100,      1 << 20,
      INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, int64_t{1} << 40};
  return kStrange[Pick(random, std::size(kStrange))];
}

double StrangeNumber(Random& random) {
  static const double kStrange[] = {0, -1, 0.5, 1e30, -1e30, NAN, INFINITY, -INFINITY, 1e-30, 3.7};
  return kStrange[Pick(random, std::size(kStrange))];
}

void MutateTensor(Random& random, FakeTensor& t) {
  if (t.type == ElementType::kUndefined) return;
  switch (Pick(random, 3)) {
    case 0: {  // an element
      if (t.bytes.empty()) return;
      int64_t integer = StrangeInteger(random);
      double number = StrangeNumber(random);
      float single = static_cast<float>(number);
      size_t size = std::max(1, ElementBits(t.type) / 8);
      size_t at =
          static_cast<size_t>(Pick(random, static_cast<int64_t>(t.bytes.size() / size))) * size;
      if (t.type == ElementType::kBool) integer &= 1;
      const void* from = &integer;
      if (t.type == ElementType::kFloat32) from = &single;
      if (t.type == ElementType::kFloat64) from = &number;
      std::memcpy(&t.bytes[at], from, std::min<size_t>(size, 8));
      return;
    }
    case 1: {  // a dimension
      if (t.dims.empty()) return;
      t.dims[Pick(random, static_cast<int64_t>(t.dims.size()))] = Pick(random, 6);
      break;
    }
    default:  // the rank
      if (Pick(random, 2) == 0 && !t.dims.empty()) {
        t.dims.pop_back();
      } else {
        t.dims.insert(t.dims.begin(), Pick(random, 3));
      }
  }
  int64_t count = 1;
  for (int64_t d : t.dims) count *= d;
  t.bytes.resize(ElementBytes(t.type, count), 0);
}

template <typename Map>
auto* PickValue(Random& random, Map& map) {
  auto it = map.begin();
  std::advance(it, Pick(random, static_cast<int64_t>(map.size())));
  return &it->second;
}

void Mutate(Random& random, FakeCall& call) {
  int64_t kind = Pick(random, 8);
  if (kind < 4 && !call.operands.empty()) {
    MutateTensor(random, call.operands[Pick(random, static_cast<int64_t>(call.operands.size()))]);
  } else if (kind == 4 && !call.operands.empty()) {
    if (call.operands.size() > 1)
      call.operands[1 + Pick(random, static_cast<int64_t>(call.operands.size()) - 1)] = {};
  } else if (kind == 5 && !call.ints_of_one.empty()) {
    *PickValue(random, call.ints_of_one) = StrangeInteger(random);
  } else if (kind == 6 && !call.floats_of_one.empty()) {
    *PickValue(random, call.floats_of_one) = StrangeNumber(random);
  } else if (kind == 7 && !call.ints.empty()) {
    std::vector<int64_t>& list = *PickValue(random, call.ints);
    if (list.empty() || Pick(random, 3) == 0) {
      list.push_back(StrangeInteger(random));
    } else {
      list[Pick(random, static_cast<int64_t>(list.size()))] = StrangeInteger(random);
    }
  }
}

TEST(LibraryMutation, RefusesOrRuns) {
  std::string folder = CaseFolder();
  if (folder.empty()) GTEST_SKIP() << "no test cases: set HEDDLE_CONFORMANCE";
  const char* count_text = std::getenv("HEDDLE_MUTATIONS");
  int count = count_text != nullptr ? std::atoi(count_text) : 5;
  const char* filter = std::getenv("HEDDLE_CONFORMANCE_FILTER");
  const bool trace = std::getenv("HEDDLE_MUTATION_TRACE") != nullptr;
  Random random(1);
  std::set<std::filesystem::path> cases;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) cases.insert(entry.path());
  int64_t refused = 0, ran = 0;
  for (const auto& path : cases) {
    if (filter != nullptr && path.filename().string().find(filter) == std::string::npos) continue;
    ModelCase model;
    ReadModelCase(ReadFile(path.string() + "/model.onnx"), model);
    if (!model.skipped.empty() || FindLibraryFunction(model.op) == nullptr) continue;
    if (!ReadOperands(path.string() + "/test_data_set_0", model)) continue;
    for (int i = 0; i < count; ++i) {
      FakeCall call;
      call.operands = model.call.operands;
      call.result_types = model.call.result_types;
      call.wanted = model.call.wanted;
      call.ints_of_one = model.call.ints_of_one;
      call.floats_of_one = model.call.floats_of_one;
      call.texts = model.call.texts;
      call.ints = model.call.ints;
      call.floats = model.call.floats;
      call.limit = 1 << 20;
      for (int64_t m = 0; m <= Pick(random, 3); ++m) Mutate(random, call);
      if (trace) std::cerr << path.filename() << " " << i << "\n";
      ++(call.Run(model.op).ok() ? ran : refused);
    }
  }
  std::cout << "ran " << ran << ", refused " << refused << "\n";
}

}  // namespace
}  // namespace heddle
