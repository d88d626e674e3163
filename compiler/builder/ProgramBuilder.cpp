// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/builder/ProgramBuilder.h"

#include "dialects/heddle/CacheOps.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"
#include "frontends/onnx/SourceNode.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;

namespace heddle {

ProgramBuilder::ProgramBuilder(MLIRContext &context, StringRef name)
    : builder(&context), module(ModuleOp::create(NameLoc::get(builder.getStringAttr(name)))) {
  builder.setInsertionPointToEnd(module->getBody());
  main = func::FuncOp::create(builder, module->getLoc(), "main", builder.getFunctionType({}, {}));
  builder.setInsertionPointToEnd(main.addEntryBlock());
  shapes.emplace(module->getOperation());
}

bool ProgramBuilder::fail(const Twine &message) {
  if (firstError.empty())
    firstError = message.str();
  return false;
}

Location ProgramBuilder::location(StringRef op) {
  return NameLoc::get(builder.getStringAttr(op + "_" + Twine(operations++)));
}

ProgramBuilder::Id ProgramBuilder::remember(Value value) {
  values.push_back(value);
  return static_cast<Id>(values.size() - 1);
}

std::vector<ProgramBuilder::Id> ProgramBuilder::remember(ValueRange all) {
  std::vector<Id> ids;
  for (Value value : all)
    ids.push_back(remember(value));
  return ids;
}

bool ProgramBuilder::lookUp(ArrayRef<Id> ids, SmallVectorImpl<Value> &found) {
  for (Id id : ids) {
    if (id < 0 || static_cast<size_t>(id) >= values.size())
      return fail("there is no value " + Twine(id));
    // A value of a region is gone when the region is closed, whatever happens outside.
    Region *from = values[id].getParentRegion();
    if (!from->isAncestor(builder.getInsertionBlock()->getParent()))
      return fail("value " + Twine(id) + " belongs to a region that is closed; yield it there");
    found.push_back(values[id]);
  }
  return true;
}

ProgramBuilder::Id ProgramBuilder::input(StringRef name, RankedTensorType type) {
  if (!firstError.empty())
    return kNoValue;
  for (unsigned i = 0; i < main.getNumArguments(); ++i)
    if (main.getArgAttrOfType<StringAttr>(i, "heddle.name") == name)
      return fail("there are two inputs '" + name + "'"), kNoValue;
  auto attributes =
      builder.getDictionaryAttr(builder.getNamedAttr("heddle.name", builder.getStringAttr(name)));
  if (failed(main.insertArgument(main.getNumArguments(), type, attributes, module->getLoc())))
    return fail("input '" + name + "' cannot be added"), kNoValue;
  Value argument = main.getArguments().back();
  shapes->setFacts(argument, type.getElementType(), getDims(type));
  return remember(argument);
}

ProgramBuilder::Id ProgramBuilder::constant(RankedTensorType type, ArrayRef<char> bytes) {
  if (!firstError.empty())
    return kNoValue;
  bool isSplat = false;
  if (!type.hasStaticShape() || !DenseElementsAttr::isValidRawBuffer(type, bytes, isSplat))
    return fail("a constant has " + Twine(bytes.size()) + " bytes, which do not fill its type"),
           kNoValue;
  OperationState state(location("Constant"), onnx::ConstantOp::getOperationName());
  state.addAttribute("value", DenseElementsAttr::getFromRawBuffer(type, bytes));
  state.addTypes(type);
  Operation *op = builder.create(state);
  ErrorKeeper errors(context());
  return infer(op, errors) ? remember(op->getResult(0)) : kNoValue;
}

bool ProgramBuilder::parseAttributes(StringRef text, NamedAttrList &attributes) {
  if (text.trim().empty())
    return true;
  ErrorKeeper errors(context());
  auto parsed =
      dyn_cast_or_null<DictionaryAttr>(parseAttribute(("{" + text + "}").str(), context()));
  if (!parsed)
    return fail("'" + text + "' is not a list of attributes: " + errors.message);
  attributes.append(parsed.getValue());
  return true;
}

/// Gives a new operation's results their types; without them it goes again.
bool ProgramBuilder::infer(Operation *op, const ErrorKeeper &errors) {
  LogicalResult inferred = shapes->inferOperation(op);
  if (succeeded(inferred))
    for (Value result : op->getResults())
      if (const onnx::TensorFacts *facts = shapes->lookup(result);
          facts && isa<TensorType, CacheType, SnapshotType>(result.getType()))
        result.setType(
            withTensor(result.getType(), tensorWithDims(facts->dims, facts->elementType)));
  if (succeeded(inferred) && succeeded(verify(op)))
    return true;
  op->erase();
  return fail(errors.message);
}

ProgramBuilder::Id ProgramBuilder::await(Id id) {
  SmallVector<Value> future;
  if (!firstError.empty() || !lookUp(id, future))
    return kNoValue;
  if (!isa<FutureType>(future[0].getType()))
    return fail("await takes what a spawn made"), kNoValue;
  auto op = AwaitOp::create(builder, location("await"), future[0]);
  ErrorKeeper errors(context());
  return infer(op, errors) ? remember(op.getValue()) : kNoValue;
}

ProgramBuilder::Id ProgramBuilder::cache(StringRef what, ArrayRef<Id> inputs) {
  SmallVector<Value> operands;
  if (!firstError.empty() || !lookUp(inputs, operands))
    return kNoValue;
  if (!is_contained({"open", "append", "view", "snapshot", "fork", "truncate"}, what))
    return fail("a cache has no '" + what +
                "'; there are open, append, view, snapshot, fork and "
                "truncate"),
           kNoValue;
  size_t count = what == "append" || what == "truncate" ? 2 : 1;
  RankedTensorType tensor = operands.empty() ? RankedTensorType() : tensorOf(operands[0].getType());
  if (operands.size() != count || !tensor || tensor.getRank() == 0)
    return fail(what + " takes " +
                (what == "open" ? "a tensor of one or more dimensions" : "a cache") +
                (what == "append"     ? " and entries"
                 : what == "truncate" ? " and a length"
                                      : "")),
           kNoValue;
  OperationState state(location(what), ("heddle.cache." + what).str());
  state.addOperands(operands);
  state.addTypes(what == "view"       ? Type(tensor)
                 : what == "snapshot" ? Type(SnapshotType::get(context(), tensor))
                                      : Type(CacheType::get(context(), tensor)));
  ErrorKeeper errors(context());
  Operation *op = builder.create(state);
  return infer(op, errors) ? remember(op->getResult(0)) : kNoValue;
}

std::vector<ProgramBuilder::Id> ProgramBuilder::add(StringRef name, ArrayRef<Id> inputs,
                                                    StringRef attributes, size_t results) {
  std::vector<Id> none(results, kNoValue);
  if (!firstError.empty())
    return none;
  SourceNode node(location(name));
  node.label = (name + "_" + Twine(operations)).str();
  node.op = name.str();
  ArrayRef<OperatorVersion> versions = findVersions("", name);
  if (versions.empty())
    return fail("there is no operator '" + name + "'"), none;
  node.version = versions.back().since;
  for (Id id : inputs) {
    SmallVector<Value> operand(1);
    if (id != kNoValue && (operand.clear(), !lookUp(id, operand)))
      return none;
    if (operand[0] && !isa<TensorType>(operand[0].getType()))
      return fail(name + ": an operand is not a tensor; await it"), none;
    node.operands.push_back(operand[0]);
  }
  if (!parseAttributes(attributes, node.attributes))
    return none;
  node.wanted.assign(results, true);
  ErrorKeeper errors(context());
  absl::StatusOr<SmallVector<Value>> made = createOperation(builder, node);
  if (!made.ok())
    return fail(Twine(node.describe()) + ": " + std::string(made.status().message())), none;
  if (made->empty() || !infer(made->front().getDefiningOp(), errors))
    return none;
  return remember(ValueRange(*made));
}

void ProgramBuilder::output(StringRef name, Id value) {
  SmallVector<Value> found;
  if (!firstError.empty() || !lookUp(value, found))
    return;
  if (!isa<TensorType>(found[0].getType())) {
    fail("output '" + name + "' is not a tensor; await it, or view it");
    return;
  }
  outputs.emplace_back(name.str(), found[0]);
}

OwningOpRef<ModuleOp> ProgramBuilder::take() {
  if (!open.empty())
    fail("an operation with regions is not ended");
  if (outputs.empty())
    fail("the program has no outputs");
  if (!firstError.empty())
    return {};
  SmallVector<Value> results;
  for (auto &[name, value] : outputs)
    results.push_back(value);
  func::ReturnOp::create(builder, module->getLoc(), results);
  main.setType(builder.getFunctionType(main.getArgumentTypes(), ValueRange(results).getTypes()));
  for (auto [i, output] : llvm::enumerate(outputs))
    main.setResultAttr(i, "heddle.name", builder.getStringAttr(output.first));
  return std::move(module);
}

} // namespace heddle
