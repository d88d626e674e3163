// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/mcp/tool_list.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/support/status_macros.h"

namespace heddle {
namespace {

constexpr size_t kMaxTools = 10'000;
constexpr int kMaxPages = 1'000;

absl::StatusOr<McpToolInfo> ToToolInfo(const Json& tool, const McpRevision& revision,
                                       bool trusted) {
  McpToolInfo info;
  ToolDescription& description = info.description;
  description.name = McpText(tool, "name");
  description.description = McpText(tool, "description");
  if (description.name.empty()) return absl::InvalidArgumentError("it has no name");
  const Json& schema = McpMember(tool, "inputSchema");
  if (!schema.is_object()) return absl::InvalidArgumentError("its inputSchema is no object");
  description.input_schema = schema;
  if (const Json& output = McpMember(tool, "outputSchema"); output.is_object()) {
    description.output_schema = output;
  }
  if (revision.stateless) {
    HEDDLE_ASSIGN_OR_RETURN(info.header_parameters, FindMcpHeaderParameters(schema));
  }
  if (trusted) {
    const Json& hints = McpMember(tool, "annotations");
    if (McpMember(hints, "readOnlyHint") == true) description.effects = ToolEffects::kRead;
    description.idempotent = McpMember(hints, "idempotentHint") == true;
  }
  return info;
}

class Lister : public std::enable_shared_from_this<Lister> {
 public:
  Lister(const std::shared_ptr<McpConnection>& connection, bool trusted,
         std::function<void(absl::StatusOr<McpToolList>)> done)
      : connection_(connection), trusted_(trusted), done_(std::move(done)) {}

  void Ask(Json params) {
    const std::shared_ptr<McpConnection> connection = connection_.lock();
    if (!connection) return;
    connection->Request({.method = "tools/list", .params = std::move(params)},
                        [self = shared_from_this()](McpAnswer answer) { self->OnPage(answer); });
  }

 private:
  void OnPage(const McpAnswer& answer) {
    if (const auto* failure = std::get_if<McpFailure>(&answer)) {
      return done_(absl::UnavailableError(failure->error.message));
    }
    if (const auto* error = std::get_if<McpError>(&answer)) {
      // A server of resources and prompts alone.
      if (error->code == kMcpMethodNotFound && pages_ == 0) return done_(std::move(list_));
      return done_(absl::FailedPreconditionError(absl::StrCat("tools/list: ", error->message)));
    }
    const Json& page = std::get<Json>(answer);
    const Json& tools = McpMember(page, "tools");
    if (!tools.is_array()) {
      return done_(absl::FailedPreconditionError("tools/list: the answer has no list of tools"));
    }
    for (const Json& tool : tools) Add(tool);
    const Json& cursor = McpMember(page, "nextCursor");
    if (!cursor.is_string()) return done_(std::move(list_));
    if (++pages_ >= kMaxPages || list_.tools.size() > kMaxTools) {
      return done_(absl::ResourceExhaustedError(absl::StrCat(
          "tools/list: more than ", kMaxTools, " tools, or ", kMaxPages, " pages of them")));
    }
    Ask({{"cursor", cursor}});
  }

  // A tool that is of no use does not take the others with it.
  void Add(const Json& tool) {
    const std::string name = McpText(tool, "name");
    const std::shared_ptr<McpConnection> connection = connection_.lock();
    if (!connection) return;
    absl::StatusOr<McpToolInfo> info = ToToolInfo(tool, connection->revision(), trusted_);
    if (!info.ok()) return LeaveOut(name, info.status().message());
    if (!names_.insert(name).second) return LeaveOut(name, "another has its name");
    list_.tools.push_back(*std::move(info));
  }

  void LeaveOut(const std::string& name, absl::string_view why) {
    if (list_.left_out.size() < kMaxTools) {
      list_.left_out.push_back(absl::StrCat("tool \"", name, "\" is left out: ", why));
    }
  }

  const std::weak_ptr<McpConnection> connection_;  // it holds this while a page is awaited
  const bool trusted_;
  const std::function<void(absl::StatusOr<McpToolList>)> done_;
  McpToolList list_;
  std::set<std::string> names_;
  int pages_ = 0;
};

}  // namespace

void ListMcpTools(const std::shared_ptr<McpConnection>& connection, bool trusted,
                  std::function<void(absl::StatusOr<McpToolList>)> done) {
  std::make_shared<Lister>(connection, trusted, std::move(done))->Ask(Json::object());
}

}  // namespace heddle
