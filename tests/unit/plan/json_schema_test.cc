// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/json_schema.h"

#include <gmock/gmock.h>

namespace heddle {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Errors(const char* schema, const char* value) {
  Json rules = Json::parse(schema);
  std::vector<std::string> texts;
  for (const SchemaError& error : CheckSchema(Json::parse(value), SchemaView(rules))) {
    texts.push_back(error.path + ": " + error.message);
  }
  return texts;
}

TEST(JsonSchema, ChecksTypes) {
  EXPECT_THAT(Errors(R"({"type": "integer"})", "2.0"), IsEmpty());
  EXPECT_THAT(Errors(R"({"type": "integer"})", "2.5"),
              ElementsAre(": expected an integer, got a number: 2.5"));
  EXPECT_THAT(Errors(R"({"type": "number"})", "2"), IsEmpty());
  EXPECT_THAT(Errors(R"({"type": ["string", "null"]})", "[]"),
              ElementsAre(": expected a string or null, got a list: []"));
  EXPECT_THAT(Errors("true", "1"), IsEmpty());
  EXPECT_THAT(Errors("false", "1"), ElementsAre(": nothing is allowed here"));
  EXPECT_THAT(Errors(R"({"type": "unheard-of"})", "1"), IsEmpty());
}

TEST(JsonSchema, ChecksChoices) {
  EXPECT_THAT(Errors(R"({"enum": ["m", 2]})", "2"), IsEmpty());
  EXPECT_THAT(Errors(R"({"enum": ["m", 2]})", "\"x\""),
              ElementsAre(R"(: expected one of ["m",2], got "x")"));
  EXPECT_THAT(Errors(R"({"const": 1})", "2"), ElementsAre(": expected 1, got 2"));
}

TEST(JsonSchema, ChecksBounds) {
  const char* range = R"({"minimum": 1, "exclusiveMaximum": 3})";
  EXPECT_THAT(Errors(range, "1"), IsEmpty());
  EXPECT_THAT(Errors(range, "3"), ElementsAre(": expected less than 3, got 3"));
  EXPECT_THAT(Errors(range, "0.5"), ElementsAre(": expected at least 1, got 0.5"));
  EXPECT_THAT(Errors(R"({"maxLength": 2})", "\"\u00e9\u00e9\""), IsEmpty());
  EXPECT_THAT(Errors(R"({"maxLength": 1})", "\"\u00e9\u00e9\""),
              ElementsAre(": expected at most 1 characters, got 2"));
  EXPECT_THAT(Errors(R"({"minItems": 1})", "[]"),
              ElementsAre(": expected at least 1 elements, got 0"));
}

TEST(JsonSchema, ChecksParts) {
  const char* schema = R"({"type": "object", "properties": {"a": {"type": "array",
      "prefixItems": [{"type": "string"}], "items": {"type": "integer"}}},
      "additionalProperties": {"type": "boolean"}, "required": ["a", "b"]})";
  EXPECT_THAT(Errors(schema, R"({"a": ["x", 1], "b": true})"), IsEmpty());
  EXPECT_THAT(Errors(schema, R"({"a": [1, "x"], "c": 1})"),
              ElementsAre(": \"b\" is missing", ".a[0]: expected a string, got an integer: 1",
                          ".a[1]: expected an integer, got a string: \"x\"",
                          ".c: expected a boolean, got an integer: 1"));
  EXPECT_THAT(
      Errors(R"({"additionalProperties": false, "patternProperties": {"x": {}}})", R"({"x": 1})"),
      IsEmpty());
}

