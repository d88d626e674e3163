// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random task graphs against a serial oracle: every result has the bits that running the tasks one
// after the other gives, on any number of threads and on both backends; and whatever fails or is
// cancelled, a run ends, says why, and the next one is right again.
//
// HEDDLE_STRESS_SEED and HEDDLE_STRESS_ROUNDS in the environment choose other cases and more.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>

#include "tests/stress/random_case.h"
#include "tests/unit/runtime/test_util.h"

namespace heddle {
namespace {

using testing::Elements;
using testing::LoadCase;
using testing::MakeCase;
using testing::Oracle;
using testing::RandomCase;

uint32_t FromEnvironment(const char* name, uint32_t fallback) {
  const char* text = std::getenv(name);
  return text != nullptr ? static_cast<uint32_t>(std::atoi(text)) : fallback;
}

void ExpectResults(const RandomCase& c, const Session& session,
                   const std::vector<std::vector<uint32_t>>& expected) {
  for (size_t i = 0; i < c.outputs.size(); ++i) {
    ASSERT_EQ(Elements<uint32_t>(session.output(static_cast<int>(i))), expected[c.outputs[i]])
        << "output " << i;
  }
}

enum class BackendKind { kArena, kThreads };

class ExecutorStress : public ::testing::TestWithParam<std::tuple<int, BackendKind>> {
 protected:
  ExecutorStress() : threads_(7) {}
  SessionOptions Options() {
    SessionOptions options;
    options.threads = std::get<0>(GetParam());
    if (std::get<1>(GetParam()) == BackendKind::kThreads) options.backend = &threads_;
    return options;
  }
  // The cases of the suite, in turn.
  template <typename Body>
  void ForEachCase(Body body) {
    uint32_t seed = FromEnvironment("HEDDLE_STRESS_SEED", 1);
    uint32_t rounds = FromEnvironment("HEDDLE_STRESS_ROUNDS", 40);
    for (uint32_t round = 0; round < rounds; ++round) {
      SCOPED_TRACE(::testing::Message() << "HEDDLE_STRESS_SEED=" << seed + round);
      std::mt19937 random(seed + round);
      RandomCase c = MakeCase(random);
      body(c, random);
      if (HasFatalFailure()) return;
    }
  }
  ThreadBackend threads_;
};

std::vector<uint32_t> RandomInput(uint32_t width, std::mt19937& random) {
  std::vector<uint32_t> x(width);
  for (uint32_t& v : x) v = random();
  return x;
}

absl::Status SetX(Session& session, std::vector<uint32_t>& x) {
  auto size = static_cast<int64_t>(x.size());
  return session.SetInput(0, *Tensor::Borrow(ElementType::kUint32, {size}, x.data()));
}

TEST_P(ExecutorStress, HasTheSerialOraclesBits) {
  ForEachCase([&](RandomCase& c, std::mt19937& random) {
    auto session = testing::Open(LoadCase(c.builder), Options());
    for (uint32_t width : {c.width, c.width / 2 + 1, c.width}) {
      std::vector<uint32_t> x = RandomInput(width, random);
      ASSERT_TRUE(SetX(*session, x).ok());
      auto expected = Oracle(c, x);
      for (int run = 0; run < 3; ++run) {
        absl::Status status = session->Run();
        ASSERT_TRUE(status.ok()) << status;
        ExpectResults(c, *session, expected);
      }
    }
  });
}

TEST_P(ExecutorStress, EndsWhenAKernelFails) {
  ForEachCase([&](RandomCase& c, std::mt19937& random) {
    program::GraphT& graph = *c.builder.program.graphs[0];
    program::TaskT& task = *graph.tasks[random() % graph.tasks.size()];
    // Fails from point 50 on.
    task.kind = program::TaskKind::kKernel;
    task.kernel = testing::kFail;
    task.grid = 0;
    graph.exprs.emplace_back(program::ExprKind::kConstant, 50, 0);
    task.dims = {static_cast<uint32_t>(graph.exprs.size() - 1)};
    task.operands.resize(1);
    // Its edges from the makers of operands that it lost may stay.
    auto session = testing::Open(LoadCase(c.builder), Options());
    std::vector<uint32_t> x = RandomInput(51 + c.width, random);
    ASSERT_TRUE(SetX(*session, x).ok());
    for (int run = 0; run < 3; ++run) {
      ASSERT_EQ(session->Run().code(), absl::StatusCode::kOutOfRange);
    }
    x.resize(50);
    ASSERT_TRUE(SetX(*session, x).ok());
    ASSERT_TRUE(session->Run().ok());
  });
}

TEST_P(ExecutorStress, EndsWhenCancelled) {
  ForEachCase([&](RandomCase& c, std::mt19937& random) {
    auto session = testing::Open(LoadCase(c.builder), Options());
    std::vector<uint32_t> x = RandomInput(c.width, random);
    ASSERT_TRUE(SetX(*session, x).ok());
    auto expected = Oracle(c, x);
    std::atomic<bool> stop{false};
    std::thread canceller([&] {
      while (!stop.load()) {
        session->Cancel();
        std::this_thread::sleep_for(std::chrono::microseconds(20));
      }
    });
    for (int run = 0; run < 20; ++run) {
      absl::Status status = session->Run();
      if (status.ok()) {
        ExpectResults(c, *session, expected);
      } else {
        EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
      }
    }
    stop.store(true);
    canceller.join();
    ASSERT_TRUE(session->Run().ok());
    ExpectResults(c, *session, expected);
  });
}

// Refuses one allocation in `period_`.
class UnreliableAllocator final : public Allocator {
 public:
  explicit UnreliableAllocator(int period) : period_(period) {}
  void* Allocate(size_t bytes) override {
    return ++count_ % period_ == 0 ? nullptr : DefaultAllocator().Allocate(bytes);
  }
  void Deallocate(void* data, size_t bytes) override { DefaultAllocator().Deallocate(data, bytes); }

