// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sub-graphs of If, Loop and Scan as regions.

#include "dialects/onnx/Onnx.h"
#include "frontends/onnx/GraphImporter.h"
#include "frontends/onnx/ImportTypes.h"
#include "frontends/onnx/TensorData.h"

using namespace mlir;

namespace heddle {

/// The type of a body's argument that is a scalar by its operator's definition. Some exporters give
/// it one dimension of size 1 instead, and their bodies rely on it.
static Type scalarArgument(const onnx_model::GraphProto &graph, int index, Type elementType) {
  SmallVector<int64_t> dims;
  if (index < graph.input_size() && graph.input(index).type().tensor_type().shape().dim_size() == 1)
    dims.push_back(1);
  return RankedTensorType::get(dims, elementType);
}

absl::Status GraphImporter::importRegion(const onnx_model::GraphProto &graph,
                                         ArrayRef<Type> argumentTypes, SourceNode &node,
                                         Scope &scope) {
  if (graph.input_size() != static_cast<int>(argumentTypes.size()))
    return invalidInput("its sub-graph '" + graph.name() + "' has " +
                        llvm::Twine(graph.input_size()) + " inputs, the operator gives it " +
                        llvm::Twine(argumentTypes.size()));
  OpBuilder::InsertionGuard guard(builder);
  auto region = std::make_unique<Region>();
  Block *block = builder.createBlock(region.get());
  Scope inner;
  inner.parent = &scope;
  inner.frame = scope.frame;
  for (auto [input, type] : llvm::zip(graph.input(), argumentTypes)) {
    int32_t declared = input.type().tensor_type().elem_type();
    int32_t given = dataTypeFor(cast<ShapedType>(type).getElementType());
    if (declared && declared != given)
      return invalidInput("its sub-graph's input '" + input.name() + "' is declared as " +
                          dataTypeName(declared) + " but gets " + dataTypeName(given));
    Location loc = locationOf(input.name(), "", scope.frame);
    if (input.name().empty())
      return invalidInput("its sub-graph has an input without a name");
    HEDDLE_RETURN_IF_ERROR(define(inner, input.name(), block->addArgument(type, loc)));
  }
  HEDDLE_RETURN_IF_ERROR(importGraph(graph, inner));
  HEDDLE_ASSIGN_OR_RETURN(SmallVector<Value> outputs, outputsOf(graph, inner));
  onnx::YieldOp::create(builder, node.loc, outputs);
  node.regions.push_back(std::move(region));
  return absl::OkStatus();
}

absl::Status GraphImporter::importRegions(const Attributes &attributes, SourceNode &node,
                                          Scope &scope) {
  if (!node.domain.empty() || (node.op != "If" && node.op != "Loop" && node.op != "Scan"))
    return absl::OkStatus();
  auto graphOf = [&](StringRef name) -> const onnx_model::GraphProto & {
    auto found = llvm::find_if(attributes, [&](const auto &a) { return name == a.first; });
    return found->second->g(); // required, so it is there
  };
  auto unranked = [](Value value) -> Type {
    return UnrankedTensorType::get(elementTypeOfValue(value));
  };
  SmallVector<Type> types;
  if (node.op == "If") {
    HEDDLE_RETURN_IF_ERROR(importRegion(graphOf("else_branch"), {}, node, scope));
    HEDDLE_RETURN_IF_ERROR(importRegion(graphOf("then_branch"), {}, node, scope));
    return checkControlFlow(node);
  }
  const onnx_model::GraphProto &body = graphOf("body");
  if (node.op == "Loop") {
    types.push_back(scalarArgument(body, 0, builder.getI64Type()));
    types.push_back(scalarArgument(body, 1, builder.getI1Type()));
    for (Value carried :
         llvm::drop_begin(node.operands, std::min<size_t>(2, node.operands.size()))) {
      if (!carried)
        return invalidInput("a loop-carried value is left out");
      types.push_back(unranked(carried));
    }
  } else {
    // Version 8 has an operand for sequence lengths before the others.
    for (Value value : llvm::drop_begin(node.operands, node.version < 9 ? 1 : 0)) {
      if (!value)
        return invalidInput("a state or scanned value is left out");
      types.push_back(unranked(value));
    }
  }
  HEDDLE_RETURN_IF_ERROR(importRegion(body, types, node, scope));
  return checkControlFlow(node);
}

/// The sub-graphs' outputs against the node's: how many, and of which element types.
absl::Status GraphImporter::checkControlFlow(SourceNode &node) {
  ValueRange yields = yieldedValues(*node.regions.front());
  size_t results = yields.size();
  auto sameType = [&](Value a, Value b, const llvm::Twine &what) -> absl::Status {
    Type left = elementTypeOfValue(a), right = elementTypeOfValue(b);
    if (left == right)
      return absl::OkStatus();
    return invalidInput(what + " is " + dataTypeName(dataTypeFor(left)) + " on one side and " +
                        dataTypeName(dataTypeFor(right)) + " on the other");
  };
  if (node.op == "If") {
    ValueRange other = yieldedValues(*node.regions.back());
    if (other.size() != yields.size())
      return invalidInput("its branches have " + llvm::Twine(other.size()) + " and " +
                          llvm::Twine(yields.size()) + " outputs");
    for (size_t i = 0; i < yields.size(); ++i)
      HEDDLE_RETURN_IF_ERROR(
          sameType(yields[i], other[i], "output " + llvm::Twine(i) + " of its branches"));
  } else if (node.op == "Loop") {
    size_t carried = node.operands.size() > 2 ? node.operands.size() - 2 : 0;
    if (yields.size() < 1 + carried)
      return invalidInput("its body has fewer outputs than it carries values");
    if (!elementTypeOfValue(yields[0]).isInteger(1))
      return invalidInput("its body's condition is not a bool");
    for (size_t i = 0; i < carried; ++i)
      HEDDLE_RETURN_IF_ERROR(
          sameType(node.operands[2 + i], yields[1 + i], "loop-carried value " + llvm::Twine(i)));
    results = yields.size() - 1;
  } else {
    size_t skipped = node.version < 9 ? 1 : 0;
    auto scanned = dyn_cast_or_null<IntegerAttr>(node.attributes.get("num_scan_inputs"));
    int64_t values = static_cast<int64_t>(node.operands.size() - skipped);
    if (!scanned || scanned.getInt() < 1 || scanned.getInt() > values)
      return invalidInput("its num_scan_inputs does not fit its " + llvm::Twine(values) +
                          " inputs");
    size_t states = static_cast<size_t>(values - scanned.getInt());
    if (yields.size() < states)
      return invalidInput("its body has fewer outputs than it has states");
    for (size_t i = 0; i < states; ++i)
      HEDDLE_RETURN_IF_ERROR(
          sameType(node.operands[skipped + i], yields[i], "state " + llvm::Twine(i)));
  }
  if (node.wanted.size() > results)
    return invalidInput("it has " + llvm::Twine(node.wanted.size()) +
                        " outputs, its sub-graph gives " + llvm::Twine(results));
  node.wanted.resize(results, false);
  return absl::OkStatus();
}

absl::Status GraphImporter::importDeclarations(const onnx_model::NodeProto &proto,
                                               ArrayRef<Value> results) {
  for (const onnx_model::StringPair &property : proto.metadata_props()) {
    if (property.key() != "heddle.associative" || property.value() == "false")
      continue;
    Operation *op = results.empty() ? nullptr : results.front().getDefiningOp();
    if (property.value() != "true")
      return invalidInput("its property 'heddle.associative' is '" + property.value() +
                          "'; it must be true or false");
    if (!isa_and_nonnull<onnx::LoopOp, onnx::ScanOp>(op))
      return invalidInput("its property 'heddle.associative' is for the steps of a Loop or Scan");
    op->setAttr("heddle.associative", builder.getUnitAttr());
  }
  return absl::OkStatus();
}

} // namespace heddle
