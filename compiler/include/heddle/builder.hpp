// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// heddle/builder.h for C++20: programs written by hand, with lambdas for regions. Header only;
// nothing here throws.
//
//   using namespace heddle::api;
//   Builder b("decay");
//   Node a = b.Input("a", HEDDLE_FLOAT32, {"n", "64"}), x = b.Input("x", HEDDLE_FLOAT32, {"n", "64"});
//   Node start = b.Constant<float>({64}, std::vector<float>(64));
//   Nodes states = b.Scan({start}, {a, x},
//       [&](Nodes s, Nodes e) -> Nodes { return {b.Add(b.Mul(e[0], s[0]), e[1])}; },
//       [&](Nodes e, Nodes f) -> Nodes { return {b.Mul(f[0], e[0]), b.Add(b.Mul(f[0], e[1]), f[1])}; });
//   b.Output("y", states[1]);                        // states[0] is the last one
//   Compilation done = b.Compile("decay.heddle");
//   if (!done) puts(done.message());
//
// The law that a scan's lambdas must keep is in docs/generated/heddle.md; --verify-associativity
// tries it. Errors, threads and ownership are those of heddle/builder.h.

#ifndef HEDDLE_BUILDER_HPP_
#define HEDDLE_BUILDER_HPP_

#include <heddle/builder.h>

#include <heddle/heddle.hpp>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace heddle::api {

// A value of the program.
struct Node {
  HeddleNode id = -1;
};
using Nodes = std::vector<Node>;

// What compiling made; true where it succeeded.
class Compilation {
 public:
  explicit Compilation(HeddleCompilation* result) : result_(result) {}
  explicit operator bool() const { return heddle_compilation_code(result_.get()) == 0; }
  const char* message() const { return heddle_compilation_message(result_.get()); }
  // The artifact, where it was not written to a file.
  std::span<const uint8_t> bytes() const {
    size_t size = 0;
    const void* data = heddle_compilation_data(result_.get(), &size);
    return {static_cast<const uint8_t*>(data), size};
  }

 private:
  struct Free {
    void operator()(HeddleCompilation* result) const { heddle_compilation_free(result); }
  };
  std::unique_ptr<HeddleCompilation, Free> result_;
};

class Builder {
 public:
  explicit Builder(const char* name) : builder_(heddle_builder_new(name)) {}

  const char* error() const { return heddle_builder_error(builder_.get()); }

  Node Input(const char* name, HeddleElementType type, const std::vector<std::string>& dims) {
    std::vector<const char*> texts;
    for (const std::string& dim : dims) texts.push_back(dim.c_str());
    return {heddle_builder_input(builder_.get(), name, type, texts.data(), texts.size())};
  }

  template <typename T>
  Node Constant(std::vector<int64_t> dims, const std::vector<T>& elements) {
    return {heddle_builder_constant(builder_.get(), kElementType<T>, dims.data(), dims.size(),
                                    elements.data(), elements.size() * sizeof(T))};
  }

  void Output(const char* name, Node value) {
    heddle_builder_output(builder_.get(), name, value.id);
  }

  // An operator of ONNX with several results.
  Nodes Ops(const char* op, const Nodes& inputs, size_t results, const char* attributes = nullptr) {
    std::vector<HeddleNode> ids(results, -1);
    std::vector<HeddleNode> operands = Ids(inputs);
    heddle_builder_op(builder_.get(), op, operands.data(), operands.size(), attributes, ids.data(),
                      ids.size());
    return FromIds(ids);
  }
  // With one.
  Node Op(const char* op, const Nodes& inputs, const char* attributes = nullptr) {
    return Ops(op, inputs, 1, attributes)[0];
  }
  Node Add(Node a, Node b) { return Op("Add", {a, b}); }
  Node Sub(Node a, Node b) { return Op("Sub", {a, b}); }
  Node Mul(Node a, Node b) { return Op("Mul", {a, b}); }
  Node MatMul(Node a, Node b) { return Op("MatMul", {a, b}); }

  // What `body() -> Nodes` makes will be made beside what follows, up to the Await of its results.
  template <typename Body>
  Nodes Spawn(Body body) {
    Begin("spawn", {}, nullptr, 0);
    return End(Region(0, [&](const Nodes&) { return body(); }));
  }
  Node Await(Node future) { return {heddle_builder_await(builder_.get(), future.id)}; }

  // `body(elements) -> Nodes` for each element of the inputs along axis 0.
  template <typename Body>
  Nodes Map(const Nodes& inputs, Body body) {
    Begin("map", inputs, nullptr, 0);
    return End(Region(inputs.size(), body));
  }

  // `body(one stream's values) -> Nodes` for each stream; results stand stream by stream.
  template <typename Body>
  Nodes Streams(const std::vector<Nodes>& streams, Body body) {
    Nodes all;
    for (const Nodes& stream : streams) all.insert(all.end(), stream.begin(), stream.end());
    std::string count = "count = " + std::to_string(streams.size()) + " : i64";
    Begin("streams", all, count.c_str(), 0);
    return End(streams.size() * Region(streams.empty() ? 0 : streams[0].size(), body));
  }

