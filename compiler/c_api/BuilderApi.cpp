// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// heddle/builder.h over ProgramBuilder.h.

#include "compiler/builder/ProgramBuilder.h"
#include "compiler/c_api/Compilation.h"
#include "compiler/program/ProgramTypes.h"
#include "dialects/heddle/TensorDims.h"
#include "heddle/builder.h"

using namespace mlir;
using namespace heddle;

struct HeddleBuilder {
  explicit HeddleBuilder(const char *name)
      : context(compilerDialects()), program((context.loadAllAvailableDialects(), context), name) {}

  /// A type of the C ABI's numbers and texts; null, and an error, where there is none.
  RankedTensorType type(int32_t elementType, ArrayRef<DimExpr> dims) {
    Type element = elementTypeOfProgram(&context, elementType);
    RankedTensorType type;
    if (element && llvm::all_of(dims, [](const DimExpr &dim) { return dim.isKnown(); }))
      type = tensorWithDims(dims, element);
    if (!type)
      program.fail("an element type or a dimension does not exist");
    return type;
  }

  MLIRContext context;
  ProgramBuilder program;
};

static ArrayRef<int32_t> list(const HeddleNode *nodes, size_t count) { return {nodes, count}; }
static StringRef text(const char *given) { return given ? given : ""; }

/// Writes as many as fit and returns how many there are.
static size_t write(ArrayRef<int32_t> from, HeddleNode *to, size_t capacity) {
  llvm::copy(from.take_front(std::min(capacity, from.size())), to);
  return from.size();
}

HeddleBuilder *heddle_builder_new(const char *name) {
  return new (std::nothrow) HeddleBuilder(name ? name : "program");
}

void heddle_builder_free(HeddleBuilder *builder) { delete builder; }

const char *heddle_builder_error(const HeddleBuilder *builder) {
  return builder->program.error().c_str();
}

HeddleNode heddle_builder_input(HeddleBuilder *builder, const char *name, int32_t element_type,
                                const char *const *dims, size_t rank) {
  Dims parsed;
  for (const char *dim : ArrayRef(dims, rank))
    parsed.push_back(DimExpr::parse(text(dim)).value_or(DimExpr::unknown()));
  RankedTensorType type = builder->type(element_type, parsed);
  return type ? builder->program.input(text(name), type) : ProgramBuilder::kNoValue;
}

HeddleNode heddle_builder_constant(HeddleBuilder *builder, int32_t element_type,
                                   const int64_t *dims, size_t rank, const void *data,
                                   size_t size) {
  Dims sizes;
  for (int64_t dim : ArrayRef(dims, rank))
    sizes.push_back(dim < 0 ? DimExpr::unknown() : DimExpr(dim));
  RankedTensorType type = builder->type(element_type, sizes);
  return type ? builder->program.constant(type, {static_cast<const char *>(data), size})
              : ProgramBuilder::kNoValue;
}

void heddle_builder_output(HeddleBuilder *builder, const char *name, HeddleNode value) {
  builder->program.output(text(name), value);
}

void heddle_builder_op(HeddleBuilder *builder, const char *op, const HeddleNode *inputs,
                       size_t input_count, const char *attributes, HeddleNode *results,
                       size_t result_count) {
  write(builder->program.add(text(op), list(inputs, input_count), text(attributes), result_count),
        results, result_count);
}

HeddleNode heddle_builder_await(HeddleBuilder *builder, HeddleNode future) {
  return builder->program.await(future);
}

HeddleNode heddle_builder_cache(HeddleBuilder *builder, const char *what, const HeddleNode *inputs,
                                size_t input_count) {
  return builder->program.cache(text(what), list(inputs, input_count));
}

void heddle_builder_begin(HeddleBuilder *builder, const char *op, const HeddleNode *inputs,
                          size_t input_count, const char *attributes, size_t states) {
  builder->program.begin(text(op), list(inputs, input_count), text(attributes), states);
}

size_t heddle_builder_region(HeddleBuilder *builder, HeddleNode *arguments, size_t capacity) {
  return write(builder->program.region(), arguments, capacity);
}

void heddle_builder_yield(HeddleBuilder *builder, const HeddleNode *values, size_t count) {
  builder->program.yield(list(values, count));
}

size_t heddle_builder_end(HeddleBuilder *builder, HeddleNode *results, size_t capacity) {
  return write(builder->program.end(), results, capacity);
}

HeddleCompilation *heddle_builder_compile(HeddleBuilder *builder, const char *output,
                                          const HeddleCompileOptions *options) {
  return compileGuarded(options, [&](const CompileOptions &all, HeddleCompilation &result) {
    OwningOpRef<ModuleOp> module = builder->program.take();
    if (!module)
      return absl::InvalidArgumentError(builder->program.error());
    if (output)
      return compileModuleToFile(*module, output, all, &result.statistics);
    return keep(compileModule(*module, all, &result.statistics), result);
  });
}
