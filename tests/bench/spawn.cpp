// SPDX-License-Identifier: MIT
// Starts programs as a web server starts CGI programs, in turn, and prints the
// median time of each in microseconds, exec to exit. What they answer holds
// TEXT, or the run fails.
//   bench_spawn ROUNDS TEXT -- PROGRAM ARG... -- PROGRAM ARG...
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Arguments = std::vector<char*>;

const char* const environment[] = {"PATH=/usr/bin:/bin",
                                   "GATEWAY_INTERFACE=CGI/1.1",
                                   "REQUEST_METHOD=GET",
                                   "SCRIPT_NAME=/x",
                                   "PATH_INFO=/hello",
                                   "QUERY_STRING=",
                                   "SERVER_NAME=localhost",
                                   "SERVER_PORT=80",
                                   "SERVER_PROTOCOL=HTTP/1.1",
                                   "HTTP_HOST=localhost",
                                   nullptr};

[[noreturn]] void die(const char* what, const char* program) {
  std::fprintf(stderr, "bench_spawn: %s: %s\n", what, program);
  std::exit(1);
}

double run_once(const Arguments& arguments,
                const posix_spawn_file_actions_t& actions) {
  const auto begin = Clock::now();
  pid_t pid = 0;
  if (::posix_spawn(&pid, arguments[0], &actions, nullptr, arguments.data(),
                    const_cast<char**>(environment)) != 0) {
    die("cannot start", arguments[0]);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (status != 0) die("failed", arguments[0]);
  return std::chrono::duration<double, std::micro>(Clock::now() - begin)
      .count();
}

/// Standard input is empty, standard output is `output`.
class Actions {
 public:
  explicit Actions(int output) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, output, 1);
  }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  ~Actions() { ::posix_spawn_file_actions_destroy(&actions_); }
  const posix_spawn_file_actions_t& get() const { return actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

void check_answer(const Arguments& arguments, std::string_view text) {
  std::FILE* const file = std::tmpfile();
  if (file == nullptr) die("cannot make a file", "for the answer");
  run_once(arguments, Actions(::fileno(file)).get());
  std::array<char, 65536> answer;
  std::rewind(file);
  const std::size_t size = std::fread(answer.data(), 1, answer.size(), file);
  std::fclose(file);
  if (std::string_view(answer.data(), size).find(text) ==
      std::string_view::npos) {
    die("wrong answer", arguments[0]);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Arguments> programs;
  for (int i = 3; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--") {
      programs.emplace_back();
    } else if (!programs.empty()) {
      programs.back().push_back(argv[i]);
    }
  }
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 0;
  if (rounds < 1 || programs.empty()) {
    die("usage", "ROUNDS TEXT -- PROGRAM ARG...");
  }
  for (Arguments& arguments : programs) {
    arguments.push_back(nullptr);
    check_answer(arguments, argv[2]);
  }

  const Actions actions(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  std::vector<std::vector<double>> times(programs.size());
  constexpr int warm_up = 5;
  for (int round = -warm_up; round < rounds; ++round) {
    for (std::size_t i = 0; i < programs.size(); ++i) {
      const double time = run_once(programs[i], actions.get());
      if (round >= 0) times[i].push_back(time);
    }
  }
  for (std::vector<double>& list : times) {
    std::sort(list.begin(), list.end());
    std::printf("%.1f\n", list[list.size() / 2]);
  }
}
