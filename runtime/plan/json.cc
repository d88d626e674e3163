// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/json.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace heddle {
namespace {

// Walks the text without making a value of it: how deep it nests, and where it goes wrong.
class DepthCheck : public nlohmann::json_sax<Json> {
 public:
  explicit DepthCheck(int max_depth) : max_depth_(max_depth) {}

  bool too_deep() const { return depth_ > max_depth_; }
  size_t error_position() const { return error_position_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool key(string_t&) override { return true; }
  bool start_object(size_t) override { return ++depth_ <= max_depth_; }
  bool end_object() override { return --depth_ >= 0; }
  bool start_array(size_t) override { return ++depth_ <= max_depth_; }
  bool end_array() override { return --depth_ >= 0; }
  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) override {
    error_position_ = position;
    return false;
  }

 private:
  const int max_depth_;
  int depth_ = 0;
  size_t error_position_ = 0;
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
  DepthCheck check(limits.max_depth);
  if (!Json::sax_parse(text, &check)) {
    if (check.too_deep()) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the JSON nests deeper than ", limits.max_depth));
    }
    return absl::InvalidArgumentError(
        absl::StrCat("malformed JSON at ", PlaceOf(text, check.error_position())));
  }
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

std::string ToText(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string ToPlainText(const Json& value) {
  return value.is_string() ? value.get_ref<const std::string&>() : ToText(value);
}

}  // namespace heddle
