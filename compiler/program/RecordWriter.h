// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What passes found and what they left (compiler/parallel/Constructs.h), as tables of a program.

#ifndef HEDDLE_COMPILER_PROGRAM_RECORDWRITER_H
#define HEDDLE_COMPILER_PROGRAM_RECORDWRITER_H

#include "compiler/program/GraphWriter.h"

namespace heddle {

template <typename Table>
using FlatTables = flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<Table>>>;

struct Records {
  FlatTables<program::Construct> constructs;
  FlatTables<program::Sequential> sequential;
};

/// The records on the graph; their expressions become some of `writer`, which writes that graph.
Records writeRecords(flatbuffers::FlatBufferBuilder &buffer, task::GraphOp graph,
                     GraphWriter &writer);

} // namespace heddle

#endif // HEDDLE_COMPILER_PROGRAM_RECORDWRITER_H