 private:
  const int period_;
  std::atomic<int> count_{0};
};

TEST_P(ExecutorStress, EndsWhenMemoryFails) {
  ForEachCase([&](RandomCase& c, std::mt19937& random) {
    UnreliableAllocator allocator(2 + static_cast<int>(random() % 8));
    SessionOptions options = Options();
    options.allocator = std::shared_ptr<Allocator>(std::shared_ptr<void>(), &allocator);
    auto session = testing::Open(LoadCase(c.builder), options);
    for (int run = 0; run < 8; ++run) {
      std::vector<uint32_t> x = RandomInput(c.width + 200 * run, random);
      ASSERT_TRUE(SetX(*session, x).ok());
      absl::Status status = session->Run();
      if (status.ok()) {
        ExpectResults(c, *session, Oracle(c, x));
      } else {
        ASSERT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
      }
    }
  });
}

TEST_P(ExecutorStress, SessionsShareTheWorkers) {
  ForEachCase([&](RandomCase& c, std::mt19937& random) {
    auto model = LoadCase(c.builder);
    std::vector<uint32_t> x = RandomInput(c.width, random);
    auto expected = Oracle(c, x);
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 3; ++caller) {
      callers.emplace_back([&] {
        auto session = testing::Open(model, Options());
        std::vector<uint32_t> own = x;
        ASSERT_TRUE(SetX(*session, own).ok());
        for (int run = 0; run < 3; ++run) {
          ASSERT_TRUE(session->Run().ok());
          ExpectResults(c, *session, expected);
        }
      });
    }
    for (std::thread& caller : callers) caller.join();
  });
}

// Each run is started by the callback of the one before.
TEST_P(ExecutorStress, RunsFollowEachOtherAsynchronously) {
  ForEachCase([&](RandomCase& c, std::mt19937& random) {
    auto session = testing::Open(LoadCase(c.builder), Options());
    std::vector<uint32_t> x = RandomInput(c.width, random);
    ASSERT_TRUE(SetX(*session, x).ok());
    std::atomic<int> left{5};
    std::function<void(absl::Status)> next = [&](absl::Status status) {
      EXPECT_TRUE(status.ok()) << status;
      // Acquire-release with the waiting loop below: it reads the results.
      if (left.load() > 1) {
        --left;
        EXPECT_TRUE(session->Start(next).ok());
      } else {
        left.store(0);
        left.notify_one();
      }
    };
    ASSERT_TRUE(session->Start(next).ok());
    for (int seen = left.load(); seen != 0; seen = left.load()) left.wait(seen);
    ExpectResults(c, *session, Oracle(c, x));
  });
}

INSTANTIATE_TEST_SUITE_P(
    All, ExecutorStress,
    ::testing::Combine(::testing::Values(1, 2, 8),
                       ::testing::Values(BackendKind::kArena, BackendKind::kThreads)),
    [](const auto& info) {
      return std::string(std::get<1>(info.param) == BackendKind::kArena ? "Arena" : "Threads") +
             std::to_string(std::get<0>(info.param));
    });

}  // namespace
}  // namespace heddle
