// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One activation of a graph: where its values are, the arena, the counters, and the frames of the
// sub-graphs that its tasks run. Frames are made once and used again by later runs and iterations;
// a second run with the same input shapes allocates nothing.
//
// A frame runs either as a straight list on one thread (RunStraight) or through the scheduler
// (Start, Execute), never blocking in both: a task with sub-graphs returns the sub-graph's first
// item, and the sub-graph's end continues with the task.
//
// Thread-safety: Prepare, RunStraight, TakeOutput and Clear by one thread at a time; Execute by the
// workers of one run.

#ifndef HEDDLE_RUNTIME_EXECUTOR_FRAME_H_
#define HEDDLE_RUNTIME_EXECUTOR_FRAME_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/executor/chunks.h"
#include "runtime/executor/executable.h"
#include "runtime/executor/kernel_calls.h"
#include "runtime/executor/run_state.h"
#include "runtime/executor/scheduler.h"
#include "runtime/executor/task_dag.h"
#include "runtime/graph/shape_plan_cache.h"
#include "runtime/memory/buffer_pool.h"
#include "runtime/tensor/tensor.h"
#include "runtime/trace/trace_recorder.h"

namespace heddle {

class ControlFlow;

// What all frames of a session share.
struct RunContext {
  // Without a pool for large blocks they are in the other one.
  RunContext(const Executable& executable, std::shared_ptr<BufferPool> pool,
             std::shared_ptr<BufferPool> large, std::shared_ptr<Scheduler> scheduler)
      : executable(executable),
        pool(std::move(pool)),
        large(large != nullptr ? std::move(large) : this->pool),
        scheduler(std::move(scheduler)),
        plans(executable.graphs.size()) {}

  const Executable& executable;
  std::shared_ptr<BufferPool> pool;
  std::shared_ptr<BufferPool> large;  // for the main graph's large blocks; may be the same
  std::shared_ptr<Scheduler> scheduler;
  std::vector<ShapePlanCache> plans;  // by graph
  RunState run;
  TraceRecorder* trace = nullptr;  // null: not recording
  std::atomic<int64_t> peak_arena_bytes{0};
};

class Frame final : public WorkSource {
 public:
  // Whose task runs this frame, and in which lane of it; null for the main graph.
  struct Parent {
    Frame* frame = nullptr;
    uint32_t task = 0;
    int lane = 0;
  };
  Frame(RunContext& context, uint32_t graph, const Parent& parent);
  ~Frame() override;

  // Takes the inputs, plans for their shapes, and gets memory. Where `outputs[i]` is a tensor with
  // memory, output i is written there if it fits; the list may be shorter than the outputs.
  absl::Status Prepare(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs = {});

  // Runs all tasks on this thread. Errors go to the context's run.
  void RunStraight(Worker& worker);

  // What to give to the scheduler to run the main graph.
  WorkItem Beginning() { return {this, 0, WorkItem::kBegin}; }
  // The first item of a parallel run; the graph has tasks. Called by a worker.
  WorkItem Start(Worker& worker);
  WorkItem Execute(WorkItem item, Worker& worker) override;

  // After a run that ended well. The result shares the memory the output is in where that may be
  // handed on, else it is a copy: in the caller's memory where `outputs` gave some, and refused
  // where that is too small.
  absl::StatusOr<Tensor> TakeOutput(size_t index);
  // Lets go of what a run left behind.
  void Clear();

  // Further runs of a frame that is prepared, for as long as all that changes is where inputs and
  // outputs are: not where something of it is late.
  bool repeats() const { return info_.late_roots.empty() && info_.late_exprs.empty(); }
  void Repeat() { run_ = NextRun(); }
  void MoveInput(size_t index, void* data) { PlaceRoot(info_.graph.inputs[index], data); }
  // The block of a root value that is written where its output goes.
  const BufferRef& block(uint32_t root) const { return slots_[root].buffer; }
  void SwapBlock(uint32_t root, BufferRef& block) {
    std::swap(slots_[root].buffer, block);
    PlaceRoot(root, slots_[root].buffer->data());
  }

  // Of a frame that is prepared. Whether it runs as a list follows from the plan, unless said here.
  bool straight() const { return straight_ || info_.graph.tasks.empty(); }
  void set_straight(bool straight) { straight_ = straight; }
  const GraphInfo& info() const { return info_; }
  const ShapePlan& plan() const { return *plan_; }
  RunContext& context() const { return context_; }
  const ProgramTask& task(uint32_t index) const { return info_.graph.tasks[index]; }
  uint32_t graph_index() const { return graph_index_; }

  // For the tasks' implementations.

