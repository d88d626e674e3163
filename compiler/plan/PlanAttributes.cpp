// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/plan/PlanAttributes.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace heddle {

Attribute ArgumentAttributes::of(const Template &argument) {
  return std::visit([&](const auto &node) { return of(node); }, argument.node);
}

template <typename Range> Attribute ArgumentAttributes::arrayOf(const Range &elements) {
  SmallVector<Attribute> attributes;
  for (const auto &element : elements) {
    attributes.push_back(of(element));
    if (!attributes.back())
      return {};
  }
  return builder.getArrayAttr(attributes);
}

Attribute
ArgumentAttributes::dictionaryOf(llvm::ArrayRef<std::pair<llvm::StringRef, Attribute>> members) {
  SmallVector<NamedAttribute> attributes;
  for (auto [name, value] : members) {
    if (!value)
      return {};
    if (name.empty()) {
      why = "an object has a member without a name";
      return {};
    }
    attributes.push_back(builder.getNamedAttr(name, value));
  }
  return builder.getDictionaryAttr(attributes);
}

Attribute ArgumentAttributes::of(const Json &value) {
  switch (value.type()) {
  case Json::value_t::string:
    return builder.getStringAttr(value.get_ref<const std::string &>());
  case Json::value_t::boolean:
    return builder.getBoolAttr(value.get<bool>());
  case Json::value_t::number_integer:
    return builder.getI64IntegerAttr(value.get<int64_t>());
  case Json::value_t::number_unsigned: {
    uint64_t number = value.get<uint64_t>();
    if (number <= uint64_t(std::numeric_limits<int64_t>::max()))
      return builder.getI64IntegerAttr(number);
    return IntegerAttr::get(builder.getIntegerType(64, /*isSigned=*/false), APInt(64, number));
  }
  case Json::value_t::number_float:
    return builder.getF64FloatAttr(value.get<double>());
  case Json::value_t::array:
    return arrayOf(value);
  case Json::value_t::object: {
    SmallVector<std::pair<llvm::StringRef, Attribute>> members;
    for (const auto &[name, member] : value.items())
      members.emplace_back(name, of(member));
    return dictionaryOf(members);
  }
  case Json::value_t::null:
  case Json::value_t::binary:
  case Json::value_t::discarded:
    return builder.getUnitAttr();
  }
  llvm_unreachable("all types are handled");
}

Attribute ArgumentAttributes::of(const Reference &reference) {
  auto found = llvm::find(operands, reference.call);
  unsigned operand = found - operands.begin();
  if (found == operands.end())
    operands.push_back(reference.call);
  SmallVector<Attribute> selector;
  for (const SelectorStep &step : reference.selector)
    if (auto *name = std::get_if<std::string>(&step))
      selector.push_back(builder.getStringAttr(*name));
    else
      selector.push_back(builder.getI64IntegerAttr(std::get<int64_t>(step)));
  return RefAttr::get(builder.getContext(), operand, selector);
}

Attribute ArgumentAttributes::of(const Template::Text &text) {
  SmallVector<Attribute> pieces;
  for (const auto &piece : text.pieces)
    if (auto *literal = std::get_if<std::string>(&piece))
      pieces.push_back(builder.getStringAttr(*literal));
    else
      pieces.push_back(of(std::get<Reference>(piece)));
  return TextAttr::get(builder.getContext(), pieces);
}

Attribute ArgumentAttributes::of(const Template::List &list) { return arrayOf(list.elements); }

Attribute ArgumentAttributes::of(const Template::Object &object) {
  SmallVector<std::pair<llvm::StringRef, Attribute>> members;
  for (const TemplateMember &member : object.members)
    members.emplace_back(member.name, of(member.value));
  return dictionaryOf(members);
}

static Reference referenceOf(RefAttr attribute, llvm::ArrayRef<CallId> calls) {
  Reference reference;
  reference.call = calls[attribute.getOperand()];
  for (Attribute step : attribute.getSelector())
    if (auto name = dyn_cast<StringAttr>(step))
      reference.selector.emplace_back(name.str());
    else
      reference.selector.emplace_back(cast<IntegerAttr>(step).getInt());
  return reference;
}

static Json numberOf(IntegerAttr attribute) {
  if (attribute.getType().isInteger(1))
    return attribute.getValue().getBoolValue();
  if (attribute.getType().isUnsignedInteger())
    return attribute.getValue().getZExtValue();
  return attribute.getValue().getSExtValue();
}

Template templateOf(Attribute attribute, llvm::ArrayRef<CallId> calls) {
  auto literal = [](Json value) { return Template{std::move(value), {}}; };
  return llvm::TypeSwitch<Attribute, Template>(attribute)
      .Case([&](RefAttr ref) {
        return Template{referenceOf(ref, calls), {}};
      })
      .Case([&](TextAttr text) {
        Template::Text pieces;
        for (Attribute piece : text.getPieces())
          if (auto string = dyn_cast<StringAttr>(piece))
            pieces.pieces.emplace_back(string.str());
          else
            pieces.pieces.emplace_back(referenceOf(cast<RefAttr>(piece), calls));
        return Template{std::move(pieces), {}};
      })
      .Case([&](ArrayAttr array) {
        Template::List list;
        for (Attribute element : array)
          list.elements.push_back(templateOf(element, calls));
        return Template{std::move(list), {}};
      })
      .Case([&](DictionaryAttr dictionary) {
        Template::Object object;
        for (NamedAttribute member : dictionary)
          object.members.push_back({member.getName().str(), templateOf(member.getValue(), calls)});
        return Template{std::move(object), {}};
      })
      .Case([&](StringAttr string) { return literal(string.str()); })
      .Case([&](IntegerAttr number) { return literal(numberOf(number)); })
      .Case([&](FloatAttr number) { return literal(number.getValueAsDouble()); })
      .Default([&](Attribute) { return literal(nullptr); });
}

} // namespace heddle
