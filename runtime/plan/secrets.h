// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values that must not be written down, and their names in their place: "Bearer abc" with TOKEN = "abc"
// is written as "Bearer ${TOKEN}", and read back as it was. Only strings can hold them.
//
// Thread-safety: pure functions.

#ifndef HEDDLE_RUNTIME_PLAN_SECRETS_H_
#define HEDDLE_RUNTIME_PLAN_SECRETS_H_

#include <string>
#include <utility>
#include <vector>

#include "runtime/plan/json.h"

namespace heddle {

using Secrets = std::vector<std::pair<std::string, std::string>>;  // name, value

std::string HideSecrets(const std::string& text, const Secrets& secrets);
Json HideSecrets(Json value, const Secrets& secrets);
std::string ShowSecrets(const std::string& text, const Secrets& secrets);
Json ShowSecrets(Json value, const Secrets& secrets);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_SECRETS_H_
