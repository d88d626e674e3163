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

static ArrayRef<int32_t> list(const HeddleNode *nodes, size_t count) {
  return nodes ? ArrayRef(nodes, count) : ArrayRef<int32_t>();
}
static StringRef text(const char *given) { return given ? given : ""; }

/// Writes as many as fit, kNoValue where there are fewer, and returns how many there are.
static size_t writeNodes(ArrayRef<int32_t> from, HeddleNode *to, size_t capacity) {
  if (to)
    std::fill(llvm::copy(from.take_front(std::min(capacity, from.size())), to), to + capacity,
              ProgramBuilder::kNoValue);
  return from.size();
}

/// What `body(program)` returns, or `failed` where there is no builder, and where an exception ends
/// it, which the program keeps as its error.
template <typename Result, typename Body>
static Result guarded(HeddleBuilder *builder, Result failed, Body body) noexcept {
  if (!builder)
    return failed;
  try {
    return body(builder->program);
  } catch (const std::bad_alloc &) {
    builder->program.fail("no memory");
  } catch (...) {
    builder->program.fail("unexpected exception");
  }
  return failed;
}

template <typename Body> static void guarded(HeddleBuilder *builder, Body body) noexcept {
  guarded(builder, 0, [&](ProgramBuilder &program) { return body(program), 0; });
}

HeddleBuilder *heddle_builder_new(const char *name) {
  try {
    return new HeddleBuilder(name ? name : "program");
  } catch (...) {
    return nullptr;
  }
}

void heddle_builder_free(HeddleBuilder *builder) { delete builder; }

const char *heddle_builder_error(const HeddleBuilder *builder) {
  return builder ? builder->program.error().c_str() : "there is no builder";
}

HeddleNode heddle_builder_input(HeddleBuilder *builder, const char *name, int32_t element_type,
                                const char *const *dims, size_t rank) {
  return guarded(builder, ProgramBuilder::kNoValue, [&](ProgramBuilder &program) {
    if (!dims && rank != 0)
      return program.fail("null pointer for the dims"), ProgramBuilder::kNoValue;
    Dims parsed;
    for (const char *dim : ArrayRef(dims, rank))
      parsed.push_back(DimExpr::parse(text(dim)).value_or(DimExpr::unknown()));
    RankedTensorType type = builder->type(element_type, parsed);
    return type ? program.input(text(name), type) : ProgramBuilder::kNoValue;
  });
}

HeddleNode heddle_builder_constant(HeddleBuilder *builder, int32_t element_type,
                                   const int64_t *dims, size_t rank, const void *data,
                                   size_t size) {
  return guarded(builder, ProgramBuilder::kNoValue, [&](ProgramBuilder &program) {
    if ((!dims && rank != 0) || (!data && size != 0))
      return program.fail("null pointer for a constant"), ProgramBuilder::kNoValue;
    Dims sizes;
    for (int64_t dim : ArrayRef(dims, rank))
      sizes.push_back(dim < 0 ? DimExpr::unknown() : DimExpr(dim));
    RankedTensorType type = builder->type(element_type, sizes);
    return type ? program.constant(type, {static_cast<const char *>(data), size})
                : ProgramBuilder::kNoValue;
  });
}

void heddle_builder_output(HeddleBuilder *builder, const char *name, HeddleNode value) {
  guarded(builder, [&](ProgramBuilder &program) { program.output(text(name), value); });
}

void heddle_builder_op(HeddleBuilder *builder, const char *op, const HeddleNode *inputs,
                       size_t input_count, const char *attributes, HeddleNode *results,
                       size_t result_count) {
  writeNodes({}, results, result_count);
  guarded(builder, [&](ProgramBuilder &program) {
    writeNodes(program.add(text(op), list(inputs, input_count), text(attributes), result_count),
               results, result_count);
  });
}

HeddleNode heddle_builder_await(HeddleBuilder *builder, HeddleNode future) {
  return guarded(builder, ProgramBuilder::kNoValue,
                 [&](ProgramBuilder &program) { return program.await(future); });
}

HeddleNode heddle_builder_cache(HeddleBuilder *builder, const char *what, const HeddleNode *inputs,
                                size_t input_count) {
  return guarded(builder, ProgramBuilder::kNoValue, [&](ProgramBuilder &program) {
    return program.cache(text(what), list(inputs, input_count));
  });
}

void heddle_builder_begin(HeddleBuilder *builder, const char *op, const HeddleNode *inputs,
                          size_t input_count, const char *attributes, size_t states) {
  guarded(builder, [&](ProgramBuilder &program) {
    program.begin(text(op), list(inputs, input_count), text(attributes), states);
  });
}

size_t heddle_builder_region(HeddleBuilder *builder, HeddleNode *arguments, size_t capacity) {
  writeNodes({}, arguments, capacity);
  return guarded(builder, size_t(0), [&](ProgramBuilder &program) {
    return writeNodes(program.region(), arguments, capacity);
  });
}

void heddle_builder_yield(HeddleBuilder *builder, const HeddleNode *values, size_t count) {
  guarded(builder, [&](ProgramBuilder &program) { program.yield(list(values, count)); });
}

size_t heddle_builder_end(HeddleBuilder *builder, HeddleNode *results, size_t capacity) {
  writeNodes({}, results, capacity);
  return guarded(builder, size_t(0), [&](ProgramBuilder &program) {
    return writeNodes(program.end(), results, capacity);
  });
}

HeddleCompilation *heddle_builder_compile(HeddleBuilder *builder, const char *output,
                                          const HeddleCompileOptions *options) {
  return compileGuarded(options, [&](const CompileOptions &all, HeddleCompilation &result) {
    if (!builder)
      return absl::InvalidArgumentError("there is no builder");
    OwningOpRef<ModuleOp> module = builder->program.take();
    if (!module)
      return absl::InvalidArgumentError(builder->program.error());
    if (output)
      return compileModuleToFile(*module, output, all, &result.statistics);
    return keep(compileModule(*module, all, &result.statistics), result);
  });
}
