// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/plan/PlanModule.h"

#include "compiler/plan/PlanAttributes.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace heddle {

static ToolOp declareTool(OpBuilder &b, const ToolDescription &tool) {
  static constexpr llvm::StringLiteral kEffects[] = {"pure", "read", "write"};
  auto op = ToolOp::create(b, b.getUnknownLoc(), b.getStringAttr(tool.name),
                           b.getStringAttr(kEffects[static_cast<int>(tool.effects)]),
                           b.getStringAttr(tool.resource));
  if (tool.idempotent)
    op->setAttr("idempotent", b.getUnitAttr());
  if (tool.cost_ms)
    op->setAttr("cost_ms", b.getF64FloatAttr(*tool.cost_ms));
  if (tool.batch_size)
    op->setAttr("batch", b.getI64IntegerAttr(*tool.batch_size));
  return op;
}

ToolDescription exportTool(ToolOp op) {
  ToolDescription tool;
  tool.name = op.getSymName().str();
  tool.effects = op.getEffects() == "pure"   ? ToolEffects::kPure
                 : op.getEffects() == "read" ? ToolEffects::kRead
                                             : ToolEffects::kWrite;
  tool.resource = op.getResource().str();
  tool.idempotent = op->hasAttr("idempotent");
  if (auto cost = op->getAttrOfType<FloatAttr>("cost_ms"))
    tool.cost_ms = cost.getValueAsDouble();
  if (auto batch = op->getAttrOfType<IntegerAttr>("batch"))
    tool.batch_size = batch.getInt();
  return tool;
}

FailureOr<OwningOpRef<ModuleOp>> importPlan(MLIRContext &context, const Plan &plan,
                                            const DescriptionOf &descriptionOf) {
  context.loadDialect<HeddleDialect, func::FuncDialect>();
  Location loc = UnknownLoc::get(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
  llvm::StringSet<llvm::MallocAllocator> declared;
  for (const PlanCall &call : plan.calls)
    if (const ToolDescription *tool = descriptionOf(call.tool);
        tool && declared.insert(call.tool).second)
      declareTool(b, *tool);

  auto valueType = ValueType::get(&context);
  auto function = func::FuncOp::create(b, loc, "plan", b.getFunctionType({}, valueType));
  b.setInsertionPointToStart(function.addEntryBlock());
  llvm::DenseMap<CallId, Value> results;
  auto valuesOf = [&](llvm::ArrayRef<CallId> ids) {
    return llvm::map_to_vector(ids, [&](CallId id) { return results.lookup(id); });
  };
  for (const PlanCall &call : plan.calls) {
    ArgumentAttributes arguments(context);
    Attribute dictionary = arguments.of(Template{call.arguments, call.where});
    if (!dictionary)
      return emitError(loc) << "call " << call.id << ": " << arguments.problem();
    auto op =
        CallToolOp::create(b, loc, valueType, b.getI64IntegerAttr(call.id),
                           FlatSymbolRefAttr::get(&context, call.tool), valuesOf(arguments.calls()),
                           valuesOf(call.after), cast<DictionaryAttr>(dictionary));
    results[call.id] = op.getResult();
  }
  ArgumentAttributes arguments(context);
  Template::List list;
  if (plan.join)
    list.elements = plan.join->arguments;
  Attribute joined = arguments.of(Template{std::move(list), {}});
  if (!joined)
    return emitError(loc) << "join: " << arguments.problem();
  auto join =
      JoinOp::create(b, loc, valueType, valuesOf(arguments.calls()), cast<ArrayAttr>(joined));
  func::ReturnOp::create(b, loc, join.getResult());
  return module;
}

Plan exportPlan(func::FuncOp function) {
  auto idOf = [](Value value) { return CallId(value.getDefiningOp<CallToolOp>().getId()); };
  Plan plan;
  function.walk([&](Operation *op) {
    if (auto call = dyn_cast<CallToolOp>(op)) {
      auto ids = llvm::map_to_vector(call.getInputs(), idOf);
      PlanCall exported;
      exported.id = call.getId();
      exported.tool = call.getTool().str();
      exported.arguments = std::get<Template::Object>(templateOf(call.getArguments(), ids).node);
      for (Value after : call.getAfter())
        exported.after.push_back(idOf(after));
      plan.calls.push_back(std::move(exported));
    } else if (auto join = dyn_cast<JoinOp>(op)) {
      auto ids = llvm::map_to_vector(join.getInputs(), idOf);
      plan.join.emplace();
      for (Attribute argument : join.getArguments())
        plan.join->arguments.push_back(templateOf(argument, ids));
    }
  });
  return plan;
}

} // namespace heddle
