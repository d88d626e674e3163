// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where threads that were lent may begin.

#include "runtime/executor/guests.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>

#include "runtime/executor/backend.h"

namespace heddle {
namespace {

cpu_set_t Allowed() {
  cpu_set_t set;
  EXPECT_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
  return set;
}

// A thread that a backend lends.
class Guest : public Participant {
 public:
  explicit Guest(Guests& guests) : guests_(guests) {}
  void Participate() override {
    before = Allowed();
    {
      Guests::Visit visit(guests_);
      { Guests::Visit within(guests_); }
      guests_.HaveNotCome();  // it has
      during = Allowed();
    }
    calls.fetch_add(1);
    calls.notify_one();
  }
  void WaitFor(int count) {
    for (int now = calls; now < count; now = calls) calls.wait(now);
  }
  cpu_set_t before, during;
  std::atomic<int> calls{0};

 private:
  Guests& guests_;
};

TEST(Guests, WhoHasNotComeGoesElsewhere) {
  cpu_set_t allowed = Allowed();
  if (CPU_COUNT(&allowed) < 2) GTEST_SKIP() << "one processor";
  int here = CurrentProcessor();
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(here, &one);
  sched_setaffinity(0, sizeof(one), &one);
  std::optional<ThreadBackend> backend;
  std::thread([&] {  // whose threads may be anywhere
    sched_setaffinity(0, sizeof(allowed), &allowed);
    backend.emplace(1);
  })
      .join();
  auto guest = std::make_shared<Guest>(backend->guests());
  backend->Lend(guest);
  guest->WaitFor(1);
  EXPECT_TRUE(CPU_EQUAL(&guest->during, &allowed));
  for (int count = 2; count < 4; ++count) {
    for (int i = 0; i < 2; ++i) backend->guests().HaveNotCome();
    backend->Lend(guest);
    guest->WaitFor(count);
    EXPECT_FALSE(CPU_ISSET(here, &guest->before));
    EXPECT_TRUE(CPU_EQUAL(&guest->during, &allowed));
  }
  sched_setaffinity(0, sizeof(allowed), &allowed);
}

TEST(Guests, ThreadsThatEndAreForgotten) {
  Guests guests;
  std::thread([&] { Guests::Visit visit(guests); }).join();
  guests.HaveNotCome();
}

// One that may be nowhere else stays.
TEST(Guests, SomeMayBeOnOneProcessorOnly) {
  Guests guests;
  std::thread([&] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(CurrentProcessor(), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    { Guests::Visit visit(guests); }
    guests.HaveNotCome();
    cpu_set_t now = Allowed();
    EXPECT_TRUE(CPU_EQUAL(&now, &one));
  }).join();
}

}  // namespace
}  // namespace heddle
