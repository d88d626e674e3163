// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random loops give the same results with scans raised as they do step by step.
//
//   loop_bodies_test [--programs N] [--seed S] [--long]
//
// Many loops make one model, which is compiled both ways and run for lengths from 0 to some that are
// multiples of nothing. Numbers must agree up to rounding, scaled by the largest of the output;
// integers, truth values, infinities and what is not a number must be the same. A failure prints the
// seed and the loop.

#include <heddle/compiler.h>
#include <heddle/heddle.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <unistd.h>

#include "tests/property/LoopBodies.h"

namespace {

using namespace heddle::api;
using namespace heddle::property;

constexpr int64_t kLengths[] = {0, 1, 2, 3, 7, 16, 33, 100};
constexpr int kLoopsPerModel = 25;

struct Artifact {
  HeddleCompilation *handle;
  ~Artifact() { heddle_compilation_free(handle); }
  std::span<const uint8_t> bytes() const {
    size_t size = 0;
    auto *data = static_cast<const uint8_t *>(heddle_compilation_data(handle, &size));
    return {data, size};
  }
  bool ok() const {
    if (heddle_compilation_code(handle) == 0)
      return true;
    std::printf("does not compile: %s\n", heddle_compilation_message(handle));
    return false;
  }
};

HeddleCompilation *Compile(const std::string &path, bool scans, HeddleEmit emit) {
  HeddleCompileOptions options = {};
  options.struct_size = sizeof options;
  options.opt_level = 1;
  options.emit = emit;
  options.no_scans = !scans;
  return heddle_compile_file(path.c_str(), nullptr, &options);
}

size_t Count(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

// An input of random values: numbers in (-1, 1), small integers.
struct Input {
  std::vector<char> bytes;
  std::vector<int64_t> dims;
  HeddleElementType type;

  Input(const Signature &signature, int64_t length, std::mt19937_64 &random)
      : type(signature.element_type) {
    int64_t count = 1;
    for (const Dim &dim : signature.dims) {
      dims.push_back(dim.size < 0 ? length : dim.size);
      count *= dims.back();
    }
    auto fill = [&](auto next) {
      using T = decltype(next());
      bytes.resize(std::max<size_t>(count * sizeof(T), 1));
      for (int64_t i = 0; i < count; ++i) {
        T value = next();
        std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
      }
    };
    auto real = [&] { return std::uniform_real_distribution<double>(-1, 1)(random); };
    switch (type) {
    case HEDDLE_FLOAT32:
      fill([&] { return static_cast<float>(real()); });
      break;
    case HEDDLE_FLOAT64:
      fill([&] { return real(); });
      break;
    case HEDDLE_INT32:
      fill([&] { return static_cast<int32_t>(random() % 9) - 4; });
      break;
    default:
      fill([&] { return random() % 4 == 0; });
    }
  }
};

template <typename T>
bool Agree(const TensorView &a, const TensorView &b, double tolerance, double rounding = 0) {
  std::span<const T> x = a.elements<T>(), y = b.elements<T>();
  if (x.size() != y.size())
    return false;
  double largest = 1e-30;
  for (T value : x)
    if (std::isfinite(static_cast<double>(value)))
      largest = std::max(largest, std::abs(static_cast<double>(value)));
  for (size_t i = 0; i < x.size(); ++i) {
    double p = x[i], q = y[i];
    if (std::isnan(p) && std::isnan(q))
      continue;
    if (p == q)
      continue;
    // Beyond what a type holds, two orders of a product overflow at different places.
    bool finite = std::isfinite(p) && std::isfinite(q);
    if (finite && std::abs(p - q) <= tolerance * largest + rounding)
      continue;
    std::printf("\nelement %zu: %.9g against %.9g, the largest is %.9g", i, p, q, largest);
    return false;
  }
  return true;
}

// What numbers of about 1 cancel leaves their rounding. A body that rounds to floats of 16 bits makes one of their steps, 2^-10, of a difference in f32.
bool Agree(const TensorView &a, const TensorView &b, bool rounds) {
  switch (a.element_type()) {
  case HEDDLE_FLOAT32:
    return Agree<float>(a, b, rounds ? 1e-3 : 1e-4, 1e-6);
  case HEDDLE_FLOAT64:
    return Agree<double>(a, b, 1e-12, 1e-14);
  case HEDDLE_INT32:
    return Agree<int32_t>(a, b, 0);
  default:
    return Agree<bool>(a, b, 0);
  }
}

struct Totals {
  int programs = 0, failures = 0;
  size_t scans = 0, loops = 0;
};

// The loop that an output belongs to: its name is last12_0 or all12_0.
size_t LoopOf(const std::string &name) {
  return std::stoul(name.substr(name.find_first_of("0123456789")));
}

void Report(const LoopText &loop, const std::string &name, int64_t length, uint64_t seed) {
  std::printf("\nseed %llu: output %s differs for %lld steps; states are of %s%s\n%s    yields",
              static_cast<unsigned long long>(seed), name.c_str(), static_cast<long long>(length),
              loop.shape.c_str(), nameOf(loop.number), loop.body.c_str());
  for (const std::string &value : loop.yields)
    std::printf(" %s", value.c_str());
  std::printf("\n");
}

bool RunBoth(const Artifact &scans, const Artifact &steps, const std::vector<LoopText> &loops,
             int64_t length, uint64_t seed, std::mt19937_64 &random, Totals &totals) {
  Result<Model> a = Model::LoadMemory(scans.bytes()), b = Model::LoadMemory(steps.bytes());
  if (!a || !b) {
    std::printf("does not load: %s\n", (a ? b : a).error().message().c_str());
    return false;
  }
  Result<Session> left = a->MakeSession({.threads = 2}), right = b->MakeSession({.threads = 1});
  std::vector<Input> inputs;
  for (const Signature &signature : a->Inputs())
    inputs.emplace_back(signature, length, random);
  for (size_t i = 0; i < inputs.size(); ++i) {
    HeddleValue value = {};
    value.kind = HEDDLE_VALUE_TENSOR;
    value.as.tensor.element_type = inputs[i].type;
    value.as.tensor.data = inputs[i].bytes.data();
    value.as.tensor.rank = static_cast<int32_t>(inputs[i].dims.size());
    value.as.tensor.dims = inputs[i].dims.data();
    for (Session *session : {&*left, &*right})
      if (Error e = session->SetInput(i, value)) {
        std::printf("input %zu: %s\n", i, e.message().c_str());
        return false;
      }
  }
  for (Session *session : {&*left, &*right})
    if (Error e = session->Run()) {
      std::printf("seed %llu, %lld steps: %s\n", static_cast<unsigned long long>(seed),
                  static_cast<long long>(length), e.message().c_str());
      return false;
    }
  std::vector<bool> bad(loops.size());
  std::vector<Signature> outputs = a->Outputs();
  for (size_t i = 0; i < outputs.size(); ++i) {
    size_t loop = LoopOf(outputs[i].name);
    bool rounds = loops[loop].body.find("to = 10 : i64") != std::string::npos;
    if (bad[loop] || Agree(*left->Output(i), *right->Output(i), rounds))
      continue;
    bad[loop] = true;
    ++totals.failures;
    Report(loops[loop], outputs[i].name, length, seed);
  }
  return true;
}

bool TestModel(uint64_t seed, bool symbolic, Totals &totals) {
  std::mt19937_64 random(seed);
  std::vector<LoopText> loops;
  for (int i = 0; i < kLoopsPerModel; ++i)
    loops.push_back(randomLoop(random));
  int64_t fixed = kLengths[random() % std::size(kLengths)];
  std::string path = (std::filesystem::temp_directory_path() /
                      ("loop_bodies_" + std::to_string(getpid()) + ".mlir"))
                         .string();
  std::ofstream(path) << moduleOf(loops, symbolic ? -1 : fixed);
  Artifact scans{Compile(path, true, HEDDLE_EMIT_ARTIFACT)};
  Artifact steps{Compile(path, false, HEDDLE_EMIT_ARTIFACT)};
  Artifact text{Compile(path, true, HEDDLE_EMIT_HEDDLE)};
  if (!scans.ok() || !steps.ok() || !text.ok()) {
    std::printf("seed %llu: see %s\n", static_cast<unsigned long long>(seed), path.c_str());
    return false;
  }
  std::filesystem::remove(path);
  auto bytes = text.bytes();
  std::string_view printed(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  totals.scans += Count(printed, "kind = \"scan\"");
  totals.loops += Count(printed, "reason = \"");
  totals.programs += kLoopsPerModel;
  if (!symbolic)
    return RunBoth(scans, steps, loops, fixed, seed, random, totals);
  for (int64_t length : kLengths)
    if (!RunBoth(scans, steps, loops, length, seed, random, totals))
      return false;
  return true;
}

} // namespace

int main(int argc, char **argv) {
  int programs = 500;
  uint64_t seed = 1;
  for (int i = 1; i < argc; ++i) {
    std::string_view flag = argv[i];
    if (flag == "--long")
      programs = 10000;
    if (flag == "--programs" && i + 1 < argc)
      programs = std::atoi(argv[++i]);
    if (flag == "--seed" && i + 1 < argc)
      seed = std::strtoull(argv[++i], nullptr, 10);
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  Totals totals;
  bool ok = true;
  for (; ok && totals.programs < programs; ++seed)
    ok = TestModel(seed, seed % 2 == 1, totals);
  std::printf("%d loops: %zu groups of states became scans, %zu did not; %d differ\n",
              totals.programs, totals.scans, totals.loops, totals.failures);
  // Where nothing is raised, or everything, there was nothing to test.
  bool both =
      programs < 100 || (totals.scans * 5 > totals.loops && totals.loops * 20 > totals.scans);
  if (!both)
    std::printf("the grammar does not have both kinds of loops\n");
  return ok && both && totals.failures == 0 ? 0 : 1;
}
