// SPDX-License-Identifier: MIT
#include "decant/stdio.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/pipe.hpp"

namespace decant {
namespace {

using test::Pipe;

bool is_null_device(int fd) {
  struct stat one {};
  struct stat null {};
  return ::fstat(fd, &one) == 0 && ::stat("/dev/null", &null) == 0 &&
         one.st_rdev == null.st_rdev && S_ISCHR(one.st_mode);
}

TEST_CASE("Standard input and output are out of the application's way") {
  Pipe input;
  Pipe output;
  Pipe errors;
  REQUIRE(write_all(input.write.get(), "request"));
  const int status = test::in_child([&] {
    ::dup2(input.read.get(), 0);
    ::dup2(output.write.get(), 1);
    ::dup2(errors.write.get(), 2);
    const StandardStreams& streams = own_standard_streams();
    std::array<char, 7> request{};
    if (read_some(streams.input.get(), request) != 7) return 1;
    std::printf("stray");
    std::fflush(stdout);
    if (!write_all(streams.output.get(), "response")) return 2;
    if (!is_null_device(0)) return 3;
    if (&own_standard_streams() != &streams) return 4;
    if (streams.input.get() < 3 || streams.output.get() < 3) return 5;
    return 0;
  });
  CHECK(status == 0);
  output.write.reset();
  errors.write.reset();
  CHECK(test::read_to_end(output.read.get()) == "response");
  CHECK(test::read_to_end(errors.read.get()) == "stray");
}

TEST_CASE("What a child echoes does not reach the response") {
  Pipe output;
  Pipe errors;
  const int status = test::in_child([&] {
    ::dup2(output.write.get(), 1);
    ::dup2(errors.write.get(), 2);
    own_standard_streams();
    return std::system("echo stray; test ! -e /proc/self/fd/3");
  });
  CHECK(status == 0);
  output.write.reset();
  errors.write.reset();
  CHECK(test::read_to_end(output.read.get()).empty());
  CHECK(test::read_to_end(errors.read.get()) == "stray\n");
}

TEST_CASE("Standard descriptors that the parent closed do no harm") {
  const auto closed = GENERATE(std::vector{0, 1, 2}, std::vector{0},
                               std::vector{0, 1}, std::vector{2});
  CAPTURE(closed);
  const int status = test::in_child([&closed] {
    const int null = ::open("/dev/null", O_RDWR);
    for (const int fd : {0, 1, 2}) ::dup2(null, fd);
    for (const int fd : closed) ::close(fd);
    const StandardStreams& streams = own_standard_streams();
    std::array<char, 1> byte{};
    if (read_some(streams.input.get(), byte) != 0) return 1;
    if (!write_all(streams.output.get(), "lost")) return 2;
    for (const int fd : {0, 1, 2}) {
      if (!is_null_device(fd)) return 3;
    }
    return 0;
  });
  CHECK(status == 0);
}

}  // namespace
}  // namespace decant
