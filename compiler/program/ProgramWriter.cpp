// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/program/ProgramWriter.h"

#include "compiler/program/GraphWriter.h"
#include "compiler/program/RecordWriter.h"
#include "dialects/onnx/TensorFacts.h"
#include "runtime/artifact/memory_order.h"
#include "runtime/artifact/program_verifier.h"

using namespace mlir;

namespace heddle {

namespace fb = program;

static_assert(onnx::kMostDims <= kMaxRank, "what is imported has to be loaded again");

static void collectGraphs(ModuleOp module, task::GraphOp graph,
                          llvm::SetVector<task::GraphOp> &graphs) {
  graphs.insert(graph);
  graph.walk([&](task::ControlOp control) {
    for (task::GraphOp inner : graphsOf(module, control))
      collectGraphs(module, inner, graphs);
  });
}

/// What the model's properties say of its licence; there is no agreed name for it.
static std::string licenceOf(DictionaryAttr metadata) {
  auto properties = metadata ? metadata.getAs<DictionaryAttr>("properties") : DictionaryAttr();
  if (properties)
    for (StringRef key : {"license", "licence", "License", "Licence", "model_license", "LICENSE"})
      if (auto value = properties.getAs<StringAttr>(key))
        return value.getValue().str();
  return "";
}

static flatbuffers::Offset<fb::Metadata> writeMetadata(flatbuffers::FlatBufferBuilder &buffer,
                                                       DictionaryAttr metadata) {
  auto text = [&](StringRef name) {
    auto value = metadata ? metadata.getAs<StringAttr>(name) : StringAttr();
    return buffer.CreateString(value ? value.getValue().str() : std::string());
  };
  auto number = [&](StringRef name) -> int64_t {
    auto value = metadata ? metadata.getAs<IntegerAttr>(name) : IntegerAttr();
    return value ? value.getInt() : 0;
  };
  std::vector<flatbuffers::Offset<fb::OperatorCount>> operators;
  if (auto counts = metadata ? metadata.getAs<DictionaryAttr>("operators") : DictionaryAttr())
    for (NamedAttribute count : counts)
      operators.push_back(fb::CreateOperatorCountDirect(
          buffer, count.getName().str().c_str(), cast<IntegerAttr>(count.getValue()).getInt()));
  auto producer = buffer.CreateString("heddle " HEDDLE_VERSION);
  auto opsets = metadata ? metadata.getAs<DictionaryAttr>("opsets") : DictionaryAttr();
  auto opset = opsets ? opsets.getAs<IntegerAttr>("ai.onnx") : IntegerAttr();
  auto source = text("source"), digest = text("source_digest"), by = text("producer"),
       licence = buffer.CreateString(licenceOf(metadata));
  return fb::CreateMetadata(buffer, producer, source, digest, by, licence,
                            opset ? opset.getInt() : 0, number("parameters"),
                            buffer.CreateVector(operators));
}

/// What the runtime takes for granted of a program, and what is too dear to check at load.
static absl::Status verify(ArrayRef<uint8_t> program, uint64_t weightBytes) {
  absl::StatusOr<DecodedProgram> decoded = DecodeProgram({program.data(), program.size()});
  if (!decoded.ok())
    return decoded.status();
  if (absl::Status status = VerifyProgram(*decoded, weightBytes); !status.ok())
    return status;
  return VerifyMemoryOrder(*decoded);
}

llvm::SetVector<task::GraphOp> graphsFrom(ModuleOp module, task::GraphOp graph) {
  llvm::SetVector<task::GraphOp> graphs;
  collectGraphs(module, graph, graphs);
  return graphs;
}

FailureOr<std::vector<uint8_t>> writeProgram(ModuleOp module, task::GraphOp main,
                                             const codegen::NativeCode &code, unsigned cores,
                                             DictionaryAttr metadata, WeightLayout &weights) {
  llvm::SetVector<task::GraphOp> graphs = graphsFrom(module, main);
  llvm::StringMap<uint32_t> graphIndex, kernelIndex;
  for (task::GraphOp graph : graphs)
    graphIndex.try_emplace(graph.getSymName(), graphIndex.size());
  for (auto [i, kernel] : llvm::enumerate(code.kernels))
    kernelIndex[kernel] = i;

  flatbuffers::FlatBufferBuilder buffer(1 << 16);
  std::vector<flatbuffers::Offset<fb::Graph>> graphOffsets;
  Records records;
  for (task::GraphOp graph : graphs) {
    GraphWriter writer(buffer, graph, graphIndex, kernelIndex,
                       [&](task::ConstantOp constant) { return weights.place(constant); });
    if (graph == main)
      records = writeRecords(buffer, main, writer);
    auto offset = writer.write();
    if (failed(offset))
      return failure();
    graphOffsets.push_back(*offset);
  }
  auto graphsOffset = buffer.CreateVector(graphOffsets);
  auto kernels = buffer.CreateVectorOfStrings(code.kernels);
  auto imports = buffer.CreateVectorOfStrings(code.imports);
  auto metadataOffset = writeMetadata(buffer, metadata);
  fb::FinishProgramBuffer(buffer, fb::CreateProgram(buffer, graphsOffset, kernels, imports, cores,
                                                    metadataOffset, records.constructs,
                                                    records.sequential));
  std::vector<uint8_t> bytes(buffer.GetBufferPointer(),
                             buffer.GetBufferPointer() + buffer.GetSize());
  if (absl::Status status = verify(bytes, weights.bytes()); !status.ok())
    return module.emitError("the program written is wrong: ") << std::string(status.message());
  return bytes;
}

} // namespace heddle