  // `apply(states, element) -> states`, `combine(element, element) -> element`. Returns the last
  // states, then the states after each step along axis 0.
  template <typename Apply, typename Combine>
  Nodes Scan(const Nodes& states, const Nodes& elements, Apply apply, Combine combine) {
    BeginScan(states, elements, apply);
    SplitRegion(elements.size(), elements.size(), combine);
    return End(2 * states.size());
  }

  // A step that is associative, by the caller's word: `step(states, element) -> states`, where elements
  // have the types of the states, combines elements as well.
  template <typename Step>
  Nodes Scan(const Nodes& states, const Nodes& elements, Step step) {
    BeginScan(states, elements, step);
    return End(2 * states.size());
  }

  // Rows of table `table`, by index: one for each step, or several.
  struct Read {
    Node indices;
    int64_t table = 0;
  };
  // Step i reads rows of tables and writes row `writes[k][i]` of table k: a recurrence over a graph.
  // `body(rows read and elements) -> rows, then marks`. Returns the last tables, then
  // the marks of all steps along axis 0.
  template <typename Body>
  Nodes DagScan(const Nodes& tables, const Nodes& writes, const std::vector<Read>& reads,
                const Nodes& elements, Body body) {
    Nodes inputs = tables;
    inputs.insert(inputs.end(), writes.begin(), writes.end());
    std::string of;
    for (const Read& read : reads) {
      inputs.push_back(read.indices);
      of += (of.empty() ? ": " : ", ") + std::to_string(read.table);
    }
    inputs.insert(inputs.end(), elements.begin(), elements.end());
    Begin("dag_scan", inputs, ("read_tables = array<i64" + of + ">").c_str(), tables.size());
    return End(Region(reads.size() + elements.size(), body));
  }

  // Caches: versions of something that grows along axis 0 (docs/caches.md).
  Node OpenCache(Node tensor) { return Cache("open", {tensor}); }
  Node Append(Node cache, Node entries) { return Cache("append", {cache, entries}); }
  Node View(Node cache) { return Cache("view", {cache}); }
  Node Snapshot(Node cache) { return Cache("snapshot", {cache}); }
  Node Fork(Node cache) { return Cache("fork", {cache}); }
  Node Truncate(Node cache, Node length) { return Cache("truncate", {cache, length}); }

  // The result is in `output`, or in memory. Nothing can be built afterwards.
  Compilation Compile(const char* output = nullptr, const HeddleCompileOptions* options = nullptr) {
    return Compilation(heddle_builder_compile(builder_.get(), output, options));
  }

 private:
  struct Free {
    void operator()(HeddleBuilder* builder) const { heddle_builder_free(builder); }
  };

  static std::vector<HeddleNode> Ids(const Nodes& nodes) {
    std::vector<HeddleNode> ids;
    for (Node node : nodes) ids.push_back(node.id);
    return ids;
  }
  static Nodes FromIds(const std::vector<HeddleNode>& ids) {
    Nodes nodes;
    for (HeddleNode id : ids) nodes.push_back({id});
    return nodes;
  }

  Node Cache(const char* what, const Nodes& inputs) {
    std::vector<HeddleNode> ids = Ids(inputs);
    return {heddle_builder_cache(builder_.get(), what, ids.data(), ids.size())};
  }
  void Begin(const char* op, const Nodes& inputs, const char* attributes, size_t states) {
    std::vector<HeddleNode> ids = Ids(inputs);
    heddle_builder_begin(builder_.get(), op, ids.data(), ids.size(), attributes, states);
  }
  // Builds a region of so many arguments; returns how many values it yields.
  template <typename Body>
  size_t Region(size_t arguments, Body body) {
    std::vector<HeddleNode> ids(arguments, -1);  // and -1 they stay after an error
    heddle_builder_region(builder_.get(), ids.data(), ids.size());
    std::vector<HeddleNode> yielded = Ids(body(FromIds(ids)));
    heddle_builder_yield(builder_.get(), yielded.data(), yielded.size());
    return yielded.size();
  }
  // Two groups of arguments, of which the first has `count`.
  template <typename Body>
  void SplitRegion(size_t count, size_t rest, Body body) {
    Region(count + rest, [&](const Nodes& both) {
      auto middle = both.begin() + static_cast<std::ptrdiff_t>(count);
      return body(Nodes(both.begin(), middle), Nodes(middle, both.end()));
    });
  }
  template <typename Apply>
  void BeginScan(const Nodes& states, const Nodes& elements, Apply apply) {
    Nodes inputs = states;
    inputs.insert(inputs.end(), elements.begin(), elements.end());
    Begin("scan", inputs, nullptr, states.size());
    SplitRegion(states.size(), elements.size(), apply);
  }
  Nodes End(size_t results) {
    std::vector<HeddleNode> ids(results, -1);
    heddle_builder_end(builder_.get(), ids.data(), ids.size());
    return FromIds(ids);
  }

  std::unique_ptr<HeddleBuilder, Free> builder_;
};

}  // namespace heddle::api

#endif  // HEDDLE_BUILDER_HPP_
