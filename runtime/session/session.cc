// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/session/session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMaxThreads = 1024;

std::shared_ptr<Scheduler> MakeScheduler(const SessionOptions& options) {
  Backend& backend = options.backend != nullptr ? *options.backend : ArenaBackend();
  int threads = options.threads == 0 ? backend.concurrency() : options.threads;
  return std::make_shared<Scheduler>(&backend, threads);
}

std::shared_ptr<BufferPool> MakePool(const SessionOptions& options) {
  if (options.allocator != nullptr) return std::make_shared<BufferPool>(options.allocator);
  return std::make_shared<BufferPool>(DefaultAllocator());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Session>> Session::Create(std::shared_ptr<const Model> model,
                                                         const SessionOptions& options) {
  if (model == nullptr) return absl::InvalidArgumentError("no model");
  if (options.threads < 0 || options.threads > kMaxThreads) {
    return absl::InvalidArgumentError(
        absl::StrCat("threads must be 0 to ", kMaxThreads, ", not ", options.threads));
  }
  return std::unique_ptr<Session>(new Session(std::move(model), options));
}

Session::Session(std::shared_ptr<const Model> model, const SessionOptions& options)
    : model_(std::move(model)),
      options_(options),
      context_(model_->executable(), MakePool(options),
               options.allocator == nullptr ? ShareLargeBlocks() : nullptr, MakeScheduler(options)),
      frame_(context_, 0, {}),
      inputs_(model_->inputs().size()),
      bound_(model_->outputs().size()),
      results_(model_->outputs().size()) {}

Session::~Session() = default;

absl::Status Session::Busy() {
  return absl::FailedPreconditionError("the session is running; it serves one thread at a time");
}

absl::Status Session::CheckIdle() const {
  // Acquire pairs with the release in Release.
  return running_.load(std::memory_order_acquire) ? Busy() : absl::OkStatus();
}

absl::Status Session::CheckIndex(int index, size_t count, std::string_view what) {
  if (index >= 0 && static_cast<size_t>(index) < count) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("no ", Absl(what), " ", index, "; the model has ", count));
}

absl::Status Session::SetInput(int index, Tensor tensor) {
  HEDDLE_RETURN_IF_ERROR(CheckIdle());
  HEDDLE_RETURN_IF_ERROR(CheckIndex(index, inputs_.size(), "input"));
  const TensorSignature& expected = model_->inputs()[index];
  if (tensor.element_type() != expected.element_type) {
    return absl::InvalidArgumentError(
        absl::StrCat("input ", Quoted(expected.name), " has element type ",
                     Absl(ElementTypeName(tensor.element_type())), ", expected ",
                     Absl(ElementTypeName(expected.element_type))));
  }
  bool good = tensor.dims().size() == expected.dims.size();
  for (size_t d = 0; good && d < expected.dims.size(); ++d) {
    good = expected.dims[d].size < 0 || expected.dims[d].size == tensor.dims()[d];
  }
  if (!good) {
    return absl::InvalidArgumentError(absl::StrCat("input ", Quoted(expected.name), " has shape ",
                                                   ShapeText(tensor.dims()), ", expected ",
                                                   expected.ShapeText()));
  }
  inputs_[index] = std::move(tensor);
  return absl::OkStatus();
}

absl::Status Session::BindOutput(int index, Tensor memory) {
  HEDDLE_RETURN_IF_ERROR(CheckIdle());
  HEDDLE_RETURN_IF_ERROR(CheckIndex(index, bound_.size(), "output"));
  const TensorSignature& expected = model_->outputs()[index];
  for (const State& state : states_) {
    if (state.output == index && memory.defined()) {
      return absl::InvalidArgumentError(absl::StrCat("output ", Quoted(expected.name),
                                                     " is a state, the session has its memory"));
    }
  }
  if (memory.defined() && memory.element_type() != expected.element_type) {
    return absl::InvalidArgumentError(
        absl::StrCat("output ", Quoted(expected.name), " has element type ",
                     Absl(ElementTypeName(expected.element_type)), ", the memory given is for ",
                     Absl(ElementTypeName(memory.element_type()))));
  }
  bound_[index] = std::move(memory);
  return absl::OkStatus();
}

absl::Status Session::Claim() {
  // Acquire-release: takes the session over from the thread that used it last.
  if (running_.exchange(true, std::memory_order_acq_rel)) return Busy();
  context_.run.Reset();
  // Their memory serves this run, unless somebody has kept a share.
  std::fill(results_.begin(), results_.end(), Tensor());
  return absl::OkStatus();
}

