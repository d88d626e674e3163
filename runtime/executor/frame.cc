// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/executor/frame.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/artifact/program_verifier.h"
#include "runtime/executor/control_flow.h"
#include "runtime/support/checked_math.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

using program::Storage;

}  // namespace

Frame::Frame(RunContext& context, uint32_t graph, const Parent& parent)
    : context_(context),
      graph_index_(graph),
      info_(*context.executable.graphs[graph]),
      parent_(parent),
      slots_(info_.graph.values.size()),
      late_dims_(info_.late_roots.empty() ? 0 : info_.dims_begin.back()),
      parts_left_(new std::atomic<int32_t>[info_.graph.tasks.size()]),
      counters_(info_.dag),
      controls_(info_.graph.tasks.size()) {
  for (uint32_t v : info_.constants) {
    // Where all constants are empty there may be no memory of weights at all.
    const uint8_t* weights = context.executable.weights.data();
    if (weights == nullptr) {
      slots_[v].data = NoBytes();
      continue;
    }
    // Constants are only read; the code takes all buffers through one type of pointer.
    slots_[v].data = const_cast<uint8_t*>(weights + info_.graph.values[v].weight_offset);
  }
  if (!info_.late_exprs.empty()) {
    late_symbols_.reset(new std::atomic<int64_t>[info_.graph.symbols.size()]);
    late_numbers_.reset(new std::atomic<int64_t>[info_.graph.exprs.size()]);
  }
}

Frame::~Frame() = default;

// A frame takes many numbers at a time, as the threads of other sessions want some, too.
uint64_t Frame::NextRun() {
  constexpr uint64_t kSome = 1 << 16;
  static std::atomic<uint64_t> taken{0};
  // Relaxed: numbers only have to differ.
  if (run_ % kSome == 0) return taken.fetch_add(kSome, std::memory_order_relaxed) + 1;
  return run_ + 1;
}

absl::Status Frame::Prepare(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs) {
  run_ = NextRun();
  bool planned = false;
  if (plan_ == nullptr || !SameShapes(plan_key_, inputs)) {
    planned = true;
    HEDDLE_ASSIGN_OR_RETURN(plan_, context_.plans[graph_index_].Get(info_, inputs));
    plan_key_.clear();
    AppendShapes(inputs, plan_key_);
  }
  straight_ = plan_->sequential;
  HEDDLE_RETURN_IF_ERROR(PrepareArena(planned));
  for (size_t i = 0; i < inputs.size(); ++i) {
    Slot& slot = slots_[info_.graph.inputs[i]];
    slot.bytes = plan_->bytes[info_.graph.inputs[i]];
    slot.buffer = inputs[i].buffer();
    MoveInput(i, inputs[i].data());
  }
  for (uint32_t v : info_.late_roots) {
    slots_[v].readers.store(info_.readers[v], std::memory_order_relaxed);
  }
  if (late_symbols_ != nullptr) {
    for (size_t s = 0; s < info_.graph.symbols.size(); ++s) {
      late_symbols_[s].store(kNoNumber, std::memory_order_relaxed);
    }
    for (uint32_t e : info_.late_exprs) {
      late_numbers_[e].store(kNoNumber, std::memory_order_relaxed);
    }
  }
  outputs_.assign(outputs.begin(), outputs.end());
  outputs_.resize(info_.graph.outputs.size());
  return PrepareOutputs();
}

BufferRef Frame::AllocateBlock(int64_t bytes) {
  bool large = parent_.frame == nullptr && bytes >= kLargeBlock;
  return (large ? context_.large : context_.pool)->Allocate(bytes);
}

absl::Status Frame::PrepareArena(bool planned) {
  if (arena_ == nullptr || static_cast<int64_t>(arena_->capacity()) < plan_->arena_bytes) {
    arena_.Reset();
    int64_t bytes = plan_->arena_bytes;
    arena_ = AllocateBlock(bytes);
    if (arena_ == nullptr) {
      plan_ = nullptr;  // its calls are not described
      return absl::ResourceExhaustedError(
          absl::StrCat("no memory for an arena of ", bytes, " bytes"));
    }
    // Relaxed: a statistic.
    int64_t peak = context_.peak_arena_bytes.load(std::memory_order_relaxed);
    while (peak < plan_->arena_bytes && !context_.peak_arena_bytes.compare_exchange_weak(
                                            peak, plan_->arena_bytes, std::memory_order_relaxed)) {
    }
  }
  if (!planned && arena_->data() == arena_at_) return absl::OkStatus();
  arena_at_ = arena_->data();
  if (planned) {
    calls_.Describe(info_, *plan_, context_.executable.kernels);
    for (uint32_t v : info_.constants) {
      slots_[v].bytes = plan_->bytes[v];
      calls_.Place(v, slots_[v].data);
    }
  }
  for (uint32_t v : info_.arena.blocks()) {
    slots_[v].bytes = plan_->bytes[v];
    PlaceRoot(v, static_cast<char*>(arena_at_) + plan_->offset[v]);
  }
  return absl::OkStatus();
}

// Outputs of known size are written where they go: to the caller's memory, or to a block that is
// handed over.
absl::Status Frame::PrepareOutputs() {
  for (size_t i = 0; i < info_.graph.outputs.size(); ++i) {
    uint32_t root = info_.root[info_.graph.outputs[i]];
    if (!plan_->direct[root] || info_.output_of[root] != static_cast<int32_t>(i)) continue;
    Slot& slot = slots_[root];
    if (outputs_[i].defined() && outputs_[i].capacity() >= slot.bytes) {
      slot.buffer = outputs_[i].buffer();
      PlaceRoot(root, outputs_[i].data());
      continue;
    }
    slot.buffer = AllocateBlock(slot.bytes);
    if (slot.buffer == nullptr) {
      return absl::ResourceExhaustedError(absl::StrCat("no memory for output ",
                                                       Quoted(info_.graph.values[root].name),
                                                       " of ", slot.bytes, " bytes"));
    }
    PlaceRoot(root, slot.buffer->data());
  }
  return absl::OkStatus();
}

