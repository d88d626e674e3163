// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A graph program as plain structures. Names, numbers and expressions are views of the FlatBuffer,
// so the program lives as long as its bytes; absent vectors are empty ones.
//
// Thread-safety: immutable after decoding.

#ifndef HEDDLE_RUNTIME_ARTIFACT_PROGRAM_H_
#define HEDDLE_RUNTIME_ARTIFACT_PROGRAM_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "program_generated.h"
#include "runtime/tensor/element_type.h"

namespace heddle {

using Indices = absl::Span<const uint32_t>;
inline constexpr uint32_t kNoExpression = 0xffffffff;

struct ProgramAttribute {
  std::string_view name;
  program::AttributeKind kind;
  int64_t integer;
  double number;
  std::string_view text;
  absl::Span<const int64_t> ints;
  absl::Span<const double> floats;
  std::vector<std::string_view> texts;
  absl::Span<const uint8_t> bytes;
  ElementType element_type;
};

struct ProgramValue {
  std::string_view name;
  ElementType element_type;
  program::Storage storage;
  Indices dims;
  uint64_t weight_offset;
  uint32_t view_of;
  uint32_t view_offset;  // kNoExpression: 0

  int rank() const { return static_cast<int>(dims.size()); }
};

struct ProgramTask {
  program::TaskKind kind;
  std::string_view name;
  std::string_view op;
  Indices operands;
  Indices results;
  uint32_t kernel;
  Indices dims;
  uint32_t grid;
  uint32_t grain;
  uint32_t scratch;  // kNoExpression: 0
  float cost_per_point;
  uint32_t work = kNoExpression;        // a factor of the cost; kNoExpression: 1
  uint32_t operations = kNoExpression;  // arithmetic of all points; kNoExpression: not counted
  std::string_view function;
  std::vector<ProgramAttribute> attributes;
  Indices graphs;
  uint32_t captures;
  uint32_t predecessors;
  Indices successors;

  const ProgramAttribute* FindAttribute(std::string_view attribute) const {
    for (const ProgramAttribute& a : attributes) {
      if (a.name == attribute) return &a;
    }
    return nullptr;
  }
  int64_t Int(std::string_view attribute, int64_t fallback) const {
    const ProgramAttribute* found = FindAttribute(attribute);
    return found != nullptr ? found->integer : fallback;
  }
  absl::Span<const int64_t> Ints(std::string_view attribute) const {
    const ProgramAttribute* found = FindAttribute(attribute);
    return found != nullptr ? found->ints : absl::Span<const int64_t>();
  }
};

struct ProgramGraph {
  std::string_view name;
  std::vector<std::string_view> symbols;
  absl::Span<const program::Expr> exprs;
  std::vector<ProgramValue> values;
  Indices inputs;
  Indices outputs;
  std::vector<ProgramTask> tasks;
  bool sequential;
};

struct ProgramMetadata {
  std::string_view producer, source, source_digest, model_producer, model_licence;
  int64_t opset = 0;
  uint64_t parameters = 0;
  std::vector<std::pair<std::string_view, uint32_t>> operators;
};

struct ProgramConstruct {
  std::string_view kind, summary;
  std::vector<std::string_view> sources;
  std::string_view proof;
  program::Equivalence equivalence;
  std::string_view form;
  uint32_t work, span;  // expressions of the main graph; kNoExpression: not known
  std::string_view work_text, span_text;
};

struct ProgramSequential {
  std::vector<std::string_view> sources;
  std::string_view reason;
};

struct DecodedProgram {
  std::vector<ProgramGraph> graphs;
  std::vector<std::string_view> kernels;
  std::vector<std::string_view> imports;
  uint32_t cores;
  ProgramMetadata metadata;
  std::vector<ProgramConstruct> constructs;
  std::vector<ProgramSequential> sequential;
};

// Checks that `bytes` (aligned to 8) are a well-formed FlatBuffer of type Program, and nothing
// beyond: program_verifier.h does.
absl::StatusOr<DecodedProgram> DecodeProgram(absl::Span<const uint8_t> bytes);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_ARTIFACT_PROGRAM_H_