TEST(JsonSchema, ChecksBranchesAndReferences) {
  const char* schema = R"({"$defs": {"s": {"type": "string"}, "a/b": {"type": "null"}},
      "oneOf": [{"$ref": "#/$defs/s"}, {"$ref": "#/$defs/a~1b"}, {"type": "string", "minLength": 3}]})";
  EXPECT_THAT(Errors(schema, "\"x\""), IsEmpty());
  EXPECT_THAT(Errors(schema, "null"), IsEmpty());
  EXPECT_THAT(Errors(schema, "1"), ElementsAre(": expected a string or null, got an integer: 1"));
  EXPECT_THAT(Errors(schema, "\"xxx\""),
              ElementsAre(": fits more than one of the forms of which exactly one is allowed"));
  EXPECT_THAT(Errors(R"({"anyOf": [{"minimum": 3}, {"maximum": 1}]})", "2"),
              ElementsAre(": fits none of the 2 forms that are allowed"));
  EXPECT_THAT(Errors(R"({"allOf": [{"minimum": 3}, {"minimum": 4}]})", "2"), testing::SizeIs(2));
  EXPECT_THAT(Errors(R"({"not": {"type": "null"}})", "null"),
              ElementsAre(": is what the schema excludes"));
}

TEST(JsonSchema, BoundsItsWork) {
  const char* loop = R"({"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}},
                         "$ref": "#/$defs/a"})";
  EXPECT_THAT(Errors(loop, "1"), ElementsAre(": its schema takes too long to check"));
  EXPECT_THAT(Errors(R"({"$ref": "#"})", "1"), IsEmpty());
  const char* list = R"({"properties": {"next": {"$ref": "#"}}, "additionalProperties": false})";
  EXPECT_THAT(Errors(list, R"({"next": {"next": {"nxt": 1}}})"),
              ElementsAre(".next.next: there is no \"nxt\""));
}

TEST(JsonSchema, IgnoresWhatIsNotKnownYet) {
  Json schema =
      Json::parse(R"({"type": "object", "properties": {"n": {"type": "integer", "minimum": 5},
      "s": {"type": "string", "enum": ["a"]}, "l": {"type": "array", "items": {"type": "integer"}}}})");
  Json text = Json::parse(R"({"type": "string"})");
  Template::Text pieces{{"x", Reference{1, {}, {}}}};
  Template::List list;
  list.elements = {{Reference{2, {}, {}}, {7, 9}}, {Json("x"), {1, 2}}};
  Template::Object object;
  object.members = {{"n", {Reference{1, {}, {}}, {}}}, {"s", {pieces, {}}}, {"l", {list, {}}}};
  auto schema_of = [&](const Reference& reference) {
    return reference.call == 2 ? std::optional(SchemaView(text)) : std::nullopt;
  };
  std::vector<SchemaError> errors =
      CheckSchema(Template{object, {}}, SchemaView(schema), schema_of);
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errors[0].path + errors[0].message, ".l[0]expected an integer, got a string");
  EXPECT_EQ(errors[0].where.begin, 7u);
  EXPECT_EQ(errors[1].path, ".l[1]");
}

TEST(JsonSchema, SelectsParts) {
  Json schema = Json::parse(R"({"$defs": {"p": {"properties": {"x": {"type": "string"}}}},
      "properties": {"p": {"$ref": "#/$defs/p"}, "free": {}, "either": {"anyOf": [{"type": "null"},
      {"type": "object", "properties": {"x": {"type": "integer"}}}]}}})");
  auto select = [&](std::vector<SelectorStep> steps) {
    return SelectSchema(SchemaView(schema), steps);
  };
  EXPECT_EQ(TypesOf(*select({"p", "x"}).schema), kJsonString);
  EXPECT_EQ(TypesOf(*select({"either", "x"}).schema), kJsonInteger);
  EXPECT_EQ(select({"p", "y"}).state, SelectedSchema::State::kNothing);
  EXPECT_EQ(select({"either", "y"}).state, SelectedSchema::State::kNothing);
  EXPECT_EQ(select({"free", "y", int64_t{0}}).state, SelectedSchema::State::kUnknown);
  EXPECT_EQ(select({"p", "x", int64_t{0}}).message, "it is a string");
}

}  // namespace
}  // namespace heddle
