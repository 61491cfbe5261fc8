// SPDX-License-Identifier: MIT
#include "decant/descriptor.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <thread>

#include "support/catch.hpp"
#include "support/pipe.hpp"

namespace decant {
namespace {

using test::Pipe;

int any_descriptor() {
  return ::open("/dev/null", O_RDWR | O_CLOEXEC);
}

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

TEST_CASE("A descriptor is closed when its owner goes") {
  const int fd = any_descriptor();
  { const Descriptor owner(fd); }
  CHECK_FALSE(is_open(fd));
}

TEST_CASE("An owner of nothing closes nothing") {
  Descriptor none;
  CHECK_FALSE(none);
  CHECK(none.get() == -1);
  none.reset();
}

TEST_CASE("A descriptor moves from owner to owner") {
  const int fd = any_descriptor();
  Descriptor first(fd);
  Descriptor second(std::move(first));
  // NOLINTNEXTLINE(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
  CHECK_FALSE(first);
  CHECK(second.get() == fd);
  const int other = any_descriptor();
  Descriptor third(other);
  third = std::move(second);
  CHECK_FALSE(is_open(other));
  CHECK(third.get() == fd);
  CHECK(third.release() == fd);
  CHECK_FALSE(third);
  CHECK(is_open(fd));
  ::close(fd);
}

TEST_CASE("A descriptor that is moved to itself stays") {
  Descriptor owner(any_descriptor());
  Descriptor& same = owner;
  owner = std::move(same);
  CHECK(is_open(owner.get()));
}

TEST_CASE("A read gives bytes, nothing at the end, -1 on an error") {
  Pipe pipe;
  std::array<char, 8> buffer{};
  REQUIRE(write_all(pipe.write.get(), "abc"));
  CHECK(read_some(pipe.read.get(), buffer) == 3);
  pipe.write.reset();
  CHECK(read_some(pipe.read.get(), buffer) == 0);
  CHECK(read_some(-1, buffer) == -1);
  CHECK(errno == EBADF);
}

TEST_CASE("Parts are written whole and in order, empty ones too") {
  Pipe pipe;
  std::array<iovec, 5> parts = {as_iovec(""), as_iovec("one "), as_iovec(""),
                                as_iovec("two"), as_iovec("")};
  REQUIRE(write_all(pipe.write.get(), parts));
  pipe.write.reset();
  CHECK(test::read_to_end(pipe.read.get()) == "one two");
}

TEST_CASE("Nothing to write is written") {
  CHECK(write_all(-1, ""));
  CHECK(write_all(-1, std::span<iovec>{}));
}

TEST_CASE("A write larger than the pipe is taken up until it is done") {
  Pipe pipe;
  const std::string first(300000, 'a');
  const std::string second(300000, 'b');
  std::string got;
  std::thread reader([&] { got = test::read_to_end(pipe.read.get()); });
  std::array<iovec, 2> parts = {as_iovec(first), as_iovec(second)};
  const bool written = write_all(pipe.write.get(), parts);
  pipe.write.reset();
  reader.join();
  CHECK(written);
  CHECK(got == first + second);
}

TEST_CASE("A write to a peer that is gone fails with errno") {
  Pipe pipe;
  pipe.read.reset();
  auto* const before = std::signal(SIGPIPE, SIG_IGN);
  errno = 0;
  CHECK_FALSE(write_all(pipe.write.get(), "x"));
  CHECK(errno == EPIPE);
  std::signal(SIGPIPE, before);
}

TEST_CASE("A write that a socket does not take in time fails") {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                       ends.data()) == 0);
  const Descriptor one(ends[0]);
  const Descriptor other(ends[1]);
  const std::chrono::seconds no_time{0};
  CHECK_FALSE(write_all(one.get(), std::string(10 << 20, 'x'), no_time));
  CHECK(errno == EAGAIN);
  std::array<char, 8> buffer;
  CHECK(read_some(one.get(), buffer, no_time) == -1);
  CHECK(errno == EAGAIN);
}

TEST_CASE("A descriptor that does not block is waited for") {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                       ends.data()) == 0);
  Descriptor one(ends[0]);
  const Descriptor other(ends[1]);
  const std::string sent(10 << 20, 'x');
  std::string got;
  std::thread reader([&] {
    std::string buffer(65536, '\0');
    ssize_t size = 0;
    while ((size = read_some(other.get(), buffer)) > 0) {
      got.append(buffer, 0, static_cast<std::size_t>(size));
    }
  });
  const bool written = write_all(one.get(), sent);
  one.reset();
  reader.join();
  CHECK(written);
  CHECK(got == sent);
}

}  // namespace
}  // namespace decant
