// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/artifact/program.h"

#include <type_traits>

#include "flatbuffers/flatbuffers.h"

namespace heddle {
namespace {

template <typename T>
using FlatVector = flatbuffers::Vector<T>;

std::string_view Text(const flatbuffers::String* text) {
  return text != nullptr ? std::string_view(text->data(), text->size()) : std::string_view();
}

// Numbers and structures are read in place, which the FlatBuffers verifier does not make sure can
// be done: it lets misaligned vectors pass.
class Decoder {
  template <typename T, typename Vector>
  absl::Span<const T> InPlace(const T* data, const Vector* vector) {
    if (vector == nullptr || vector->size() == 0) return {};
    if (reinterpret_cast<uintptr_t>(data) % alignof(T) != 0) {
      misaligned_ = true;
      return {};
    }
    return {data, vector->size()};
  }

  // Numbers are little-endian in the buffer and on every target, so they are read in place.
  template <typename T>
  absl::Span<const T> Numbers(const FlatVector<T>* vector) {
    return InPlace(reinterpret_cast<const T*>(vector != nullptr ? vector->Data() : nullptr),
                   vector);
  }
  template <typename T>
  absl::Span<const T> Structs(const FlatVector<const T*>* vector) {
    return InPlace(reinterpret_cast<const T*>(vector != nullptr ? vector->Data() : nullptr),
                   vector);
  }

  std::vector<std::string_view> Texts(
      const FlatVector<flatbuffers::Offset<flatbuffers::String>>* vector) {
    std::vector<std::string_view> texts;
    if (vector == nullptr) return texts;
    texts.reserve(vector->size());
    for (const flatbuffers::String* text : *vector) texts.push_back(Text(text));
    return texts;
  }

  template <typename Table, typename Decode>
  auto Tables(const FlatVector<flatbuffers::Offset<Table>>* vector, Decode decode) {
    std::vector<std::invoke_result_t<Decode, const Table&>> decoded;
    if (vector == nullptr) return decoded;
    decoded.reserve(vector->size());
    for (const Table* table : *vector) decoded.push_back(decode(*table));
    return decoded;
  }

  ProgramAttribute DecodeAttribute(const program::Attribute& a) {
    return {.name = Text(a.name()),
            .kind = a.kind(),
            .integer = a.int_(),
            .number = a.float_(),
            .text = Text(a.text()),
            .ints = Numbers(a.ints()),
            .floats = Numbers(a.floats()),
            .texts = Texts(a.texts()),
            .bytes = Numbers(a.bytes()),
            .element_type = static_cast<ElementType>(a.element_type())};
  }

  ProgramValue DecodeValue(const program::Value& v) {
    return {.name = Text(v.name()),
            .element_type = static_cast<ElementType>(v.element_type()),
            .storage = v.storage(),
            .dims = Numbers(v.dims()),
            .weight_offset = v.weight_offset(),
            .view_of = v.view_of(),
            .view_offset = v.view_offset()};
  }

  ProgramTask DecodeTask(const program::Task& t) {
    return {.kind = t.kind(),
            .name = Text(t.name()),
            .op = Text(t.op()),
            .operands = Numbers(t.operands()),
            .results = Numbers(t.results()),
            .kernel = t.kernel(),
            .dims = Numbers(t.dims()),
            .grid = t.grid(),
            .grain = t.grain(),
            .scratch = t.scratch(),
            .cost_per_point = t.cost_per_point(),
            .work = t.work(),
            .operations = t.operations(),
            .function = Text(t.function()),
            .attributes = Tables(t.attributes(), [this](auto& a) { return DecodeAttribute(a); }),
            .graphs = Numbers(t.graphs()),
            .captures = t.captures(),
            .predecessors = t.predecessors(),
            .successors = Numbers(t.successors())};
  }

  ProgramGraph DecodeGraph(const program::Graph& g) {
    return {.name = Text(g.name()),
            .symbols = Texts(g.symbols()),
            .exprs = Structs(g.exprs()),
            .values = Tables(g.values(), [this](auto& v) { return DecodeValue(v); }),
            .inputs = Numbers(g.inputs()),
            .outputs = Numbers(g.outputs()),
            .tasks = Tables(g.tasks(), [this](auto& t) { return DecodeTask(t); }),
            .sequential = g.sequential()};
  }

  ProgramMetadata DecodeMetadata(const program::Metadata* m) {
    ProgramMetadata metadata;
    if (m == nullptr) return metadata;
    metadata.producer = Text(m->producer());
    metadata.source = Text(m->source());
    metadata.source_digest = Text(m->source_digest());
    metadata.model_producer = Text(m->model_producer());
    metadata.model_licence = Text(m->model_licence());
    metadata.opset = m->opset();
    metadata.parameters = m->parameters();
    metadata.operators = Tables(m->operators(), [](const program::OperatorCount& o) {
      return std::pair(Text(o.name()), o.count());
    });
    return metadata;
  }

  ProgramConstruct DecodeConstruct(const program::Construct& c) {
    return {.kind = Text(c.kind()),
            .summary = Text(c.summary()),
            .sources = Texts(c.sources()),
            .proof = Text(c.proof()),
            .equivalence = c.equivalence(),
            .form = Text(c.form()),
            .work = c.work(),
            .span = c.span(),
            .work_text = Text(c.work_text()),
            .span_text = Text(c.span_text())};
  }

 public:
  bool misaligned() const { return misaligned_; }

  DecodedProgram DecodeRoot(const program::Program& p) {
    return {.graphs = Tables(p.graphs(), [this](auto& g) { return DecodeGraph(g); }),
            .kernels = Texts(p.kernels()),
            .imports = Texts(p.imports()),
            .cores = p.cores(),
            .metadata = DecodeMetadata(p.metadata()),
            .constructs = Tables(p.constructs(), [this](auto& c) { return DecodeConstruct(c); }),
            .sequential = Tables(p.sequential(), [this](auto& s) {
              return ProgramSequential{.sources = Texts(s.sources()), .reason = Text(s.reason())};
            })};
  }

 private:
  bool misaligned_ = false;
};

}  // namespace

absl::StatusOr<DecodedProgram> DecodeProgram(absl::Span<const uint8_t> bytes) {
  // The limits are on a hostile file, not on models: a graph program is flat.
  constexpr flatbuffers::uoffset_t kMaxDepth = 64;
  constexpr flatbuffers::uoffset_t kMaxTables = 100'000'000;
  flatbuffers::Verifier verifier(bytes.data(), bytes.size(), kMaxDepth, kMaxTables);
  if (bytes.size() < 8 || reinterpret_cast<uintptr_t>(bytes.data()) % 8 != 0 ||
      !program::VerifyProgramBuffer(verifier)) {
    return absl::DataLossError("damaged program: malformed");
  }
  Decoder decoder;
  DecodedProgram program = decoder.DecodeRoot(*program::GetProgram(bytes.data()));
  if (decoder.misaligned()) return absl::DataLossError("damaged program: misaligned");
  return program;
}

}  // namespace heddle
