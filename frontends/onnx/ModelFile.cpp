// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ModelFile.h"

#include "frontends/onnx/ImportOnnx.h"
#include "frontends/onnx/Status.h"
#include "frontends/onnx/onnx_model.pb.h"

#include <google/protobuf/io/coded_stream.h>
#include <limits>
#include <vector>

namespace heddle {

// A sub-graph is three messages deeper than the graph around it (node, attribute, graph); the rest
// is for what a graph holds.
static constexpr int deepestMessages = 3 * static_cast<int>(deepestNesting) + 40;

namespace {

/// Walks over the fields of a message that is not parsed, only to tell why it could not be.
class FieldReader {
public:
  explicit FieldReader(std::string_view bytes) : bytes(bytes) {}

  bool atEnd() const { return bytes.empty(); }

  /// Reads a field; `content` is that of length-delimited ones. False where it is malformed.
  bool next(uint32_t &number, std::string_view &content, bool &hasContent) {
    uint64_t tag, length = 0;
    if (!varint(tag))
      return false;
    number = static_cast<uint32_t>(tag >> 3);
    hasContent = (tag & 7) == 2;
    switch (tag & 7) {
    case 0:
      return varint(length);
    case 1:
      return skip(8);
    case 5:
      return skip(4);
    case 2:
      if (!varint(length) || length > bytes.size())
        return false;
      content = bytes.substr(0, length);
      return skip(length);
    default:
      return false;
    }
  }

private:
  bool varint(uint64_t &value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
      auto byte = static_cast<unsigned char>(bytes[0]);
      bytes.remove_prefix(1);
      value |= uint64_t(byte & 0x7f) << shift;
      if (byte < 0x80)
        return true;
    }
    return false;
  }
  bool skip(uint64_t count) {
    if (count > bytes.size())
      return false;
    bytes.remove_prefix(count);
    return true;
  }

  std::string_view bytes;
};

/// The messages on the way from a model to its sub-graphs.
enum class Level { Model, Graph, Node, Attribute };

} // namespace

/// Whether sub-graphs nest deeper than is allowed. Iterative, as the nesting is the file's.
static bool nestsTooDeep(std::string_view bytes) {
  struct Frame {
    FieldReader reader;
    Level level;
    unsigned graphs;
  };
  std::vector<Frame> stack{{FieldReader(bytes), Level::Model, 0}};
  while (!stack.empty()) {
    Frame &frame = stack.back();
    uint32_t number;
    std::string_view content;
    bool hasContent;
    if (frame.reader.atEnd() || !frame.reader.next(number, content, hasContent)) {
      stack.pop_back();
      continue;
    }
    if (!hasContent)
      continue;
    unsigned graphs = frame.graphs;
    if (frame.level == Level::Model && number == onnx_model::ModelProto::kGraphFieldNumber)
      stack.push_back({FieldReader(content), Level::Graph, graphs});
    else if (frame.level == Level::Graph && number == onnx_model::GraphProto::kNodeFieldNumber)
      stack.push_back({FieldReader(content), Level::Node, graphs});
    else if (frame.level == Level::Node && number == onnx_model::NodeProto::kAttributeFieldNumber)
      stack.push_back({FieldReader(content), Level::Attribute, graphs});
    else if (frame.level == Level::Attribute &&
             (number == onnx_model::AttributeProto::kGFieldNumber ||
              number == onnx_model::AttributeProto::kGraphsFieldNumber)) {
      if (graphs + 1 > deepestNesting)
        return true;
      stack.push_back({FieldReader(content), Level::Graph, graphs + 1});
    }
  }
  return false;
}

static absl::Status checkVersions(const onnx_model::ModelProto &model) {
  if (!model.has_graph() || (!model.has_ir_version() && model.opset_import_size() == 0))
    return invalidInput("not an ONNX model: it has no graph or no version");
  if (model.ir_version() > newestIrVersion)
    return invalidInput("the model has IR version " + llvm::Twine(model.ir_version()) +
                        ", the newest that is supported is " + llvm::Twine(newestIrVersion));
  if (model.opset_import_size() == 0 && model.ir_version() >= 3)
    return invalidInput("the model names no operator set (opset_import)");
  for (const onnx_model::OperatorSetProto &opset : model.opset_import()) {
    bool isMl = opset.domain() == "ai.onnx.ml";
    bool isMain = opset.domain().empty() || opset.domain() == "ai.onnx";
    int64_t newest = isMl ? newestMlOpset : newestOpset;
    if ((isMl || isMain) && (opset.version() > newest || opset.version() < 1))
      return invalidInput("the model has opset " + llvm::Twine(opset.version()) + " of " +
                          (isMl ? "ai.onnx.ml" : "ai.onnx") + ", supported are 1 to " +
                          llvm::Twine(newest));
  }
  return absl::OkStatus();
}

absl::Status parseModel(std::string_view bytes, onnx_model::ModelProto &model) {
  if (bytes.empty())
    return invalidInput("the file is empty");
  if (bytes.size() > std::numeric_limits<int>::max())
    return invalidInput("a model file holds at most 2 GiB; save the weights as external data");
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t *>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetRecursionLimit(deepestMessages);
  if (!model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    if (nestsTooDeep(bytes))
      return invalidInput("sub-graphs nest deeper than " + llvm::Twine(deepestNesting) + " levels");
    return invalidInput("not an ONNX model, or a damaged or truncated one");
  }
  return checkVersions(model);
}

} // namespace heddle
