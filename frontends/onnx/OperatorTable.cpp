// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/OperatorTable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/Twine.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

using namespace llvm;

namespace heddle {

namespace {

/// A row of OperatorVersions.inc: an operator, or an attribute of the one before it.
struct VersionRow {
  const char *domain; // null: an attribute
  const char *name;
  int since, leastInputs, mostInputs, leastOutputs, mostOutputs;
  bool deprecated;
  AttributeType type;
  bool required;
  const char *defaultText;
};

constexpr VersionRow versionRows[] = {
#define OPERATOR(domain, name, since, li, mi, lo, mo, deprecated, function)                        \
  {domain, name, since, li, mi, lo, mo, deprecated, AttributeType::Int, false, ""},
#define ATTRIBUTE(name, kind, required, text)                                                      \
  {nullptr, name, 0, 0, 0, 0, 0, false, AttributeType::kind, required, text},
#include "dialects/onnx/OperatorVersions.inc"
    // The table gives only the newest form of this operator. Version 18 has a scale and a bias for each
    // group rather than each channel.
    OPERATOR("", "GroupNormalization", 18, 3, 3, 1, 1, false, true)
        ATTRIBUTE("epsilon", Float, false, "1e-05") ATTRIBUTE("num_groups", Int, true, "")
#undef OPERATOR
#undef ATTRIBUTE
};

/// A row of OperatorTypes.inc: a signature, or an operand or result of the one before it.
struct TypeRow {
  enum { IsSignature, IsOperand, IsResult } kind;
  const char *domain, *name;
  int since;
  const char *variable;
  Presence presence;
  uint32_t mask;
};

constexpr TypeRow typeRows[] = {
#define SIGNATURE(domain, name, since)                                                             \
  {TypeRow::IsSignature, domain, name, since, "", Presence::Required, 0},
#define OPERAND(name, variable, presence, mask)                                                    \
  {TypeRow::IsOperand, "", name, 0, variable, Presence::presence, mask},
#define RESULT(name, variable, presence, mask)                                                     \
  {TypeRow::IsResult, "", name, 0, variable, Presence::presence, mask},
#include "dialects/onnx/OperatorTypes.inc"
#undef SIGNATURE
#undef OPERAND
#undef RESULT
};

struct Table {
  Table() {
    readVersions();
    readTypes();
  }

  void readVersions() {
    attributes.reserve(std::size(versionRows)); // so that references stay
    for (const VersionRow &row : versionRows) {
      if (!row.domain) {
        attributes.push_back({row.name, row.type, row.required, row.defaultText});
        OperatorVersion &version = versions[key]->back();
        version.attributes =
            ArrayRef(version.attributes.empty() ? &attributes.back() : version.attributes.data(),
                     version.attributes.size() + 1);
        continue;
      }
      key = keyOf(row.domain, row.name);
      auto &list = versions[key];
      if (!list)
        list = std::make_unique<std::vector<OperatorVersion>>();
      if (!list->empty() && row.since <= list->back().since) // the correction above
        std::erase_if(*list, [&](const OperatorVersion &v) { return v.since == row.since; });
      list->push_back({row.domain,
                       row.name,
                       row.since,
                       row.leastInputs,
                       row.mostInputs,
                       row.leastOutputs,
                       row.mostOutputs,
                       row.deprecated,
                       {}});
    }
    for (auto &entry : versions)
      llvm::sort(*entry.second, [](const OperatorVersion &a, const OperatorVersion &b) {
        return a.since < b.since;
      });
  }

  void readTypes() {
    formals.reserve(std::size(typeRows));
    Signature *current = nullptr;
    for (const TypeRow &row : typeRows) {
      if (row.kind == TypeRow::IsSignature) {
        current = &signatures[keyOf(row.domain, row.name)];
        *current = {row.domain, row.name, row.since, {}, {}};
        continue;
      }
      formals.push_back({row.name, row.variable, row.presence, row.mask});
      ArrayRef<Formal> &list =
          row.kind == TypeRow::IsOperand ? current->operands : current->results;
      list = ArrayRef(list.empty() ? &formals.back() : list.data(), list.size() + 1);
    }
  }

  static std::string keyOf(StringRef domain, StringRef name) { return (domain + ":" + name).str(); }

  std::string key;
  std::vector<AttributeFact> attributes;
  std::vector<Formal> formals;
  StringMap<std::unique_ptr<std::vector<OperatorVersion>>> versions;
  StringMap<Signature> signatures;
};

const Table &table() {
  static const Table instance;
  return instance;
}

} // namespace

const AttributeFact *OperatorVersion::attribute(StringRef wanted) const {
  const AttributeFact *fact =
      llvm::find_if(attributes, [&](const AttributeFact &a) { return a.name == wanted; });
  return fact == attributes.end() ? nullptr : fact;
}

ArrayRef<OperatorVersion> findVersions(StringRef domain, StringRef name) {
  auto found = table().versions.find(Table::keyOf(domain, name));
  if (found == table().versions.end())
    return {};
  return *found->second;
}

const OperatorVersion *findVersion(StringRef domain, StringRef name, int64_t opset) {
  // ONNX Runtime has this one in all versions, and its optimisers write it into models of old ones.
  if (domain.empty() && name == "LayerNormalization")
    opset = std::max<int64_t>(opset, findVersions(domain, name).front().since);
  const OperatorVersion *best = nullptr;
  for (const OperatorVersion &version : findVersions(domain, name))
    if (version.since <= opset && !version.deprecated)
      best = &version;
  return best;
}

const Signature *findSignature(StringRef domain, StringRef name) {
  auto found = table().signatures.find(Table::keyOf(domain, name));
  return found == table().signatures.end() ? nullptr : &found->second;
}

StringRef spelledDomain(StringRef domain) { return domain.empty() ? "ai.onnx" : domain; }

} // namespace heddle