absl::Status Session::Begin() {
  absl::Status status;
  std::string unset;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (!inputs_[i].defined()) {
      absl::StrAppend(&unset, unset.empty() ? "" : ", ", Quoted(model_->inputs()[i].name));
    }
  }
  if (!unset.empty()) {
    status = absl::FailedPreconditionError(absl::StrCat("inputs that are not set: ", unset));
  } else {
    if (trace_ != nullptr) {
      trace_->Clear();
      for (size_t i = 0; i < inputs_.size(); ++i) {
        trace_->NoteInput(model_->inputs()[i].name, inputs_[i].dims());
      }
    }
    status = frame_.Prepare(inputs_, bound_);
  }
  if (!status.ok()) frame_.Clear();
  return status;
}

absl::Status Session::End() {
  absl::Status status = context_.run.status();
  for (size_t i = 0; status.ok() && i < results_.size(); ++i) {
    absl::StatusOr<Tensor> output = frame_.TakeOutput(i);
    if (output.ok()) {
      results_[i] = *std::move(output);
    } else {
      status = output.status();
    }
  }
  frame_.Clear();
  if (status.ok()) {
    ++runs_;
    for (const State& state : states_) inputs_[state.input] = results_[state.output];
  } else {
    std::fill(results_.begin(), results_.end(), Tensor());
  }
  context_.pool->Trim();
  if (context_.large != context_.pool) context_.large->Trim();
  return status;
}

absl::Status Session::Release(absl::Status status) {
  // Release pairs with the acquires of the next user.
  running_.store(false, std::memory_order_release);
  return status;
}

absl::Status Session::Run() {
  HEDDLE_RETURN_IF_ERROR(Claim());
  return Release(RunClaimed());
}

absl::Status Session::RunClaimed() {
  Scheduler& scheduler = *context_.scheduler;
  // Whether it stays on this thread is known when it has begun; most often it is as the one before.
  Gate::Pass pass(scheduler.backend().gate(), waiter_, context_.run, &model_->crowd(),
                  frame_.straight() ? 1 : scheduler.threads());
  // Memory is taken after the wait, and given back before the next one is let in.
  HEDDLE_RETURN_IF_ERROR(Begin());
  double unsure = scheduler.threads() > 1 ? frame_.plan().unsure_work : 0;
  bool tells = unsure > 0 && pass.alone();
  if (unsure > 0) frame_.set_straight(!spreading_.Choose(unsure, !frame_.straight(), tells));
  bool timed = tells && spreading_.is_timed();
  auto begin = timed ? Clock::now() : Clock::time_point();
  if (scheduler.threads() == 1 || frame_.straight() || pass.has_one_processor()) {
    frame_.RunStraight(scheduler.caller());
  } else {
    scheduler.Run(frame_.Beginning(), pass.has_places());
  }
  if (tells && pass.alone() && !context_.run.stopped()) {
    spreading_.Took(timed ? Clock::now() - begin : Clock::duration::zero());
  }
  return End();
}

absl::Status Session::Start(std::function<void(absl::Status)> done) {
  HEDDLE_RETURN_IF_ERROR(Claim());
  if (absl::Status status = Begin(); !status.ok()) return Release(std::move(status));
  context_.scheduler->Start(frame_.Beginning(),
                            [this, done = std::move(done)] { done(Release(End())); });
  return absl::OkStatus();
}

void Session::Cancel() {
  context_.run.Cancel();
  context_.scheduler->backend().gate().Cancel(waiter_);
}

void Session::EnableTrace() {
  trace_ = std::make_unique<TraceRecorder>(context_.scheduler->threads() + 1);
  context_.trace = trace_.get();
}

SessionStatistics Session::statistics() const {
  const BufferPool* large = context_.large != context_.pool ? context_.large.get() : nullptr;
  return {.threads = context_.scheduler->threads(),
          .runs = runs_,
          .tasks = model_->task_count(),
          .kernels = model_->program().kernels.size(),
          .arena_bytes = context_.peak_arena_bytes.load(std::memory_order_relaxed),
          .held_bytes = context_.pool->held_bytes() + (large ? large->held_bytes() : 0),
          .peak_bytes = context_.pool->peak_bytes() + (large ? large->peak_bytes() : 0)};
}

}  // namespace heddle
