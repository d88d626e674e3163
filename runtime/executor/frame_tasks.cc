// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Frame: running kernels, library functions and sub-graphs.

#include <algorithm>
#include <cmath>
#include <new>
#include <stdexcept>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "runtime/artifact/program_verifier.h"
#include "runtime/executor/control_flow.h"
#include "runtime/executor/frame.h"
#include "runtime/executor/frame_call.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

using program::Storage;
using program::TaskKind;

absl::Status KernelStatus(int32_t code) {
  switch (code) {
    case HEDDLE_KERNEL_INDEX_OUT_OF_RANGE:
      return absl::OutOfRangeError("an index is outside its axis");
    case HEDDLE_KERNEL_SHAPE_MISMATCH:
      return absl::InvalidArgumentError("the operands' shapes do not fit each other");
    case HEDDLE_KERNEL_DIVISION_BY_ZERO:
      return absl::InvalidArgumentError("integer division by zero");
    default:
      return absl::InternalError(absl::StrCat("its kernel failed with code ", code));
  }
}

absl::Status NoMemoryFor(const ProgramTask& task) {
  return absl::ResourceExhaustedError(
      absl::StrCat("no memory for the function ", Quoted(task.function)));
}

}  // namespace

// Room to describe a call that is only known when its task runs.
struct Frame::LateCall {
  absl::InlinedVector<void*, 16> buffers;
  absl::InlinedVector<int64_t, 16> dims;
  KernelCall call;
};

// Late results are allocated once, before the kernel is described for each of its chunks.
absl::Status Frame::MakeKernelResults(uint32_t t) {
  for (uint32_t v : task(t).results) {
    const ProgramValue& value = info_.graph.values[v];
    if (value.storage != Storage::kLate) continue;
    Tensor::Dims dims;
    for (uint32_t d : value.dims) {
      dims.push_back(Number(d));
      if (dims.back() < 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("the size of its result ", Quoted(value.name), ", ",
                         info_.ExpectedShape(v), ", is negative or not defined"));
      }
    }
    HEDDLE_RETURN_IF_ERROR(MakeResult(v, dims).status());
  }
  return absl::OkStatus();
}

absl::Status Frame::DescribeKernel(uint32_t t, LateCall& late, const KernelCall*& call) const {
  call = calls_.Find(t);
  if (call != nullptr) return absl::OkStatus();
  call = &late.call;
  const ProgramTask& source = task(t);
  const ShapePlan::Task& planned = plan_->tasks[t];
  int64_t unused_dims[kMaxRank];
  for (Indices values : {source.operands, source.results}) {
    for (uint32_t v : values) {
      HEDDLE_ASSIGN_OR_RETURN(Operand operand, Resolve(v, unused_dims));
      late.buffers.push_back(operand.data);
    }
  }
  late.call.kernel = context_.executable.kernels[source.kernel];
  late.call.buffers = late.buffers.data();
  if (!planned.late) {
    late.call.dims = plan_->task_dims.data() + planned.dims_begin;
    late.call.grid = planned.grid;
    late.call.scratch = planned.scratch;
    late.call.cost = planned.cost;
    return absl::OkStatus();
  }
  bool good = true;
  for (uint32_t d : source.dims) {
    late.dims.push_back(Number(d));
    good &= late.dims.back() != kNoNumber;
  }
  late.call.dims = late.dims.data();
  late.call.grid = Number(source.grid);
  late.call.scratch = source.scratch == kNoExpression ? 0 : Number(source.scratch);
  if (!good || late.call.grid < 0 || late.call.scratch < 0) {
    return absl::InvalidArgumentError("a size it needs is negative or not defined");
  }
  late.call.cost =
      EstimateCost(source, late.call.grid, source.work == kNoExpression ? 1 : Number(source.work));
  return absl::OkStatus();
}

absl::Status Frame::CallKernel(uint32_t t, const KernelCall& call, int64_t begin, int64_t end,
                               Worker& worker) {
  if (begin >= end) return absl::OkStatus();
  void* scratch = nullptr;
  if (call.scratch > 0) {
    scratch = worker.Scratch(static_cast<size_t>(call.scratch), {run_, t}, *context_.pool);
    if (scratch == nullptr) {
      return absl::ResourceExhaustedError(
          absl::StrCat("no memory for ", call.scratch, " bytes of scratch"));
    }
  }
  int32_t code = call.kernel(call.buffers, call.dims, begin, end, scratch);
  return code == HEDDLE_KERNEL_OK ? absl::OkStatus() : KernelStatus(code);
}

absl::Status Frame::RunKernel(uint32_t t, Worker& worker) {
  LateCall late;
  const KernelCall* call;
  HEDDLE_RETURN_IF_ERROR(MakeKernelResults(t));
  HEDDLE_RETURN_IF_ERROR(DescribeKernel(t, late, call));
  return CallKernel(t, *call, 0, call->grid, worker);
}

absl::Status Frame::RunLibrary(uint32_t t) {
  FrameCall call(*this, t);
  HEDDLE_RETURN_IF_ERROR(call.Prepare());
  // A function sizes its containers by operands that nobody vouches for, and an operator of the
  // embedding program may throw anything; neither a worker nor a claimed session can be unwound.
  try {
    HEDDLE_RETURN_IF_ERROR(context_.executable.library[graph_index_][t].Call(call));
  } catch (const std::bad_alloc&) {
    return NoMemoryFor(task(t));
  } catch (const std::length_error&) {
    return NoMemoryFor(task(t));
  } catch (...) {
    return absl::InternalError(
        absl::StrCat("the function ", Quoted(task(t).function), " ended with an exception"));
  }
  return call.CheckComplete();
}

