// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `heddle cache`: what is kept between compilations, how large it is, and how to be rid of it.

#include "compiler/cache/CacheFolder.h"
#include "tools/heddle/CommandLine.h"
#include "tools/heddle/Console.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace heddle::cli {

namespace {

struct Kind {
  const char *name, *ending, *what;
};

constexpr Kind kinds[] = {
    {"models", ".heddle", "models compiled by run, bench and verify"},
    {"kernels", ".kernel", "machine code of kernels, shared by models"},
    {"tuned", ".tuned", "schedules found by heddle tune"},
};

struct CacheCommand {
  std::string clear;
  bool json = false;

  int run() const;
};

int CacheCommand::run() const {
  auto folder = CacheFolder::open(CacheFolder::defaultPath());
  if (!folder.ok())
    return fail(folder.status());
  for (const Kind &kind : kinds)
    if (clear == "all" || clear == kind.name)
      folder->clear(kind.ending);
  auto contents = folder->contents();
  if (json) {
    nlohmann::ordered_json all;
    all["folder"] = folder->path();
    all["most_bytes"] = CacheFolder::mostBytes();
    for (const Kind &kind : kinds)
      all[kind.name] = {{"files", contents[kind.ending].files},
                        {"bytes", contents[kind.ending].bytes}};
    std::printf("%s\n", all.dump(1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    return exitDone;
  }
  std::printf("%s, at most %.0f MB\n", oneLine(folder->path()).c_str(),
              static_cast<double>(CacheFolder::mostBytes()) / (1 << 20));
  for (const Kind &kind : kinds)
    std::printf("%8zu %8.1f MB  %-8s %s\n", contents[kind.ending].files,
                static_cast<double>(contents[kind.ending].bytes) / (1 << 20), kind.name, kind.what);
  return exitDone;
}

} // namespace

Command addCache(CLI::App &app) {
  auto command = std::make_shared<CacheCommand>();
  app.add_option("--clear", command->clear, "Remove models, kernels, tuned, or all")
      ->check(CLI::IsMember({"all", "models", "kernels", "tuned"}).description(""))
      ->type_name("WHAT");
  app.add_flag("--json", command->json, "Print the result as JSON");
  return [command] { return command->run(); };
}

} // namespace heddle::cli
