// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/LinearAttentionKernel.h"

#include "compiler/codegen/recurrence/LinearAttention.h"
#include "compiler/kernels/CostModel.h"
#include "dialects/heddle/TensorDims.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {
namespace {

OwnAxes ownAxes(Value operand, unsigned rank) {
  if (!operand)
    return {};
  Dims dims = dimsOf(operand);
  OwnAxes own(rank, false);
  for (auto [axis, dim] : llvm::enumerate(llvm::reverse(dims)))
    own[rank - 1 - axis] = !dim.isConstant(1);
  return own;
}

/// Vectors of a block: two share the scalars that are broadcast to them, and a chunk's products of
/// steps serve as many as there are. Fewer, where that takes a part from somebody.
int64_t vectorsOf(LinearAttentionOp op, const LinearAttentionSpec &spec, ArrayRef<DimExpr> batch,
                  const DimExpr &columns) {
  int64_t vectors = (columns.asConstant().value_or(2 * spec.lanes) + spec.lanes - 1) / spec.lanes;
  int64_t points = std::max<int64_t>(1, countElements(batch).asConstant().value_or(1));
  int64_t parts = (op.getParts() + points - 1) / points, share = (vectors + parts - 1) / parts;
  share += share > 1 ? share % 2 : 0;
  return std::clamp<int64_t>(share, 1, spec.chunk ? 8 : 2);
}

std::string keyOf(LinearAttentionOp op, const LinearAttentionSpec &spec, unsigned batch) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << "linear_attention " << op.getUpdate() << " " << spec.element << " " << batch << " "
     << spec.readsBefore << spec.output << spec.last << spec.fullBlocks << spec.chunk << " "
     << spec.lanes << "x" << spec.vectors;
  for (const OwnAxes &own : {spec.decay, spec.rate, spec.init}) {
    os << " ";
    for (bool axis : own)
      os << axis;
  }
  return key;
}

LinearAttentionSpec specOf(LinearAttentionOp op, const Target &target) {
  Dims query = dimsOf(op.getQuery());
  DimExpr columns = dimsOf(op.getValue()).back();
  unsigned rank = query.size();
  LinearAttentionSpec spec;
  spec.element = elementOf(op.getQuery());
  spec.delta = op.getUpdate() == "delta";
  spec.readsBefore = op.getReadsBefore();
  spec.output = !op.getOutput().use_empty();
  spec.last = !op.getLast().use_empty();
  spec.decay = ownAxes(op.getDecay(), rank);
  spec.rate = ownAxes(op.getRate(), rank);
  spec.init = ownAxes(op.getInit(), rank + 1);
  spec.chunk = op.getForm() == "chunk";
  int64_t known = columns.asConstant().value_or(0);
  spec.lanes = linearAttentionLanes(spec.element, known, target);
  spec.vectors = vectorsOf(op, spec, ArrayRef(query).slice(1, rank - 2), columns);
  spec.fullBlocks = known > 0 && known % (spec.lanes * spec.vectors) == 0;
  return spec;
}

void emit(ClusterKernels &kernels, StringRef name, const LinearAttentionSpec &spec,
          unsigned batch) {
  unsigned buffers = 4 + !spec.decay.empty() + !spec.rate.empty() + spec.output + spec.last;
  Kernel kernel = Kernel::create(kernels.getModule(), name,
                                 SmallVector<Type>(buffers, spec.element), 4 + batch);
  OpBuilder b = OpBuilder::atBlockBegin(&kernel.function.getBody().front());
  Emitter e(b, kernel.function.getLoc(), kernels.getTarget());
  LinearAttentionOperands ops;
  auto next = kernel.buffers.begin();
  auto take = [&](Value &buffer, bool given) {
    if (given)
      buffer = *next++;
  };
  for (Value *buffer : {&ops.query, &ops.key, &ops.value, &ops.init})
    take(*buffer, true);
  take(ops.decay, !spec.decay.empty());
  take(ops.rate, !spec.rate.empty());
  take(ops.output, spec.output);
  take(ops.last, spec.last);
  ops.length = kernel.dims[0];
  ops.segment = kernel.dims[1];
  ops.rows = kernel.dims[2];
  ops.columns = kernel.dims[3];
  ops.batch.append(kernel.dims.begin() + 4, kernel.dims.end());
  emitLinearAttention(e, spec, ops, kernel.begin, kernel.end, kernel.scratch);
  kernel.finish(b);
}

} // namespace

FailureOr<KernelUse> linearAttentionKernel(ClusterKernels &kernels, LinearAttentionOp op) {
  LinearAttentionSpec spec = specOf(op, kernels.getTarget());
  if (!spec.element.isF32() && !spec.element.isF64())
    return op.emitOpError("has elements of ") << spec.element << "; kernels are for f32 and f64";
  Dims query = dimsOf(op.getQuery());
  DimExpr length = query.front(), rows = query.back(), columns = dimsOf(op.getValue()).back();
  ArrayRef<DimExpr> batch = ArrayRef(query).slice(1, query.size() - 2);
  DimExpr segment = op.getSegment() ? DimExpr(int64_t(op.getSegment())) : length;
  DimExpr segments = op.getSegment() ? length.ceilDiv(segment) : DimExpr(1);
  KernelUse use;
  use.kernel = kernels.emittedKernel(
      keyOf(op, spec, batch.size()), "linear_attention_" + op.getUpdate().str(),
      [&](StringRef name) { emit(kernels, name, spec, batch.size()); });
  use.dims = {length, segment, rows, columns};
  use.dims.append(batch.begin(), batch.end());
  use.grid = segments * countElements(batch) * columns.ceilDiv(spec.lanes * spec.vectors);
  LinearAttentionScratch scratch = linearAttentionScratch(spec);
  use.scratchBytes = rows * scratch.perRow + scratch.fixed;
  // Vectors of the state are visited at every step.
  DimExpr visited = (op.getSegment() ? segment : length) * rows * spec.vectors;
  use.cost = {spec.delta ? 0.6 : 0.4, visited};
  return use;
}

} // namespace heddle
