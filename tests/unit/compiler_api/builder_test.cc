// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// heddle/builder.hpp: programs written by hand compile and run, and mistakes are errors that say
// what is wrong.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <heddle/builder.hpp>

namespace {

using namespace heddle::api;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<float> Results(Builder& builder, std::vector<std::vector<float>> inputs,
                           std::vector<std::vector<int64_t>> dims) {
  Compilation compiled = builder.Compile();
  if (!compiled) {
    ADD_FAILURE() << compiled.message();
    return {};
  }
  Result<Model> model = Model::LoadMemory(compiled.bytes());
  if (!model) {
    ADD_FAILURE() << model.error().message();
    return {};
  }
  Result<Session> session = model->MakeSession({.threads = 2});
  for (size_t i = 0; i < inputs.size(); ++i)
    EXPECT_FALSE(session->SetInput(i, Tensor<float>(inputs[i], dims[i])));
  EXPECT_EQ(session->Run().message(), "");
  auto y = session->Output(0)->elements<float>();
  return {y.begin(), y.end()};
}

TEST(Builder, OperatorsWithAttributesAndConstants) {
  Builder b("transposed");
  Node x = b.Input("x", HEDDLE_FLOAT32, {"n", "2"});
  Node w = b.Constant<float>({2, 1}, {10, 1});
  b.Output("y", b.Op("Transpose", {b.MatMul(x, w)}, "perm = array<i64: 1, 0>"));
  EXPECT_THAT(Results(b, {{1, 2, 3, 4}}, {{2, 2}}), ElementsAre(12, 34));
}

TEST(Builder, SpawnedRegionsAreAwaited) {
  Builder b("beside");
  Node x = b.Input("x", HEDDLE_FLOAT32, {"2"});
  Nodes futures = b.Spawn([&]() -> Nodes { return {b.Op("Neg", {x}), b.Op("Abs", {x})}; });
  Node y = b.Mul(x, x);
  b.Output("y", b.Op("Concat", {b.Await(futures[0]), b.Await(futures[1]), y}, "axis = 0 : i64"));
  EXPECT_THAT(Results(b, {{-2, 3}}, {{2}}), ElementsAre(2, -3, 2, 3, 4, 9));
}

// A draft of a row on a prefix, thrown away, and another row: no version sees what others append.
TEST(Builder, CachesHaveVersions) {
  Builder b("draft");
  Node past = b.OpenCache(b.Input("past", HEDDLE_FLOAT32, {"past", "1"}));
  Node row = b.Input("row", HEDDLE_FLOAT32, {"n", "1"});
  Node draft = b.Append(past, b.Op("Neg", {row}));
  Node kept = b.Snapshot(draft);
  Node length = b.Constant<int64_t>({1}, {1});
  Node back = b.Append(b.Truncate(draft, length), row);
  Node other = b.Append(b.Fork(kept), b.Mul(row, row));
  Nodes all = {b.View(draft), b.View(back), b.View(other), b.View(kept)};
  b.Output("y", b.Op("Concat", all, "axis = 0 : i64"));
  EXPECT_THAT(Results(b, {{1, 2}, {3}}, {{2, 1}, {1, 1}}),
              ElementsAre(1, 2, -3, 1, 3, 1, 2, -3, 9, 1, 2, -3));
}

// h[i] = x[i] + what its two predecessors have.
TEST(Builder, RecurrencesOverGraphs) {
  Builder b("paths");
  Node h = b.Input("h", HEDDLE_FLOAT32, {"5"}), x = b.Input("x", HEDDLE_FLOAT32, {"4"});
  Node to = b.Constant<int64_t>({4}, {1, 2, 3, 4});
  Node from = b.Constant<int64_t>({4, 2}, {0, 0, 1, 0, 2, 1, 3, 0});
  Node axis = b.Constant<int64_t>({1}, {0});
  Nodes ends = b.DagScan({h}, {to}, {{from, 0}}, {x}, [&](Nodes in) -> Nodes {
    Node sum = b.Op("ReduceSum", {in[0], axis}, "keepdims = 0 : i64");
    return {b.Add(sum, in[1]), sum};
  });
  b.Output("y", b.Op("Concat", ends, "axis = 0 : i64"));
  EXPECT_THAT(Results(b, {{1, 0, 0, 0, 0}, {1, 2, 3, 4}}, {{5}, {4}}),
              ElementsAre(1, 3, 6, 12, 17, 2, 4, 9, 13));
}

TEST(Builder, AStepMayBeDeclaredAssociative) {
  Builder b("declared");
  Node x = b.Input("x", HEDDLE_FLOAT32, {"n"}), zero = b.Constant<float>({}, {0});
  // a + b + a b: no law knows it, as it is a product of what both depend on the state.
  Nodes states = b.Scan({zero}, {x}, [&](Nodes s, Nodes e) -> Nodes {
    return {b.Add(b.Add(s[0], e[0]), b.Mul(s[0], e[0]))};
  });
  b.Output("y", states[1]);
  EXPECT_THAT(Results(b, {{1, 2, 3, 1}}, {{4}}), ElementsAre(1, 5, 23, 47));
}

TEST(Builder, AFalseDeclarationIsFound) {
  Builder b("false");
  Node x = b.Input("x", HEDDLE_FLOAT32, {"n"}), zero = b.Constant<float>({}, {0});
  Nodes states =
      b.Scan({zero}, {x}, [&](Nodes s, Nodes e) -> Nodes { return {b.Sub(e[0], s[0])}; });
  b.Output("y", states[1]);
  HeddleCompileOptions options = {};
  options.struct_size = sizeof options;
  options.verify_associativity = 1;
  Compilation compiled = b.Compile(nullptr, &options);
  EXPECT_FALSE(compiled);
  EXPECT_THAT(compiled.message(), HasSubstr("is declared associative and is not"));
}

TEST(Builder, NullPointersAndExceptionsAreErrors) {
  HeddleNode node = 7;
  EXPECT_STREQ(heddle_builder_error(nullptr), "there is no builder");
  EXPECT_EQ(heddle_builder_input(nullptr, "x", HEDDLE_FLOAT32, nullptr, 0), -1);
  heddle_builder_op(nullptr, "Relu", &node, 1, nullptr, &node, 1);
  EXPECT_EQ(node, -1);
  heddle_builder_output(nullptr, "y", node);
  EXPECT_EQ(heddle_builder_end(nullptr, &node, 1), 0u);
  EXPECT_STREQ(Compilation(heddle_builder_compile(nullptr, nullptr, nullptr)).message(),
               "there is no builder");
  auto error_of = [](auto call) -> std::string {
    std::unique_ptr<HeddleBuilder, decltype(&heddle_builder_free)> b(heddle_builder_new(nullptr),
                                                                     heddle_builder_free);
    call(b.get());
    return heddle_builder_error(b.get());
  };
  EXPECT_THAT(
      error_of([](auto* b) { heddle_builder_input(b, nullptr, HEDDLE_FLOAT32, nullptr, 2); }),
      HasSubstr("null pointer"));
  int64_t two = 2;
  EXPECT_THAT(
      error_of([&](auto* b) { heddle_builder_constant(b, HEDDLE_INT8, &two, 1, nullptr, 2); }),
      HasSubstr("null pointer"));
  // More results than a vector can have.
  EXPECT_THAT(error_of([](auto* b) {
                heddle_builder_op(b, "Relu", nullptr, 1, nullptr, nullptr, SIZE_MAX);
              }),
              HasSubstr("unexpected exception"));
}

TEST(Builder, SaysWhatIsWrong) {
  struct Case {
    void (*build)(Builder&);
    const char* message;
  };
  const Case cases[] = {
      {[](Builder& b) { b.Output("y", b.Op("Mathmul", {})); }, "no operator 'Mathmul'"},
      {[](Builder& b) {
         Node x = b.Input("x", HEDDLE_FLOAT32, {"3", "4"});
         b.Output("y", b.MatMul(x, x));
       },
       "3"},
      {[](Builder& b) { b.Input("x", HEDDLE_FLOAT32, {"n +"}); }, "dimension"},
      {[](Builder& b) {
         b.Constant<float>({3}, {1, 2});
       },
       "8 bytes"},
      {[](Builder& b) {
         Node x = b.Input("x", HEDDLE_FLOAT32, {"4"}), inside;
         b.Spawn([&]() -> Nodes { return {inside = b.Op("Neg", {x})}; });
         b.Output("y", b.Op("Abs", {inside}));
       },
       "belongs to a region that is closed"},
      {[](Builder& b) {
         Node x = b.Input("x", HEDDLE_FLOAT32, {"n", "4"}), s = b.Input("s", HEDDLE_FLOAT32, {"4"});
         auto sum = [&](Nodes l, Nodes r) -> Nodes { return {b.Add(l[0], r[0])}; };
         auto wrong = [&](Nodes, Nodes) -> Nodes { return {}; };
         b.Output("y", b.Scan({s}, {x}, sum, wrong)[1]);
       },
       "combine region"},
      {[](Builder& b) { b.Input("x", HEDDLE_FLOAT32, {"4"}); }, "no outputs"},
      {[](Builder& b) {
         Node x = b.Input("x", HEDDLE_FLOAT32, {"4"});
         b.Output("y", b.Spawn([&]() -> Nodes { return {b.Op("Neg", {x})}; })[0]);
       },
       "await"},
      {[](Builder& b) {
         Node x = b.Input("x", HEDDLE_FLOAT32, {"n", "4"});
         b.Output("y", b.View(b.Append(b.OpenCache(x), b.Input("z", HEDDLE_FLOAT32, {"n", "3"}))));
       },
       "dimensions of an entry"},
      {[](Builder& b) {
         Node x = b.Input("x", HEDDLE_FLOAT32, {"n", "4"});
         b.Output("y", b.View(b.Append(b.Snapshot(b.OpenCache(x)), x)));
       },
       "must be"},
      {[](Builder& b) {
         Node x = b.Input("x", HEDDLE_FLOAT32, {"n", "4"});
         b.Output("y", b.OpenCache(x));
       },
       "view it"},
      {[](Builder& b) {
         Node x = b.Input("x", HEDDLE_FLOAT32, {"4"}), i = b.Input("i", HEDDLE_INT64, {"3"});
         b.DagScan({x}, {i}, {{i, 1}}, {}, [](Nodes rows) { return rows; });
       },
       "a table for each read"},
  };
  for (const Case& c : cases) {
    Builder b("wrong");
    c.build(b);
    Compilation compiled = b.Compile();
    EXPECT_FALSE(compiled);
    EXPECT_THAT(compiled.message(), HasSubstr(c.message));
  }
}

}  // namespace