GridCut Frame::CutOf(uint32_t t, const KernelCall& call) const {
  return GridCut(call.cost, call.grid, task(t).grain, context_.scheduler->threads());
}

WorkItem Frame::ExecuteChunk(const WorkItem& item, Worker& worker) {
  uint32_t t = item.task;
  if (!context_.run.stopped()) {
    TraceRecorder* trace = context_.trace;
    int64_t begin = trace != nullptr ? trace->Now() : 0;
    LateCall late;
    const KernelCall* call;
    absl::Status status = DescribeKernel(t, late, call);
    if (status.ok()) {
      GridCut cut = CutOf(t, *call);
      status = CallKernel(t, *call, cut.begin(item.chunk), cut.begin(item.chunk + 1), worker);
    }
    if (!status.ok()) context_.run.Fail(TaskError(t, status));
    if (trace != nullptr) {
      trace->Record(worker.index(), {&task(t), graph_index_, t, static_cast<int32_t>(item.chunk),
                                     begin, trace->Now()});
    }
  }
  if (parts_left_[t].fetch_sub(1, std::memory_order_acq_rel) != 1) return {};
  return FinishTask(t, worker);
}

WorkItem Frame::Execute(WorkItem item, Worker& worker) {
  if (item.chunk == WorkItem::kBegin) {
    if (!straight()) return Start(worker);
    RunStraight(worker);
    context_.scheduler->Finish();
    return {};
  }
  uint32_t t = item.task;
  if (item.chunk != WorkItem::kWhole) {
    return task(t).kind == TaskKind::kKernel ? ExecuteChunk(item, worker)
                                             : DriveLane(t, static_cast<int>(item.chunk), worker);
  }
  if (context_.run.stopped()) return FinishTask(t, worker);
  TraceRecorder* trace = context_.trace;
  int64_t begin = trace != nullptr ? trace->Now() : 0;
  switch (task(t).kind) {
    case TaskKind::kKernel: {
      LateCall late;
      const KernelCall* call;
      absl::Status status = MakeKernelResults(t);
      if (status.ok()) status = DescribeKernel(t, late, call);
      int64_t chunks = status.ok() ? CutOf(t, *call).count() : 1;
      if (chunks > 1) {
        // Relaxed: the pushes publish it.
        parts_left_[t].store(static_cast<int32_t>(chunks), std::memory_order_relaxed);
        int threads = context_.scheduler->threads();
        auto chunk = [&](int64_t i) {
          return static_cast<uint32_t>(ChunkInTurn(i, chunks, worker.index(), threads));
        };
        for (int64_t i = chunks - 1; i > 0; --i) worker.Push({this, t, chunk(i)});
        return ExecuteChunk({this, t, chunk(0)}, worker);
      }
      if (status.ok()) status = CallKernel(t, *call, 0, call->grid, worker);
      if (!status.ok()) context_.run.Fail(TaskError(t, status));
      break;
    }
    case TaskKind::kLibrary: {
      absl::Status status = RunLibrary(t);
      if (!status.ok()) context_.run.Fail(TaskError(t, status));
      break;
    }
    default:
      return StartControl(t, worker);
  }
  if (trace != nullptr) {
    trace->Record(worker.index(), {&task(t), graph_index_, t, -1, begin, trace->Now()});
  }
  return FinishTask(t, worker);
}

ControlFlow& Frame::Control(uint32_t t) {
  if (controls_[t] == nullptr) controls_[t] = ControlFlow::Create(*this, t);
  return *controls_[t];
}

absl::Status Frame::RunControl(uint32_t t, Worker& worker) {
  ControlFlow& control = Control(t);
  absl::Status status = control.Begin();
  while (status.ok()) {
    absl::StatusOr<Frame*> step = control.Next(0);
    status = step.status();
    if (!status.ok() || *step == nullptr) break;
    (*step)->RunStraight(worker);
    // The error is in the run already; this one is ignored as a later one.
    if (context_.run.stopped()) status = absl::CancelledError("");
  }
  if (status.ok()) status = control.End();
  control.Clear();
  return status;
}

WorkItem Frame::StartControl(uint32_t t, Worker& worker) {
  ControlFlow& control = Control(t);
  absl::Status status = control.Begin();
  if (!status.ok()) {
    context_.run.Fail(TaskError(t, status));
    control.Clear();
    return FinishTask(t, worker);
  }
  int lanes = control.lanes();
  // Relaxed: the pushes publish it.
  parts_left_[t].store(lanes, std::memory_order_relaxed);
  for (int lane = lanes - 1; lane > 0; --lane) {
    worker.Push({this, t, static_cast<uint32_t>(lane)});
  }
  return DriveLane(t, 0, worker);
}

WorkItem Frame::DriveLane(uint32_t t, int lane, Worker& worker) {
  ControlFlow& control = Control(t);
  while (!context_.run.stopped()) {
    absl::StatusOr<Frame*> step = control.Next(lane);
    if (!step.ok()) context_.run.Fail(TaskError(t, step.status()));
    if (!step.ok() || *step == nullptr) break;
    if (!(*step)->straight()) return (*step)->Start(worker);
    (*step)->RunStraight(worker);
  }
  if (parts_left_[t].fetch_sub(1, std::memory_order_acq_rel) != 1) return {};
  if (!context_.run.stopped()) {
    absl::Status status = control.End();
    if (!status.ok()) context_.run.Fail(TaskError(t, status));
  }
  control.Clear();
  return FinishTask(t, worker);
}

}  // namespace heddle
