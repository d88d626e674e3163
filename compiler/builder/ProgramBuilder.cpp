// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/builder/ProgramBuilder.h"

#include "compiler/parallel/loops/DeclaredStep.h"
#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"
#include "frontends/onnx/SourceNode.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;

namespace heddle {

/// Keeps the first error that is emitted while it lives.
class ProgramBuilder::ErrorKeeper {
public:
  explicit ErrorKeeper(MLIRContext *context)
      : handler(context, [this](Diagnostic &diagnostic) {
          if (message.empty() && diagnostic.getSeverity() == DiagnosticSeverity::Error)
            message = diagnostic.str();
          return success();
        }) {}
  std::string message;

private:
  ScopedDiagnosticHandler handler;
};

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
  auto attributes = builder.getDictionaryAttr(
      builder.getNamedAttr("heddle.name", builder.getStringAttr(name)));
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
  auto parsed = dyn_cast_or_null<DictionaryAttr>(parseAttribute(("{" + text + "}").str(), context()));
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
          facts && isa<TensorType>(result.getType()))
        result.setType(tensorWithDims(facts->dims, facts->elementType));
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
    fail("output '" + name + "' is not a tensor; await it");
    return;
  }
  outputs.emplace_back(name.str(), found[0]);
}

void ProgramBuilder::begin(StringRef op, ArrayRef<Id> inputs, StringRef attributes, size_t states) {
  if (!firstError.empty())
    return;
  if (!is_contained({"spawn", "map", "streams", "scan"}, op)) {
    fail("'" + op + "' has no regions to build; there are spawn, map, streams and scan");
    return;
  }
  SmallVector<Value> operands;
  Open next{OperationState(location(op), ("heddle." + op).str()), builder.saveInsertionPoint(),
            states};
  if (!lookUp(inputs, operands) || !parseAttributes(attributes, next.state.attributes))
    return;
  for (Value operand : operands)
    if (!isa<RankedTensorType>(operand.getType())) {
      fail(op + ": an input is not a tensor");
      return;
    }
  if (op == "scan" && (states == 0 || states >= operands.size())) {
    fail("a scan needs states and elements");
    return;
  }
  next.state.addOperands(operands);
  if (op == "scan")
    next.state.addAttribute("operandSegmentSizes",
                            builder.getDenseI32ArrayAttr(
                                {int32_t(states), int32_t(operands.size() - states)}));
  open.push_back(std::move(next));
}

/// Of the region that is opened next.
SmallVector<Type> ProgramBuilder::argumentTypes(const Open &open) {
  SmallVector<Type> types;
  ValueRange operands(open.state.operands);
  auto addElements = [&](ValueRange of) {
    for (Value value : of) {
      auto type = cast<RankedTensorType>(value.getType());
      if (type.getRank() == 0)
        return fail("an element has no axis 0 to go along");
      types.push_back(tensorWithDims(ArrayRef(getDims(type)).drop_front(), type.getElementType()));
    }
    return true;
  };
  StringRef name = open.state.name.getStringRef();
  if (name == MapOp::getOperationName()) {
    addElements(operands);
  } else if (name == StreamsOp::getOperationName()) {
    auto count = dyn_cast_or_null<IntegerAttr>(open.state.attributes.get("count"));
    if (!count || count.getInt() < 1 || operands.size() % count.getInt() != 0)
      fail("streams needs `count`, and as many operands for each stream");
    else
      llvm::append_range(types, operands.take_front(operands.size() / count.getInt()).getTypes());
  } else if (name == ScanOp::getOperationName()) {
    bool isApply = open.state.regions.empty();
    ValueRange elements = operands.drop_front(open.states);
    if (isApply)
      llvm::append_range(types, operands.take_front(open.states).getTypes());
    else
      addElements(elements);
    addElements(elements);
  }
  return types;
}

std::vector<ProgramBuilder::Id> ProgramBuilder::region() {
  if (!firstError.empty())
    return {};
  if (open.empty() || open.back().inRegion)
    return fail("there is no operation whose region could be opened"), std::vector<Id>();
  Open &current = open.back();
  size_t most = current.state.name.getStringRef() == ScanOp::getOperationName() ? 2 : 1;
  if (current.state.regions.size() >= most)
    return fail("all of the operation's regions are there"), std::vector<Id>();
  SmallVector<Type> types = argumentTypes(current);
  if (!firstError.empty())
    return {};
  // While it is built the region stands in the program, in an operation that is replaced at the end.
  builder.restoreInsertionPoint(current.after);
  auto holder = SpawnOp::create(builder, current.state.location, TypeRange());
  Block &block = holder.getBody().emplaceBlock();
  block.addArguments(types, SmallVector<Location>(types.size(), current.state.location));
  for (BlockArgument argument : block.getArguments()) {
    auto type = cast<RankedTensorType>(argument.getType());
    shapes->setFacts(argument, type.getElementType(), getDims(type));
  }
  current.inRegion = true;
  builder.setInsertionPointToEnd(&block);
  return remember(block.getArguments());
}

void ProgramBuilder::yield(ArrayRef<Id> ids) {
  SmallVector<Value> yielded;
  if (!firstError.empty())
    return;
  if (open.empty() || !open.back().inRegion) {
    fail("there is no region to yield from");
    return;
  }
  if (!lookUp(ids, yielded))
    return;
  Open &current = open.back();
  YieldOp::create(builder, current.state.location, yielded);
  Operation *holder = builder.getInsertionBlock()->getParentOp();
  current.state.addRegion()->takeBody(holder->getRegion(0));
  current.inRegion = false;
  builder.restoreInsertionPoint(current.after);
  holder->erase();
}

bool ProgramBuilder::addResultTypes(Open &current) {
  OperationState &state = current.state;
  StringRef name = state.name.getStringRef();
  if (state.regions.empty())
    return fail(name + " has no region");
  TypeRange yielded = state.regions.front()->front().getTerminator()->getOperandTypes();
  auto stacked = [&](Type element) {
    Dims dims = {getDims(cast<RankedTensorType>(state.operands.back().getType())).front()};
    auto type = cast<RankedTensorType>(element);
    llvm::append_range(dims, getDims(type));
    return tensorWithDims(dims, type.getElementType());
  };
  if (name == SpawnOp::getOperationName()) {
    for (Type type : yielded)
      state.addTypes(FutureType::get(context(), type));
  } else if (name == StreamsOp::getOperationName()) {
    int64_t count = cast<IntegerAttr>(state.attributes.get("count")).getInt();
    for (int64_t stream = 0; stream < count; ++stream)
      state.addTypes(yielded);
  } else {
    if (name == ScanOp::getOperationName())
      state.addTypes(yielded);
    for (Type type : yielded)
      state.addTypes(stacked(type));
  }
  return true;
}

std::vector<ProgramBuilder::Id> ProgramBuilder::end() {
  if (!firstError.empty())
    return {};
  if (open.empty() || open.back().inRegion)
    return fail("there is no operation to end"), std::vector<Id>();
  Open current = std::move(open.back());
  open.pop_back();
  if (!addResultTypes(current))
    return {};
  // A scan whose step is its combiner too.
  OperationState &state = current.state;
  bool declared = state.name.getStringRef() == ScanOp::getOperationName() && state.regions.size() == 1;
  if (declared)
    state.addRegion();
  ErrorKeeper errors(context());
  Operation *op = builder.create(state);
  if (declared)
    declareAssociative(cast<ScanOp>(op));
  return infer(op, errors) ? remember(op->getResults()) : std::vector<Id>();
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
