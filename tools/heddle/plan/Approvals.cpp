// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/plan/Approvals.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace heddle::cli {

Approvals::Approvals(EventLoop &loop, std::function<void(const std::string &)> print,
                     std::function<void()> typedLine)
    : loop(loop), print(std::move(print)), typedLine(std::move(typedLine)) {}

Approvals::~Approvals() {
  watch.reset();
  if (terminal >= 0)
    close(terminal);
}

void Approvals::ask(std::string question, std::function<void(bool)> answer) {
  questions.push_back({std::move(question), std::move(answer)});
  if (questions.size() == 1)
    askNext();
}

void Approvals::askNext() {
  if (questions.empty()) {
    watch.reset();
    return;
  }
  if (terminal < 0)
    terminal = open("/dev/tty", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (terminal >= 0 && !watch)
    if (auto added = loop.Add(terminal, EPOLLIN, [this](uint32_t) { readAnswer(); }); added.ok())
      watch = *std::move(added);
  if (!watch) { // nobody is there
    while (!questions.empty()) {
      auto answer = std::move(questions.front().answer);
      questions.pop_front();
      answer(false);
    }
    return;
  }
  print(questions.front().text + "  run it? [y/N]");
}

void Approvals::readAnswer() {
  char buffer[256];
  ssize_t count = read(terminal, buffer, sizeof buffer);
  if (count > 0)
    typed.append(buffer, count);
  size_t end = typed.find('\n');
  if (count != 0 && end == std::string::npos)
    return;
  // The end of the terminal is a no to all that is left.
  bool yes = end != std::string::npos && end > 0 && (typed[0] == 'y' || typed[0] == 'Y');
  typed.erase(0, end == std::string::npos ? typed.size() : end + 1);
  if (end != std::string::npos)
    typedLine();
  auto answer = std::move(questions.front().answer);
  questions.pop_front();
  answer(yes);
  askNext();
}

} // namespace heddle::cli