void Frame::Clear() {
  for (uint32_t v : info_.late_roots) {
    slots_[v].buffer.Reset();
    slots_[v].data = nullptr;
  }
  for (uint32_t v : info_.graph.inputs) slots_[v].buffer.Reset();
  for (uint32_t v : info_.graph.outputs) slots_[info_.root[v]].buffer.Reset();
  outputs_.clear();
  // Sub-graphs run again within the run.
  if (parent_.frame == nullptr && arena_ && arena_->capacity() >= kLargeBlock) arena_.Reset();
}

absl::StatusOr<Tensor> Frame::TakeOutput(size_t index) {
  uint32_t value = info_.graph.outputs[index];
  uint32_t root = info_.root[value];
  const ProgramValue& declared = info_.graph.values[value];
  int64_t late_dims[kMaxRank];
  HEDDLE_ASSIGN_OR_RETURN(Operand from, Resolve(value, late_dims));
  std::optional<int64_t> bytes = CheckedTensorBytes(declared.element_type, from.dims);
  if (!bytes) return absl::InternalError("an output without size");

  const Tensor& given = outputs_[index];
  if (given.defined()) {
    if (given.capacity() < *bytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("output ", Quoted(declared.name), " of shape ", ShapeText(from.dims),
                       " needs ", *bytes, " bytes, the memory given has ", given.capacity()));
    }
    if (given.data() != from.data && *bytes > 0) std::memmove(given.data(), from.data, *bytes);
    return Tensor::Share(declared.element_type, from.dims, given.data(), given.capacity(),
                         given.buffer());
  }
  // Memory that several outputs are in is handed over once; inputs and constants stay whose they
  // are. A sub-graph's outputs are only read by whoever gets them, so it may pass inputs on.
  const BufferRef& buffer = slots_[root].buffer;
  bool is_input = info_.graph.values[root].storage == Storage::kInput;
  bool first = info_.output_of[root] == static_cast<int32_t>(index);
  if (buffer && (parent_.frame != nullptr || (first && !is_input))) {
    auto capacity = static_cast<int64_t>(buffer->capacity());
    capacity -= static_cast<char*>(from.data) - static_cast<char*>(buffer->data());
    return Tensor::Share(declared.element_type, from.dims, from.data, capacity, buffer);
  }
  HEDDLE_ASSIGN_OR_RETURN(Tensor copy,
                          Tensor::Allocate(declared.element_type, from.dims, *context_.pool));
  if (*bytes > 0) std::memcpy(copy.data(), from.data, *bytes);
  return copy;
}

absl::Status Frame::TaskError(uint32_t index, const absl::Status& status) const {
  const ProgramTask& t = task(index);
  if (status.code() == absl::StatusCode::kCancelled) return status;
  return absl::Status(status.code(),
                      absl::StrCat(Absl(t.op.empty() ? "task" : t.op), " ",
                                   t.name.empty() ? absl::StrCat("#", index) : Quoted(t.name), ": ",
                                   status.message()));
}

void Frame::RunStraight(Worker& worker) {
  uint32_t count = static_cast<uint32_t>(info_.graph.tasks.size());
  for (uint32_t t = 0; t < count && !context_.run.stopped(); ++t) {
    TraceRecorder* trace = context_.trace;
    const KernelCall* call = calls_.Find(t);
    if (call != nullptr && trace == nullptr) {
      absl::Status status = CallKernel(t, *call, 0, call->grid, worker);
      if (!status.ok()) return context_.run.Fail(TaskError(t, status));
      continue;  // such a task neither reads nor makes what is released
    }
    int64_t begin = trace != nullptr ? trace->Now() : 0;
    absl::Status status;
    switch (task(t).kind) {
      case program::TaskKind::kKernel:
        status = RunKernel(t, worker);
        break;
      case program::TaskKind::kLibrary:
        status = RunLibrary(t);
        break;
      default:
        status = RunControl(t, worker);
        break;
    }
    if (!status.ok()) return context_.run.Fail(TaskError(t, status));
    ReleaseOperands(t);
    if (trace != nullptr) {
      trace->Record(worker.index(), {&task(t), graph_index_, t, -1, begin, trace->Now()});
    }
  }
}

void Frame::ReleaseOperands(uint32_t t) {
  auto release = [this](uint32_t root) {
    slots_[root].buffer.Reset();
    slots_[root].data = nullptr;
  };
  for (uint32_t i = info_.late_reads_begin[t]; i < info_.late_reads_begin[t + 1]; ++i) {
    uint32_t root = info_.late_reads[i];
    // Acquire-release: the last reader frees after all others have read.
    if (slots_[root].readers.fetch_sub(1, std::memory_order_acq_rel) == 1) release(root);
  }
  for (uint32_t result : task(t).results) {
    if (info_.graph.values[result].storage == Storage::kLate && info_.readers[result] == 0) {
      release(result);
    }
  }
}

WorkItem Frame::Start(Worker& worker) { return counters_.Start(*this, worker); }

WorkItem Frame::FinishTask(uint32_t t, Worker& worker) {
  ReleaseOperands(t);
  TaskCounters::Step step = counters_.Finish(t, *this, worker);
  if (!step.finished) return step.next;
  if (parent_.frame == nullptr) {
    context_.scheduler->Finish();
    return {};
  }
  return parent_.frame->DriveLane(parent_.task, parent_.lane, worker);
}

}  // namespace heddle
