// SPDX-License-Identifier: MIT
#include "decant/file_wrapper.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <system_error>

#include "support/catch.hpp"
#include "support/pipe.hpp"
#include "support/recording_exchange.hpp"
#include "support/temporary_directory.hpp"

namespace decant {
namespace {

int open_file(const std::string& path) {
  return ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
}

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

TEST_CASE("A file comes in blocks, from its position to its end") {
  const test::TemporaryDirectory folder;
  const int fd = open_file(folder.write("file", "0123456789"));
  REQUIRE(::lseek(fd, 3, SEEK_SET) == 3);
  FileWrapper file(fd, 4);
  CHECK(file.size() == 7U);
  std::string chunk;
  REQUIRE(file.next(chunk));
  CHECK(chunk == "3456");
  REQUIRE(file.next(chunk));
  CHECK(chunk == "789");
  CHECK_FALSE(file.next(chunk));
}

TEST_CASE("A file body knows its size and closes its descriptor") {
  const test::TemporaryDirectory folder;
  const int fd = open_file(folder.write("file", "content"));
  {
    Body body = FileWrapper(fd);
    CHECK(body.size() == 7U);
    CHECK_FALSE(body.length().has_value());
    std::string_view chunk;
    REQUIRE(body.next(chunk));
    CHECK(chunk == "content");
    CHECK_FALSE(body.next(chunk));
    CHECK(is_open(fd));
    body.close();
    CHECK_FALSE(is_open(fd));
  }
}

TEST_CASE("A file that nobody reads is closed too") {
  const test::TemporaryDirectory folder;
  const int fd = open_file(folder.write("file", "content"));
  { const Body body = FileWrapper(fd); }
  CHECK_FALSE(is_open(fd));
}

TEST_CASE("A position beyond the end leaves nothing") {
  const test::TemporaryDirectory folder;
  const int fd = open_file(folder.write("file", "x"));
  REQUIRE(::lseek(fd, 10, SEEK_SET) == 10);
  FileWrapper file(fd);
  CHECK(file.size() == 0U);
  std::string chunk;
  CHECK_FALSE(file.next(chunk));
}

TEST_CASE("A pipe has no size and is read to its end") {
  test::Pipe pipe;
  REQUIRE(write_all(pipe.write.get(), "through a pipe"));
  pipe.write.reset();
  FileWrapper file(pipe.read.release());
  CHECK_FALSE(file.size().has_value());
  std::string chunk;
  REQUIRE(file.next(chunk));
  CHECK(chunk == "through a pipe");
  CHECK_FALSE(file.next(chunk));
}

TEST_CASE("A descriptor that cannot be read throws") {
  FileWrapper file(-1);
  CHECK_FALSE(file.size().has_value());
  std::string chunk;
  CHECK_THROWS_AS(file.next(chunk), std::system_error);
}

TEST_CASE("A block of no bytes is taken as one of a byte") {
  const test::TemporaryDirectory folder;
  FileWrapper file(open_file(folder.write("file", "ab")), 0);
  std::string chunk;
  REQUIRE(file.next(chunk));
  CHECK(chunk == "a");
}

TEST_CASE("The size of a file becomes the Content-Length") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.write("file", std::string(20000, 'x'));
  test::RecordingExchange exchange;
  const Outcome outcome =
      exchange.run([&path](Environ& env, const StartResponse& start_response) {
        start_response("200 OK", {{"Content-Type", "text/plain"}});
        return Body(env.file_wrapper(open_file(path)));
      });
  CHECK(outcome == Outcome::complete);
  CHECK(exchange.output.content_length == 20000U);
  CHECK(exchange.output.body().size() == 20000);
  CHECK(exchange.output.pieces.size() == 3);
  CHECK(exchange.output.pieces.back().last);
}

TEST_CASE("A file that grows is sent as far as its announced size") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.write("file", "first");
  test::RecordingExchange exchange;
  const Outcome outcome =
      exchange.run([&](Environ& env, const StartResponse& start_response) {
        start_response("200 OK", {{"Content-Type", "text/plain"}});
        Body body = env.file_wrapper(open_file(path));
        folder.write("file", "first and more");
        return body;
      });
  CHECK(exchange.output.content_length == 5U);
  CHECK(exchange.output.body() == "first");
  CHECK(outcome == Outcome::complete);
}

TEST_CASE("a file whose size lies is a body of no known length",
          "[file_wrapper]") {
  // Bytes and no size, and a size with few bytes.
  for (const char* const path :
       {"/proc/self/status", "/sys/kernel/mm/transparent_hugepage/enabled",
        "/proc/version"}) {
    if (::access(path, R_OK) != 0) continue;
    CAPTURE(path);
    FileWrapper file(open_file(path));
    CHECK(!file.size());
    Body body(std::move(file));
    std::string_view chunk;
    CHECK(body.next(chunk));
    CHECK(!chunk.empty());
  }
}

TEST_CASE("a file that grows is sent as it was", "[file_wrapper]") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.write("log", "before\n");
  Body body = FileWrapper(open_file(path), 4096);
  CHECK(body.size() == 7);
  std::ofstream(path, std::ios::app) << "after\n";
  std::string_view chunk;
  REQUIRE(body.next(chunk));
  CHECK(chunk == "before\n");
  CHECK(body.at_end());
  CHECK(!body.next(chunk));
}

}  // namespace
}  // namespace decant
