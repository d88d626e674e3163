// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// main() of the fuzzers where there is no libFuzzer: every seed, and then mutations of the seeds,
// the same ones in the same order each time, until the time is over.
//
//   NAME_fuzzer [--seconds S] [--dict FILE] [--found FILE] FILE|FOLDER...
//
// An input that crashes or takes longer than 20 s is written to the file `--found` names;
// "NAME_fuzzer FILE" runs it again.

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
// Of the sanitizers, where the fuzzer is built with them.
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace {

constexpr size_t kMaxSize = 4096;     // unless a seed is larger
constexpr unsigned kMaxSeconds = 20;  // for one input

const char* found_path = "fuzzer.found";
const std::string* running = nullptr;

// Only calls that a signal handler may make.
void Say(const char* text) { (void)!write(STDERR_FILENO, text, strlen(text)); }

void KeepInput() {
  if (!running) return;
  Say("this input is written to ");
  Say(found_path);
  Say("\n");
  const int file = open(found_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file >= 0) (void)!write(file, running->data(), running->size());
  running = nullptr;
}

void Die(int signal_number) {
  Say(signal_number == SIGALRM ? "an input takes too long; " : "an input crashes; ");
  KeepInput();
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void Run(const std::string& input) {
  // A buffer of exactly this size, so that a sanitizer sees what is read behind it.
  const std::vector<uint8_t> bytes(input.begin(), input.end());
  running = &input;
  alarm(kMaxSeconds);
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  running = nullptr;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    fprintf(stderr, "%s: cannot be read\n", path.c_str());
    exit(2);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

// The files of a folder in the order of their names, or the file itself.
std::vector<std::string> FilesAt(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return {path};
  std::vector<std::string> files;
  DIR* folder = opendir(path.c_str());
  while (const dirent* entry = folder ? readdir(folder) : nullptr) {
    if (entry->d_name[0] != '.') files.push_back(path + "/" + entry->d_name);
  }
  if (folder) closedir(folder);
  std::sort(files.begin(), files.end());
  return files;
}

// libFuzzer's format: a quoted word a line, with \\, \" and \xNN.
std::vector<std::string> ReadDictionary(const std::string& path) {
  std::vector<std::string> words;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t begin = line.find('"'), end = line.rfind('"');
    if (line[0] == '#' || begin == std::string::npos || begin == end) continue;
    std::string word;
    for (size_t i = begin + 1; i < end; ++i) {
      if (line[i] == '\\' && ++i < end && line[i] == 'x') {
        word += static_cast<char>(strtol(line.substr(i + 1, 2).c_str(), nullptr, 16));
        i += 2;
      } else {
        word += line[i];
      }
    }
    words.push_back(word);
  }
  return words;
}

class Mutator {
 public:
  Mutator(std::vector<std::string> words, const std::vector<std::string>& seeds)
      : words_(std::move(words)), seeds_(seeds) {}

  std::string Next() {
    std::string text = Pick(seeds_);
    const size_t limit = std::max(text.size(), kMaxSize);
    for (size_t count = 1 + Below(4); count > 0; --count) Change(text);
    text.resize(std::min(text.size(), limit));
    return text;
  }

 private:
  size_t Below(size_t bound) { return random_() % bound; }
  const std::string& Pick(const std::vector<std::string>& from) { return from[Below(from.size())]; }

  // A piece of it that is mostly short.
  std::string Piece(const std::string& text) {
    const size_t begin = Below(text.size() + 1);
    return text.substr(begin, 1 + Below(Below(4) == 0 ? text.size() + 1 : 16));
  }

  void Change(std::string& text) {
    const size_t at = Below(text.size() + 1);
    switch (Below(6)) {
      case 0:
        if (at < text.size()) text[at] ^= static_cast<char>(1 << Below(8));
        return;
      case 1:
        text.insert(at, 1, static_cast<char>(Below(256)));
        return;
      case 2:
        text.erase(at, Piece(text).size());
        return;
      case 3:
        text.insert(at, Piece(text));
        return;
      case 4:
        text.insert(at, Piece(Pick(seeds_)));
        return;
      default:
        if (!words_.empty()) text.insert(at, Pick(words_));
    }
  }

  // Its numbers are the same with every standard library; those of distributions are not.
  std::mt19937 random_{1};
  const std::vector<std::string> words_;
  const std::vector<std::string>& seeds_;
};

}  // namespace

int main(int argc, char** argv) {
  double seconds = 0;
  std::vector<std::string> words, seeds;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--seconds" && has_value) {
      seconds = atof(argv[++i]);
    } else if (argument == "--dict" && has_value) {
      words = ReadDictionary(argv[++i]);
    } else if (argument == "--found" && has_value) {
      found_path = argv[++i];
    } else {
      for (const std::string& path : FilesAt(argument)) seeds.push_back(ReadFile(path));
    }
  }
  if (seeds.empty()) {
    fprintf(stderr, "usage: %s [--seconds S] [--dict FILE] [--found FILE] FILE|FOLDER...\n",
            argv[0]);
    return 2;
  }
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM}) signal(number, Die);
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(KeepInput);

  using Clock = std::chrono::steady_clock;
  for (const std::string& seed : seeds) Run(seed);
  Mutator mutator(std::move(words), seeds);
  size_t count = 0;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  for (; Clock::now() < end; ++count) Run(mutator.Next());
  printf("%zu seeds and %zu mutations of them\n", seeds.size(), count);
  return 0;
}