  struct Operand {
    void* data = nullptr;
    absl::Span<const int64_t> dims;
  };
  // Where a value is now. Late dimensions of views are put in `late_dims`, which has room for the
  // value's rank.
  absl::StatusOr<Operand> Resolve(uint32_t value, int64_t* late_dims) const;
  // The same of one that is not late.
  Operand Known(uint32_t value) const {
    bool is_view = info_.graph.values[value].storage == program::Storage::kView;
    return {
        static_cast<char*>(slots_[info_.root[value]].data) + (is_view ? plan_->offset[value] : 0),
        plan_->DimsOf(info_, value)};
  }
  // An operand with its share of the memory, where it has one; undefined for a missing one.
  absl::StatusOr<Tensor> OperandTensor(uint32_t task, size_t operand) const;

  // Memory for a result of these dimensions: checks them against the program, binds late symbols.
  absl::StatusOr<void*> MakeResult(uint32_t value, absl::Span<const int64_t> dims);
  // The same for a result that begins with all of value `from`: where they may share memory, the
  // result is late and `from` is the longest version in its block, the block grows, and nothing
  // moves; else it is copied.
  absl::StatusOr<void*> GrowResult(uint32_t value, uint32_t from, bool share,
                                   absl::Span<const int64_t> dims);
  // Makes a result of a tensor: shares its memory where the value is late, else copies.
  absl::Status DeliverResult(uint32_t value, const Tensor& tensor);

  // An expression's number; kNoNumber where it has none (yet).
  int64_t Number(uint32_t expr) const;

  // An error with the task's name in front.
  absl::Status TaskError(uint32_t task, const absl::Status& status) const;

 private:
  struct Slot {
    void* data = nullptr;
    int64_t bytes = 0;
    BufferRef buffer;  // null where the memory is somebody else's
    std::atomic<int32_t> readers{0};
  };
  struct LateCall;

  uint64_t NextRun();
  void PlaceRoot(uint32_t root, void* data) {
    slots_[root].data = data;
    calls_.Place(root, data);
  }
  BufferRef AllocateBlock(int64_t bytes);
  absl::Status PrepareArena(bool planned);
  absl::Status PrepareOutputs();
  absl::Status CheckResultDims(uint32_t value, absl::Span<const int64_t> dims);
  absl::Status AllocateLate(uint32_t value, int64_t bytes);
  bool BindSymbol(uint32_t symbol, int64_t number);

  absl::Status RunKernel(uint32_t task, Worker& worker);
  absl::Status MakeKernelResults(uint32_t task);
  absl::Status DescribeKernel(uint32_t task, LateCall& late, const KernelCall*& call) const;
  absl::Status CallKernel(uint32_t task, const KernelCall& call, int64_t begin, int64_t end,
                          Worker& worker);
  GridCut CutOf(uint32_t t, const KernelCall& call) const;
  WorkItem ExecuteChunk(const WorkItem& item, Worker& worker);

  absl::Status RunLibrary(uint32_t task);
  ControlFlow& Control(uint32_t task);
  absl::Status RunControl(uint32_t task, Worker& worker);
  // Begins a task with sub-graphs; continues a lane of it.
  WorkItem StartControl(uint32_t task, Worker& worker);
  WorkItem DriveLane(uint32_t task, int lane, Worker& worker);

  void ReleaseOperands(uint32_t task);
  WorkItem FinishTask(uint32_t task, Worker& worker);

  RunContext& context_;
  const uint32_t graph_index_;
  const GraphInfo& info_;
  const Parent parent_;

  uint64_t run_ = 0;  // unlike that of any other run of any frame
  std::shared_ptr<const ShapePlan> plan_;
  std::vector<int64_t> plan_key_;
  bool straight_ = false;
  BufferRef arena_;           // a large one during runs only
  void* arena_at_ = nullptr;  // where values are placed
  KernelCalls calls_;
  std::vector<Slot> slots_;         // by value; views have none of their own
  std::vector<Tensor> outputs_;     // the caller's memory
  std::vector<int64_t> late_dims_;  // of late values, by GraphInfo::dims_begin
  // By symbol: bound by the task that makes the value. A compare-exchange decides who binds; its
  // readers are ordered after one of the binders by the graph's edges.
  std::unique_ptr<std::atomic<int64_t>[]> late_symbols_;
  // By expression: numbers of late ones found so far. Every thread that computes one computes the
  // same, so relaxed loads and stores are enough.
  mutable std::unique_ptr<std::atomic<int64_t>[]> late_numbers_;
  // By task: chunks or lanes that have not finished; counted down with acquire-release like the
  // task counters, so that the last one's thread has all results.
  std::unique_ptr<std::atomic<int32_t>[]> parts_left_;
  TaskCounters counters_;
  std::vector<std::unique_ptr<ControlFlow>> controls_;  // by task, made when first needed
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_FRAME_H_
