// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/program/RecordWriter.h"

#include "compiler/tasks/SourceNames.h"

using namespace mlir;

namespace heddle {

namespace fb = program;
using Text = flatbuffers::Offset<flatbuffers::String>;

namespace {

/// The fields of one record.
class Fields {
public:
  Fields(flatbuffers::FlatBufferBuilder &buffer, Attribute record)
      : buffer(buffer), record(cast<DictionaryAttr>(record)) {}

  StringRef get(StringRef name) const {
    auto value = record.getAs<StringAttr>(name);
    return value ? value.getValue() : StringRef();
  }
  Text text(StringRef name) const { return buffer.CreateString(get(name).str()); }
  flatbuffers::Offset<flatbuffers::Vector<Text>> sources() const {
    std::vector<std::string> names;
    if (auto source = record.getAs<LocationAttr>("source"))
      for (StringRef name : sourceNameList(source))
        names.push_back(name.str());
    return buffer.CreateVectorOfStrings(names);
  }

private:
  flatbuffers::FlatBufferBuilder &buffer;
  DictionaryAttr record;
};

} // namespace

static fb::Equivalence equivalenceOf(StringRef name) {
  return llvm::StringSwitch<fb::Equivalence>(name)
      .Case("reassoc", fb::Equivalence::kReassociation)
      .Case("distribution", fb::Equivalence::kDistribution)
      .Case("approx", fb::Equivalence::kApproximation)
      .Default(fb::Equivalence::kExact);
}

template <typename Table, typename Write>
static FlatTables<Table> writeList(flatbuffers::FlatBufferBuilder &buffer, task::GraphOp graph,
                                   StringRef name, Write write) {
  std::vector<flatbuffers::Offset<Table>> tables;
  if (auto records = graph->getAttrOfType<ArrayAttr>(name))
    for (Attribute record : records)
      tables.push_back(write(Fields(buffer, record)));
  return buffer.CreateVector(tables);
}

Records writeRecords(flatbuffers::FlatBufferBuilder &buffer, task::GraphOp graph,
                     GraphWriter &writer) {
  constexpr uint32_t absent = 0xffffffff;
  auto expression = [&](StringRef text) {
    std::optional<DimExpr> expr = text.empty() ? std::nullopt : DimExpr::parse(text);
    return expr && expr->isKnown() ? writer.expression(*expr) : absent;
  };
  Records records;
  records.constructs =
      writeList<fb::Construct>(buffer, graph, "heddle.constructs", [&](const Fields &fields) {
        Text kind = fields.text("kind"), summary = fields.text("summary"),
             proof = fields.text("proof"), form = fields.text("form"), work = fields.text("work"),
             span = fields.text("span");
        auto sources = fields.sources();
        return fb::CreateConstruct(
            buffer, kind, summary, sources, proof, equivalenceOf(fields.get("equivalence")), form,
            expression(fields.get("work")), expression(fields.get("span")), work, span);
      });
  records.sequential =
      writeList<fb::Sequential>(buffer, graph, "heddle.sequential", [&](const Fields &fields) {
        auto sources = fields.sources();
        return fb::CreateSequential(buffer, sources, fields.text("reason"));
      });
  return records;
}

} // namespace heddle
