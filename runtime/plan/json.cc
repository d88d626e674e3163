// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/json.h"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace heddle {
namespace {

// Makes the value while the text is read, so that its depth is known before it is made. Members are
// appended, not looked up one by one: that takes a second for an object of forty thousand.
class Builder : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(int max_depth) : max_depth_(static_cast<size_t>(max_depth)) {}

  bool too_deep() const { return too_deep_; }
  size_t error_position() const { return error_position_; }
  Json Take() { return std::move(root_); }

  bool null() override { return Put(nullptr); }
  bool boolean(bool value) override { return Put(value); }
  bool number_integer(number_integer_t value) override { return Put(value); }
  bool number_unsigned(number_unsigned_t value) override { return Put(value); }
  bool number_float(number_float_t value, const string_t&) override { return Put(value); }
  bool string(string_t& value) override { return Put(std::move(value)); }
  bool binary(binary_t&) override { return false; }  // JSON text has none
  bool start_object(size_t) override { return Open(Json::object()); }
  bool start_array(size_t) override { return Open(Json::array()); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }

  bool key(string_t& name) override {
    OpenValue& top = open_.back();
    auto& members = top.value->get_ref<Json::object_t&>();
    auto [place, is_new] = top.places.emplace(name, members.size());
    if (is_new) members.emplace_back(std::move(name), nullptr);
    // Of two members with one name the last one counts.
    top.next = &(members.begin() + static_cast<std::ptrdiff_t>(place->second))->second;
    return true;
  }

  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    error_position_ = position;
    return false;
  }

 private:
  // What is open does not move, because only the innermost one grows.
  struct OpenValue {
    Json* value;
    Json* next = nullptr;  // the member that the next value is
    std::unordered_map<std::string, size_t> places;
  };

  Json* Place(Json value) {
    Json* place = &root_;
    if (!open_.empty() && open_.back().value->is_array()) {
      open_.back().value->push_back(nullptr);
      place = &open_.back().value->back();
    } else if (!open_.empty()) {
      place = open_.back().next;
    }
    *place = std::move(value);
    return place;
  }
  bool Put(Json value) { return Place(std::move(value)) != nullptr; }
  bool Open(Json value) {
    too_deep_ = open_.size() >= max_depth_;
    if (too_deep_) return false;
    open_.push_back({Place(std::move(value)), nullptr, {}});
    return true;
  }
  bool Close() {
    open_.pop_back();
    return true;
  }

  const size_t max_depth_;
  bool too_deep_ = false;
  size_t error_position_ = 0;
  std::vector<OpenValue> open_;
  Json root_;
};

std::string PlaceOf(std::string_view text, size_t position) {
  position = std::min(position, text.size());
  size_t line = 1, column = 1;
  for (char c : text.substr(0, position > 0 ? position - 1 : 0)) {
    column = c == '\n' ? 1 : column + 1;
    line += c == '\n';
  }
  return absl::StrCat("line ", line, ", column ", column);
}

}  // namespace

absl::StatusOr<Json> ParseJson(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the JSON has ", text.size(), " bytes, more than ", limits.max_bytes));
  }
  Builder builder(limits.max_depth);
  if (!Json::sax_parse(text, &builder)) {
    if (builder.too_deep()) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the JSON nests deeper than ", limits.max_depth));
    }
    return absl::InvalidArgumentError(
        absl::StrCat("malformed JSON at ", PlaceOf(text, builder.error_position())));
  }
  return builder.Take();
}

std::string ToText(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string ToPlainText(const Json& value) {
  return value.is_string() ? value.get_ref<const std::string&>() : ToText(value);
}

}  // namespace heddle
