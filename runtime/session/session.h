// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a model. A session has the memory of one run at a time and keeps it for the next.
//
//   session->SetInput(0, *Tensor::Borrow(ElementType::kFloat32, {1, 3}, data));
//   absl::Status status = session->Run();
//   const Tensor& y = session->output(0);
//
// Thread-safety: one thread at a time, except Cancel. Sessions of one model, forks included, run side
// by side and share the process's worker threads and large blocks of memory; where more threads call
// Run than there are processors, some wait for their turn (runtime/executor/gate.h).
// Ownership: a session shares its model. Inputs given as borrowed memory stay valid until another
// input takes their place. Outputs are shared with the session until its next run; a copy of the
// Tensor keeps the memory, even beyond the session, then the next run takes other memory.

#ifndef HEDDLE_RUNTIME_SESSION_SESSION_H_
#define HEDDLE_RUNTIME_SESSION_SESSION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/executor/backend.h"
#include "runtime/executor/frame.h"
#include "runtime/executor/spreading.h"
#include "runtime/memory/allocator.h"
#include "runtime/session/model.h"
#include "runtime/tensor/tensor.h"

namespace heddle {

struct SessionOptions {
  // Most threads that work on a run at once; 0 means as many as the machine has. One means that a
  // run stays on the thread that called it.
  int threads = 0;
  Backend* backend = nullptr;                      // null: the process's arena
  std::shared_ptr<Allocator> allocator = nullptr;  // null: the C++ heap
};

struct SessionStatistics {
  int threads = 0;          // after limiting to the machine
  uint64_t runs = 0;        // that ended well
  size_t tasks = 0;         // in the program, all graphs
  size_t kernels = 0;       // distinct compiled functions
  int64_t arena_bytes = 0;  // largest arena so far, of any one graph
  // Memory the session holds now, kept blocks and outputs included, and large blocks that all sessions
  // share.
  size_t held_bytes = 0;
  size_t peak_bytes = 0;  // the most it has held
};

class Session {
 public:
  static absl::StatusOr<std::unique_ptr<Session>> Create(std::shared_ptr<const Model> model,
                                                         const SessionOptions& options);
  ~Session();  // no run may be going on

  const Model& model() const { return *model_; }

  // Checked against the signature at once, except for the numbers of symbols.
  absl::Status SetInput(int index, Tensor tensor);
  // The output is written to this memory, whose capacity bounds its size; its dims are ignored. An
  // undefined tensor ends the binding.
  absl::Status BindOutput(int index, Tensor memory);
  // After each run that ended well, the output becomes the input of the next, without a copy. The
  // input is set once before the first run; setting it again starts anew. A state that the model only
  // appends to (a cache, see docs/caches.md) stays where it is and grows there; tensors of earlier
  // outputs keep their contents.
  absl::Status BindState(int input, int output);

  // The version of a state that the next run starts from. It keeps its contents and shares memory
  // with longer ones; SetInput with it, in this or another session, goes on from there.
  absl::StatusOr<Tensor> Snapshot(int input) const;
  // The next run starts from the first `length` entries (along axis 0) of the state. Where nobody
  // else has a longer version, their memory is used again, else what is left is copied by the run
  // that appends to it. The state's output becomes the shorter version.
  absl::Status Truncate(int input, int64_t length);
  // A session with the same options, inputs and states, which goes on by itself: of two that append
  // to one version, the first grows in place and the other copies it, once. Memory given to
  // BindOutput stays with this one.
  absl::StatusOr<std::unique_ptr<Session>> Fork() const;

  absl::Status Run();
  // Returns at once; `done` is called on a worker thread, and must not block it. The session must
  // not be used before, except for Cancel. Starting the next run in `done` is fine; destroying the
  // session there is not.
  absl::Status Start(std::function<void(absl::Status)> done);
  // Ends the run that is going on, if any, between two tasks. From any thread.
  void Cancel();

  // Undefined before the first run, and after one that failed.
  const Tensor& output(int index) const { return results_[index]; }

  // Records from now on, each run replacing the last.
  void EnableTrace();
  // Null where tracing is off.
  const TraceRecorder* trace() const { return trace_.get(); }

  SessionStatistics statistics() const;

 private:
  struct State {
    int input;
    int output;
  };

  Session(std::shared_ptr<const Model> model, const SessionOptions& options);
  static absl::Status Busy();
  static absl::Status CheckIndex(int index, size_t count, std::string_view what);
  absl::Status CheckIdle() const;
  absl::StatusOr<const State*> FindState(int input) const;
  absl::Status Claim();
  absl::Status Release(absl::Status status);
  absl::Status RunClaimed();
  absl::Status Begin();
  absl::Status End();

  const std::shared_ptr<const Model> model_;
  const SessionOptions options_;
  RunContext context_;
  Frame frame_;
  std::vector<Tensor> inputs_;
  std::vector<Tensor> bound_;
  std::vector<Tensor> results_;
  std::vector<State> states_;
  std::unique_ptr<TraceRecorder> trace_;
  // Guards against use during a run. Acquire-release: what one thread did with the session is
  // visible to the next that uses it.
  std::atomic<bool> running_{false};
  uint64_t runs_ = 0;
  Gate::Waiter waiter_;
  Spreading spreading_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_SESSION_SESSION_H_
