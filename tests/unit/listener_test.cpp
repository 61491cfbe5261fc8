// SPDX-License-Identifier: MIT
#include "decant/service/listen/listener.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "decant/error.hpp"
#include "support/allowing.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/pipe.hpp"
#include "support/temporary_directory.hpp"

namespace decant::service {
namespace {

using Catch::Contains;
using test::allowing;
using test::TemporaryDirectory;

Listener open_text(const std::string& text,
                   const SocketSettings& settings = {}) {
  return open(Endpoint::parse(text), settings);
}

/// What opening says, "opened" when it works.
template <class Exception = Error>
std::string complaint(const std::string& text,
                      const SocketSettings& settings = {}) {
  try {
    open_text(text, settings);
  } catch (const Exception& error) {
    CHECK_THAT(error.what(), Catch::StartsWith("endpoint: "));
    CHECK_THAT(error.what(), !Contains("\n"));
    return error.what();
  }
  return "opened";
}

mode_t mode_of(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

bool exists(const std::string& path) {
  return std::filesystem::exists(std::filesystem::symlink_status(path));
}

bool connects_to_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address),
                   sizeof address) == 0;
}

/// Leaves a socket behind on which nobody listens.
void leave_stale(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address),
                 sizeof address) == 0);
}

TEST_CASE("A unix socket is made with its mode and removed in the end") {
  const TemporaryDirectory folder;
  const std::string path = folder / "s";
  const mode_t before = ::umask(022);
  {
    SocketSettings settings;
    settings.mode = GENERATE(mode_t{0600}, mode_t{0660}, mode_t{0666});
    const Listener listener = open_text("unix:" + path, settings);
    CHECK(listener.name() == "unix:" + path);
    CHECK(listener.file() == path);
    CHECK(mode_of(path) == settings.mode);
    CHECK(is_listening_socket(listener.fd()));
    CHECK((::fcntl(listener.fd(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(listener.fd(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(connects_to_unix(path));
  }
  CHECK(::umask(before) == 022);
  CHECK_FALSE(exists(path));
}

TEST_CASE("A socket with a relative path is removed wherever the process is") {
  const TemporaryDirectory folder;
  CHECK(test::in_child([&] {
          if (::chdir(folder.path().c_str()) != 0) return 1;
          const Listener listener = open_text("unix:s");
          if (listener.file() != folder / "s") return 2;
          return ::chdir("/");
        }) == 0);
  CHECK_FALSE(exists(folder / "s"));
}

TEST_CASE("A listener that moves still removes its file once") {
  const TemporaryDirectory folder;
  const std::string path = folder / "s";
  Listener first = open_text("unix:" + path);
  {
    const Listener second = std::move(first);
    CHECK(exists(path));
  }
  CHECK_FALSE(exists(path));
  folder.write("s", "a new file");
  // NOLINTNEXTLINE(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
  CHECK(first.file().empty());
}

TEST_CASE("A file that has taken the socket's place is not removed") {
  const TemporaryDirectory folder;
  const std::string path = folder / "s";
  {
    const Listener listener = open_text("unix:" + path);
    std::filesystem::remove(path);
    folder.write("s", "another's");
  }
  CHECK(exists(path));
}

TEST_CASE("A stale socket is replaced") {
  const TemporaryDirectory folder;
  const std::string path = folder / "s";
  leave_stale(path);
  REQUIRE(exists(path));
  const Listener listener = open_text("unix:" + path);
  CHECK(connects_to_unix(path));
}

TEST_CASE("A live socket is refused and stays alive") {
  const TemporaryDirectory folder;
  const std::string path = folder / "s";
  const Listener live = open_text("unix:" + path);
  CHECK_THAT(complaint("unix:" + path),
             Contains("is in use by a running service"));
  CHECK(connects_to_unix(path));
}

TEST_CASE("A live socket with a full backlog is refused too") {
  const TemporaryDirectory folder;
  const std::string path = folder / "s";
  SocketSettings settings;
  settings.backlog = 0;
  const Listener live = open_text("unix:" + path, settings);
  CHECK(connects_to_unix(path));
  CHECK_THAT(complaint("unix:" + path), Contains("in use"));
}

TEST_CASE("A file that is no socket is refused and never deleted") {
  const TemporaryDirectory folder;
  const std::string path = folder / "s";
  SECTION("a file") {
    folder.write("s", "precious");
  }
  SECTION("a directory") {
    std::filesystem::create_directory(path);
  }
  SECTION("a link to a stale socket") {
    leave_stale(folder / "other");
    std::filesystem::create_symlink(folder / "other", path);
  }
  SECTION("a link to nothing") {
    std::filesystem::create_symlink(folder / "nothing", path);
  }
  CHECK_THAT(complaint("unix:" + path), Contains("is no socket"));
  CHECK(exists(path));
}

TEST_CASE("A path that is too long is refused with its limit") {
  const TemporaryDirectory folder;
  const std::string fits =
      folder / std::string(106 - folder.path().size(), 'x');
  CHECK(complaint("unix:" + fits) == "opened");
  CHECK_THAT(complaint<UsageError>("unix:" + fits + "yz"),
             Contains("109 bytes") && Contains("at most 107"));
}

TEST_CASE("A directory that is missing is named") {
  const TemporaryDirectory folder;
  CHECK_THAT(complaint("unix:" + (folder / "none/s")),
             Contains("directory " + (folder / "none")) && Contains("create"));
  folder.write("file", "");
  CHECK_THAT(complaint("unix:" + (folder / "file/s")),
             Contains("directory " + (folder / "file")));
}

TEST_CASE("A socket is given to its owner") {
  const TemporaryDirectory folder;
  const std::string path = folder / "s";
  SocketSettings settings;
  SECTION("by number, to ourselves") {
    settings.owner =
        std::to_string(::getuid()) + ':' + std::to_string(::getgid());
    CHECK(complaint("unix:" + path, settings) == "opened");
  }
  SECTION("by name, as far as we may") {
    settings.owner = "nobody:nogroup";
    const std::string result = complaint("unix:" + path, settings);
    if (::geteuid() == 0) {
      CHECK(result == "opened");
    } else {
      CHECK_THAT(result, Contains("--owner nobody:nogroup"));
    }
  }
  SECTION("not to a user that does not exist") {
    settings.owner = "no-such-user";
    CHECK_THAT(complaint<UsageError>("unix:" + path, settings),
               Contains("no user named \"no-such-user\""));
  }
  SECTION("not to a group that does not exist") {
    settings.owner = ":no-such-group";
    CHECK_THAT(complaint<UsageError>("unix:" + path, settings),
               Contains("no group named \"no-such-group\""));
  }
  CHECK_FALSE(exists(path));  // whatever happened, it is gone again
}

TEST_CASE("Root gives a socket away") {
  if (::geteuid() != 0) return;
  const TemporaryDirectory folder;
  SocketSettings settings;
  settings.owner = "65534:65534";
  settings.mode = 0660;
  const Listener listener = open_text("unix:" + (folder / "s"), settings);
  struct stat info {};
  REQUIRE(::lstat((folder / "s").c_str(), &info) == 0);
  CHECK(info.st_uid == 65534);
  CHECK(info.st_gid == 65534);
  CHECK(mode_of(folder / "s") == 0660);
}

TEST_CASE("TCP port 0 gives the port that was chosen") {
  const std::string host = GENERATE("127.0.0.1", "localhost");
  const Listener listener = open_text(host + ":0");
  CHECK_THAT(listener.name(), Catch::StartsWith("127.0.0.1:"));
  const Endpoint bound = Endpoint::parse(listener.name());
  CHECK(bound.port != 0);
  CHECK(listener.file().empty());
  CHECK(is_listening_socket(listener.fd()));
  CHECK((::fcntl(listener.fd(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((::fcntl(listener.fd(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK_THAT(complaint(listener.name()),
             Contains("in use") && Contains("another port"));
}

TEST_CASE("An IPv6 address listens, for IPv6 only") {
  std::string name;
  try {
    const Listener listener = open_text("[::1]:0");
    CHECK_THAT(listener.name(), Catch::StartsWith("[::1]:"));
    int only = 0;
    socklen_t size = sizeof only;
    REQUIRE(::getsockopt(listener.fd(), IPPROTO_IPV6, IPV6_V6ONLY, &only,
                         &size) == 0);
    CHECK(only == 1);
  } catch (const Error& error) {
    WARN("no IPv6 here: " << error.what());
  }
}

TEST_CASE("TCP beyond loopback needs --allow-peer") {
  for (const char* const text : {"0.0.0.0:0", "[::]:0", "192.0.2.1:0"}) {
    CHECK_THAT(complaint<UsageError>(text), Contains("--allow-peer"));
  }
  const Listener listener = open_text("0.0.0.0:0", allowing({"192.0.2.0/24"}));
  CHECK_THAT(listener.name(), Catch::StartsWith("0.0.0.0:"));
}

TEST_CASE("An address that this machine has not is refused with its cure") {
  CHECK_THAT(complaint("192.0.2.1:0", allowing({"192.0.2.0/24"})),
             Contains("192.0.2.1:0") && Contains("this machine has"));
}

TEST_CASE("A host that cannot be resolved is named") {
  const std::string host(64, 'x');  // no DNS label: nobody is asked
  CHECK_THAT(complaint(host + ":80"),
             Contains(host + ":80") && Contains("numeric address"));
}

TEST_CASE("A descriptor must be a listening stream socket") {
  const Listener listener = open_text("127.0.0.1:0");
  CHECK(is_listening_socket(listener.fd()));
  const test::Pipe pipe;
  CHECK_FALSE(is_listening_socket(pipe.read.get()));
  CHECK_FALSE(is_listening_socket(-1));
  const Descriptor silent(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  CHECK_FALSE(is_listening_socket(silent.get()));
  const Descriptor datagram(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  CHECK_FALSE(is_listening_socket(datagram.get()));
  CHECK_THAT(complaint("fd:" + std::to_string(silent.get())),
             Contains("is not a listening stream socket"));
  CHECK_THAT(complaint("fd:9999"), Contains("fd:9999"));
}

TEST_CASE("A descriptor that was passed is taken over") {
  const Listener listener = open_text("127.0.0.1:0");
  const int copy = ::dup(listener.fd());
  REQUIRE(::fcntl(copy, F_SETFL, 0) == 0);
  {
    const Listener taken = open_text("fd:" + std::to_string(copy));
    CHECK(taken.fd() == copy);
    CHECK(taken.name() == listener.name());
    CHECK(taken.file().empty());
    CHECK((::fcntl(copy, F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(copy, F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK(::fcntl(copy, F_GETFD) < 0);
}

TEST_CASE("A unix socket that was passed keeps its file") {
  const TemporaryDirectory folder;
  const std::string path = folder / "s";
  const Listener listener = open_text("unix:" + path);
  {
    const Listener taken =
        open_text("fd:" + std::to_string(::dup(listener.fd())));
    CHECK(taken.name() == "unix:" + path);
    CHECK(taken.file().empty());
  }
  CHECK(exists(path));
}

/// Runs `body` in a child where systemd's protocol passes `count` copies of a
/// listening socket from descriptor 3 on and standard input is /dev/null.
int with_passed_sockets(const char* count, bool own_pid,
                        const std::function<int()>& body) {
  const Listener listener = open_text("127.0.0.1:0");
  const int high = ::fcntl(listener.fd(), F_DUPFD_CLOEXEC, 100);
  const int status = test::in_child([&] {
    const Descriptor null(::open("/dev/null", O_RDONLY));
    ::dup2(null.get(), 0);
    for (int fd = 3; fd < 5; ++fd) ::dup2(high, fd);
    const int pid = own_pid ? ::getpid() : ::getppid();
    ::setenv("LISTEN_PID", std::to_string(pid).c_str(), 1);
    ::setenv("LISTEN_FDS", count, 1);
    ::setenv("LISTEN_FDNAMES", "a:b", 1);
    return body();
  });
  ::close(high);
  return status;
}

TEST_CASE("Sockets of systemd are taken and their variables removed") {
  CHECK(with_passed_sockets("2", true, [] {
          const std::vector<Inherited> listeners = inherited();
          if (listeners.size() != 2) return 1;
          for (int i = 0; i < 2; ++i) {
            const auto& [listener, name] =
                listeners[static_cast<std::size_t>(i)];
            if (name != (i == 0 ? "a" : "b")) return 6;
            if (listener.fd() != 3 + i) return 2;
            if ((::fcntl(listener.fd(), F_GETFD) & FD_CLOEXEC) == 0) return 3;
            if ((::fcntl(listener.fd(), F_GETFL) & O_NONBLOCK) == 0) return 4;
          }
          for (const char* const name :
               {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
            if (std::getenv(name) != nullptr) return 5;
          }
          return 0;
        }) == 0);
}

TEST_CASE("Sockets that are meant for another process are not taken") {
  CHECK(with_passed_sockets("2", false, [] {
          if (!inherited().empty()) return 1;
          return std::getenv("LISTEN_FDS") == nullptr ? 0 : 2;
        }) == 0);
}

TEST_CASE("What systemd passes must listen and be counted right") {
  const std::string count = GENERATE("9", "two", "-1", "2 ");
  CHECK(with_passed_sockets(count.c_str(), true, [] {
          ::close(5);
          try {
            inherited();
          } catch (const Error& error) {
            const std::string what = error.what();
            return what.starts_with("endpoint: ") &&
                           what.find("LISTEN_FDS") != std::string::npos
                       ? 0
                       : 1;
          }
          return 2;
        }) == 0);
}

TEST_CASE("Standard input is taken when it is a listening socket") {
  const Listener listener = open_text("127.0.0.1:0");
  CHECK(test::in_child([&] {
          ::dup2(listener.fd(), 0);
          const std::vector<Inherited> listeners = inherited();
          if (listeners.size() != 1) return 1;
          if (listeners[0].listener.name() != listener.name()) return 2;
          if (listeners[0].listener.fd() < 3) return 3;
          if (is_listening_socket(0)) return 4;
          return ::fcntl(0, F_GETFD) == 0 ? 0 : 5;
        }) == 0);
}

TEST_CASE("Without a socket nothing is inherited") {
  CHECK(test::in_child([] {
          const Descriptor null(::open("/dev/null", O_RDONLY));
          ::dup2(null.get(), 0);
          return inherited().empty() ? 0 : 1;
        }) == 0);
}

}  // namespace
}  // namespace decant::service
