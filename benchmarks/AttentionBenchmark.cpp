// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention over heads: the rate counts the two products only, what softmax takes lowers it.
#include "benchmarks/KernelBenchmark.h"

#include "compiler/codegen/attention/Attention.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

struct Shape {
  int64_t heads, queries, keys, depth;
};

// Sentence embedding, speech encoding, a language model's first pass and its steps.
const Shape kShapes[] = {
    {12, 16, 16, 32}, {12, 128, 128, 32}, {6, 1500, 1500, 64}, {6, 128, 128, 48}, {6, 1, 128, 48}};

} // namespace

void benchmarkAttention(Meter &meter, const std::string &cpu) {
  KernelHarness harness(cpu);
  Type f32 = harness.f32();
  AttentionSpec spec{f32, f32};
  AttentionPlan plan = planAttention(spec, harness.target);
  harness.add("attention", {f32, f32, f32, f32}, 3, [&](Emitter &e, Kernel &k) {
    Value queries = k.dims[0], keys = k.dims[1], depth = k.dims[2];
    AttentionOperands ops{.query = k.buffers[0],
                          .key = k.buffers[1],
                          .value = k.buffers[2],
                          .queries = queries,
                          .keys = keys,
                          .depth = depth,
                          .width = depth,
                          .queryStep = depth,
                          .keyStep = depth,
                          .keyDepthStep = e.index(1),
                          .valueStep = depth};
    Value results;
    auto enter = [&](Value batch) {
      results = e.mul(batch, e.mul(queries, depth));
      Value start = e.mul(batch, e.mul(keys, depth));
      return AttentionStarts{results, start, start};
    };
    auto score = [&](Value products, const AttentionPosition &) -> Value {
      Attribute scale = DenseElementsAttr::get(cast<VectorType>(products.getType()), 0.125f);
      Value factor = arith::ConstantOp::create(e.builder, e.loc, cast<TypedAttr>(scale));
      return arith::MulFOp::create(e.builder, e.loc, products, factor);
    };
    auto sink = [&](Value values, const AttentionPosition &at) {
      Value place = e.add(e.add(results, e.mul(at.query, depth)), at.first);
      e.store(values, k.buffers[3], place, at.mask);
    };
    emitAttention(e, spec, ops, k.begin, k.end, k.scratch, {enter, score, sink});
  });
  LoadedKernels kernels = harness.compile();
  for (const Shape &s : kShapes) {
    std::string name = "attention " + std::to_string(s.heads) + "x" + std::to_string(s.queries) +
                       "x" + std::to_string(s.keys) + "x" + std::to_string(s.depth);
    if (!meter.wanted(name))
      continue;
    auto values = [](int64_t size) {
      std::vector<float> all(size);
      for (int64_t i = 0; i < size; ++i)
        all[i] = static_cast<float>(i * 37 % 101) * 0.02f - 1;
      return all;
    };
    std::vector<float> query = values(s.heads * s.queries * s.depth), result(query.size());
    std::vector<float> key = values(s.heads * s.keys * s.depth), value = key;
    std::vector<const void *> buffers{query.data(), key.data(), value.data(), result.data()};
    std::vector<int64_t> dims{s.queries, s.keys, s.depth};
    int64_t points = s.heads * ((s.queries + plan.queries - 1) / plan.queries);
    int64_t panels = (s.depth + plan.panel - 1) / plan.panel;
    void *scratch = std::aligned_alloc(64, (plan.scratchBytes(s.depth, panels) + 63) / 64 * 64);
    meter.measure(name, {4.0 * static_cast<double>(s.heads * s.queries * s.keys * s.depth)}, [&] {
      kernels.entry(0)(const_cast<void *const *>(buffers.data()), dims.data(), 0, points, scratch);
    });
    std::free(scratch);
  }
}

} // namespace heddle::codegen
