// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/plan/TextStream.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace heddle::cli {

TextStream::~TextStream() {
  watch.End();
  if (file > STDIN_FILENO)
    close(file);
}

absl::Status TextStream::open(const std::string &path, std::function<void(std::string_view)> got) {
  piece = std::move(got);
  file = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return absl::NotFoundError("cannot open " + path + ": " + std::strerror(errno));
  // Pipes and terminals are waited for; a regular file is always ready, which epoll does not take.
  auto added = loop.Add(file, EPOLLIN, [this](uint32_t) { read(); });
  isWatched = added.ok();
  if (isWatched)
    watch = *std::move(added);
  else
    loop.Post([this] { read(); });
  return absl::OkStatus();
}

void TextStream::read() {
  char buffer[1 << 16];
  ssize_t count = ::read(file, buffer, sizeof buffer);
  if (count < 0 && (errno == EINTR || errno == EAGAIN))
    return;
  if (count <= 0)
    watch.End();
  else if (!isWatched)
    loop.Post([this] { read(); });
  piece(std::string_view(buffer, count > 0 ? count : 0));
}

} // namespace heddle::cli
