// SPDX-License-Identifier: MIT
#include "decant/service/log/log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "decant/error.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/pipe.hpp"
#include "support/temporary_directory.hpp"

namespace decant::service {
namespace {

/// What `write` puts on standard error, in a process of its own.
template <class Write>
std::string logged(const Write& write) {
  test::Pipe errors;
  const int status = test::in_child([&] {
    ::dup2(errors.write.get(), 2);
    write();
    return 0;
  });
  errors.write.reset();
  CHECK(status == 0);
  return test::read_to_end(errors.read.get());
}

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::size_t lines_of(const std::string& path) {
  const std::string text = text_of(path);
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// Where journald would say that it reads standard error.
void set_journal_stream(int fd) {
  struct stat status {};
  ::fstat(fd, &status);
  const std::string stream =
      std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino);
  ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
}

TEST_CASE("A message is one line that names decant") {
  CHECK(logged([] { log(LogLevel::error, "endpoint: in use"); }) ==
        "decant: endpoint: in use\n");
}

TEST_CASE("A message cannot make lines or control a terminal") {
  CHECK(logged([] { log(LogLevel::error, "a\nb\x1B[2J"); }) ==
        "decant: a\\x0ab\\x1b[2J\n");
}

TEST_CASE("Only messages at or below the level are written") {
  CHECK(logged([] {
          set_log_level(LogLevel::warning);
          for (const LogLevel level : {LogLevel::error, LogLevel::warning,
                                       LogLevel::info, LogLevel::debug}) {
            log(level, std::to_string(static_cast<int>(level)));
          }
        }) == "decant: 0\ndecant: 1\n");
  CHECK(logged([] {
          set_log_level(LogLevel::debug);
          log(LogLevel::debug, "everything");
        }) == "decant: everything\n");
}

TEST_CASE("The level is info at the start") {
  CHECK(log_level() == LogLevel::info);
}

TEST_CASE("wsgi.errors goes to standard error as it is") {
  CHECK(logged([] { LogSink().write("a line\nanother\n"); }) ==
        "a line\nanother\n");
  CHECK(logged([] { LogSink().write(""); }).empty());
}

TEST_CASE("A log that cannot be written does no harm and keeps errno") {
  CHECK(test::in_child([] {
          ::close(2);
          errno = ENOENT;
          log(LogLevel::error, "nobody reads this");
          LogSink().write("nor this\n");
          return errno == ENOENT ? 0 : 1;
        }) == 0);
}

TEST_CASE("A message is one write") {
  // A pipe takes up to 4096 bytes at once (PIPE_BUF), so parallel lines of
  // several processes come out whole.
  test::Pipe errors;
  const std::string message(1000, 'x');
  const int status = test::in_child([&] {
    ::dup2(errors.write.get(), 2);
    const pid_t other = ::fork();
    for (int i = 0; i < 20; ++i) log(LogLevel::error, message);
    if (other == 0) ::_exit(0);
    int ended = 0;
    return ::waitpid(other, &ended, 0) == other ? ended : 1;
  });
  CHECK(status == 0);
  errors.write.reset();
  std::string expected;
  for (int i = 0; i < 40; ++i) expected += "decant: " + message + '\n';
  CHECK(test::read_to_end(errors.read.get()) == expected);
}

TEST_CASE("What concerns a request has a level of its own") {
  CHECK(logged([] {
          set_log_level(LogLevel::error);
          LogSink().complain("GET /: no\nway");
          LogSink().remark("GET /: the client left");
          set_log_level(LogLevel::info);
          LogSink().remark("GET /: the client left");
        }) == "decant: GET /: no\\x0away\ndecant: GET /: the client left\n");
}

TEST_CASE("For systemd's journal a line has its priority") {
  CHECK(logged([] {
          set_journal_stream(2);
          start_log();
          set_log_level(LogLevel::debug);
          log(LogLevel::error, "a");
          log(LogLevel::warning, "b");
          log(LogLevel::info, "c");
          log(LogLevel::debug, "d");
          LogSink().write("e\nf\n");
        }) ==
        "<3>decant: a\n<4>decant: b\n<6>decant: c\n<7>decant: d\n"
        "<4>e\n<4>f\n");
}

TEST_CASE("A journal that reads something else is not written for") {
  CHECK(logged([] {
          const test::Pipe other;
          set_journal_stream(other.write.get());
          start_log();
          log(LogLevel::error, "a");
        }) == "decant: a\n");
}

TEST_CASE("In a file each line has time, process and level") {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "log";
  pid_t process = 0;
  CHECK(logged([&] {
          start_log(path);
          log(LogLevel::warning, "a\nb");
          LogSink().write("c\nd\n");
          LogSink().complain("GET /: e");
          std::ofstream(directory / "pid") << ::getpid();
        }).empty());
  std::istringstream(text_of(directory / "pid")) >> process;
  const std::string start = R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[)" +
                            std::to_string(process) + R"(\] )";
  CHECK(std::regex_match(
      text_of(path),
      std::regex(start + R"(warning: a\\x0ab\n)" + start + "wsgi: c\n" + start +
                 "wsgi: d\n" + start + "error: GET /: e\n")));
}

TEST_CASE("A log file is made for its owner and group, and added to") {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "log";
  const auto add = [&] {
    ::umask(0);
    start_log(path);
    log(LogLevel::info, "a line");
  };
  logged(add);
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0640);
  logged(add);
  CHECK(lines_of(path) == 2);
}

TEST_CASE("A log file that cannot be opened is refused by name") {
  const test::TemporaryDirectory directory;
  CHECK_THROWS_WITH(
      start_log(directory / "no" + "/log"),
      Catch::StartsWith("log: \"") && Catch::Contains("/no/log") &&
          Catch::Contains("No such file or directory; give a file"));
  CHECK_THROWS_WITH(start_log(directory.path()),
                    Catch::Contains("Is a directory"));
}

TEST_CASE("Logs are opened anew at their paths") {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "log";
  logged([&] {
    std::filesystem::current_path(directory.path());
    start_log("log");
    const LogFile other("other");
    log(LogLevel::info, "before");
    std::filesystem::rename("log", "log.1");
    std::filesystem::rename("other", "other.1");
    log(LogLevel::info, "still before");
    std::filesystem::current_path("/");
    reopen_logs();
    log(LogLevel::info, "after");
    write_lines(other.descriptor(), "after\n");
  });
  CHECK(lines_of(path + ".1") == 2);
  CHECK(lines_of(path) == 1);
  CHECK(text_of(directory / "other.1").empty());
  CHECK(text_of(directory / "other") == "after\n");
}

TEST_CASE("A log that cannot be opened anew stays, and says so") {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "folder" + "/log";
  std::filesystem::create_directory(directory / "folder");
  logged([&] {
    start_log(path);
    std::filesystem::rename(directory / "folder", directory / "moved");
    reopen_logs();
    log(LogLevel::info, "after");
  });
  const std::string text = text_of(directory / "moved" + "/log");
  CHECK_THAT(text, Catch::Contains("error: log: \"") &&
                       Catch::Contains("No such file or directory; the file "
                                       "that was open is kept\n") &&
                       Catch::Contains("info: after\n"));
}

TEST_CASE("No line is lost or broken while logs are opened anew") {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "log";
  constexpr int rounds = 20;
  constexpr std::size_t lines = 500;
  logged([&] {
    start_log(path);
    std::vector<std::thread> writers;
    writers.reserve(3);
    for (int i = 0; i < 3; ++i) {
      writers.emplace_back([] {
        for (std::size_t n = 0; n < lines; ++n) log(LogLevel::info, "a line");
      });
    }
    for (int i = 0; i < rounds; ++i) {
      std::filesystem::rename(path, path + '.' + std::to_string(i));
      reopen_logs();
    }
    for (std::thread& writer : writers) writer.join();
  });
  std::size_t found = lines_of(path);
  for (int i = 0; i < rounds; ++i) {
    found += lines_of(path + '.' + std::to_string(i));
  }
  CHECK(found == 3 * lines);
}

TEST_CASE("A FIFO that nobody reads holds nobody up") {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "fifo";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK_THROWS_AS(LogFile(path), Error);
  const Descriptor reader(
      ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const LogFile log(path);
  const std::string line(1000, 'x');
  for (int i = 0; i < 1000; ++i) write_lines(log.descriptor(), line + '\n');
}

TEST_CASE("A log file is not for the children of an application") {
  const test::TemporaryDirectory directory;
  const LogFile log(directory / "log");
  CHECK((::fcntl(log.descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
  reopen_logs();
  CHECK((::fcntl(log.descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("What repeats itself is said once a second, with a count") {
  CHECK(logged([] {
          using std::chrono::milliseconds;
          Repeated repeated;
          const auto begin = Repeated::Clock::now();
          for (const int at : {0, 1, 500, 999, 1000, 1001, 2000, 3000}) {
            repeated.log(LogLevel::warning, "at " + std::to_string(at),
                         begin + milliseconds(at));
          }
        }) ==
        "decant: at 0\ndecant: at 1000 (3 more since the last line)\n"
        "decant: at 2000 (1 more since the last line)\ndecant: at 3000\n");
}

}  // namespace
}  // namespace decant::service
