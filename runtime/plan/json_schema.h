// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether a value fits a JSON Schema, also where only a part of the value is known: an argument of a
// call whose references have no values yet. What is not known is never an error.
//
//   for (const SchemaError& error : CheckSchema(value, SchemaView(schema))) ...
//   // error: at ".filters[0].limit", "expected an integer, got a string"
//
// Checked: type, enum, const, properties, required, additionalProperties, minProperties,
// maxProperties, items, prefixItems, minItems, maxItems, minimum, maximum, exclusiveMinimum,
// exclusiveMaximum, minLength, maxLength, anyOf, oneOf, allOf, not, and $ref inside the schema.
// Not checked: pattern and format (expressions of other people may take any time), and whatever else
// there is; with patternProperties no member is refused as extra.
//
// Thread-safety: the functions are pure.

#ifndef HEDDLE_RUNTIME_PLAN_JSON_SCHEMA_H_
#define HEDDLE_RUNTIME_PLAN_JSON_SCHEMA_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/plan/template.h"

namespace heddle {

// A schema, or a part of one: `root` is what "#" means in its references.
struct SchemaView {
  explicit SchemaView(const Json& schema) : root(&schema), at(&schema) {}
  SchemaView(const Json* root, const Json* at) : root(root), at(at) {}

  const Json* root;
  const Json* at;
};

// A set of types, as bits.
enum JsonTypes : unsigned {
  kJsonNull = 1,
  kJsonBoolean = 2,
  kJsonInteger = 4,
  kJsonNumber = 8,  // that is no integer
  kJsonString = 16,
  kJsonArray = 32,
  kJsonObject = 64,
  kJsonAny = 127,
};

// Of one value; 2.0 is an integer.
unsigned JsonTypeOf(const Json& value);

// What values of the schema may be; kJsonAny where it does not say.
unsigned TypesOf(SchemaView schema);

// "a string", "an integer or null".
std::string TypesText(unsigned types);

// Follows $ref; unchanged where there is none or it names nothing in the schema.
SchemaView Resolved(SchemaView schema);

struct SelectedSchema {
  enum class State { kKnown, kUnknown, kNothing } state = State::kUnknown;
  std::optional<SchemaView> schema;  // where known
  std::string message;               // where it selects nothing
};
// The schema of what a step selects from a value of `schema`. A member that `properties` does not
// list is nothing, unless `additionalProperties` says that there are others.
SelectedSchema SelectSchema(SchemaView schema, const SelectorStep& step);
SelectedSchema SelectSchema(SchemaView schema, const std::vector<SelectorStep>& selector);

struct SchemaError {
  std::string path;  // ".items[0].price"; empty: the value itself
  std::string message;
  SourceRange where;  // the nearest part that has a place in the text
};

// The schema of what a reference will be replaced by, where it is known.
using SchemaOf = std::function<std::optional<SchemaView>(const Reference&)>;

// All errors, at most 20. Work is bounded: a schema that needs more is an error itself.
std::vector<SchemaError> CheckSchema(const Json& value, SchemaView schema);
std::vector<SchemaError> CheckSchema(const Template& value, SchemaView schema,
                                     const SchemaOf& schema_of);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_JSON_SCHEMA_H_
