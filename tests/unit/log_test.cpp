// SPDX-License-Identifier: MIT
#include "decant/service/log.hpp"

#include <unistd.h>

#include <cerrno>
#include <string>

#include "decant/error.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/pipe.hpp"

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

}  // namespace
}  // namespace decant::service
