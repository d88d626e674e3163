// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a second core of this machine is worth, at computing and at reading.

#include "benchmarks/peer/Engine.h"

#include "tools/heddle/Roofline.h"

#include <barrier>
#include <chrono>
#include <functional>
#include <optional>
#include <thread>

namespace heddle::bench {

namespace {

using Clock = std::chrono::steady_clock;

/// Threads that wait, without sleeping, to do their shares at once.
class MachineEngine final : public Engine {
public:
  /// Makes the work of a thread.
  using Maker = std::function<std::function<void()>()>;
  explicit MachineEngine(Maker maker) : maker(std::move(maker)) {}
  ~MachineEngine() override {
    stopping = true;
    if (begin)
      begin->arrive_and_wait();
    for (std::thread &thread : others)
      thread.join();
  }

  absl::Status load(const std::string &, int threads) override {
    if (threads < 1)
      return absl::InvalidArgumentError("at least one thread is needed");
    begin.emplace(threads);
    end.emplace(threads);
    own = maker();
    for (int i = 1; i < threads; ++i)
      others.emplace_back([this, work = maker()] {
        while (true) {
          begin->arrive_and_wait();
          if (stopping)
            return;
          work();
          end->arrive_and_wait();
        }
      });
    return absl::OkStatus();
  }
  absl::Status setInputs(std::vector<HostTensor>) override { return absl::OkStatus(); }

  absl::StatusOr<double> seconds() override {
    begin->arrive_and_wait();
    auto from = Clock::now();
    own();
    end->arrive_and_wait();
    return std::chrono::duration<double>(Clock::now() - from).count();
  }

private:
  Maker maker;
  std::function<void()> own;
  bool stopping = false; // written before a barrier and read after it
  std::optional<std::barrier<>> begin, end;
  std::vector<std::thread> others;
};

} // namespace

std::unique_ptr<Engine> makeMultiplyAddEngine() {
  return std::make_unique<MachineEngine>([] { return [] { cli::multiplyAdds(4'000'000); }; });
}

std::unique_ptr<Engine> makeReadEngine() {
  return std::make_unique<MachineEngine>([]() -> std::function<void()> {
    auto memory = std::make_shared<std::vector<uint64_t>>((96 << 20) / sizeof(uint64_t), 1);
    return [memory] {
      for (int pass = 0; pass < 3; ++pass)
        cli::readAll(*memory);
    };
  });
}

} // namespace heddle::bench
