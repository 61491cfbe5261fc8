// SPDX-License-Identifier: MIT
#include "decant/service/listen/listener.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <netdb.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>
#include <utility>

#include "decant/error.hpp"
#include "decant/service/listen/listener_kinds.hpp"

namespace decant::service {
namespace {

std::string unix_name(const sockaddr_un& address, socklen_t size) {
  constexpr std::size_t header = offsetof(sockaddr_un, sun_path);
  if (size <= header) return "unix:";
  std::string path(address.sun_path, size - header);
  if (path.front() == '\0') {
    path.front() = '@';  // Linux's abstract names, unix(7)
  } else {
    path.resize(std::strlen(path.c_str()));
  }
  return "unix:" + path;
}

}  // namespace

void fail_to_listen(const std::string& name, int error, std::string_view cure) {
  throw Error("endpoint: " + name + ": " +
              std::generic_category().message(error) + "; " +
              std::string(cure));
}

std::string bound_name(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  if (::getsockname(fd, address, &size) != 0) return "fd:" + std::to_string(fd);
  if (address->sa_family == AF_UNIX) {
    sockaddr_un name{};
    std::memcpy(&name, &storage, sizeof name);
    return unix_name(name, std::min<socklen_t>(size, sizeof name));
  }
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (::getnameinfo(address, size, host.data(), host.size(), port.data(),
                    port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "fd:" + std::to_string(fd);
  }
  return host_and_port(host.data(), port.data());
}

Descriptor make_socket(int family, const std::string& name) {
  Descriptor socket(
      ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) fail_to_listen(name, errno, "raise the limit of open files");
  return socket;
}

Listener::Listener(Descriptor socket, std::string name, std::string file)
    : socket_(std::move(socket)),
      name_(std::move(name)),
      file_(std::move(file)) {
  struct stat info {};
  if (file_.empty() || ::lstat(file_.c_str(), &info) != 0) return;
  device_ = info.st_dev;
  inode_ = info.st_ino;
}

Listener::Listener(Listener&& other) noexcept
    : socket_(std::move(other.socket_)),
      name_(std::move(other.name_)),
      file_(std::exchange(other.file_, {})),
      open_to_all_(other.open_to_all_),
      made_here_(other.made_here_),
      device_(other.device_),
      inode_(other.inode_) {}

bool Listener::is_local() const noexcept {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* const bound = reinterpret_cast<sockaddr*>(&address);
  if (::getsockname(fd(), bound, &size) != 0) return false;
  return bound->sa_family == AF_UNIX || is_loopback(bound);
}

Listener::~Listener() {
  remove_file();
}

void Listener::withdraw() noexcept {
  remove_file();
  if (!made_here_) return;
  // It drops what asks for a connection, and lets pass what belongs to one that
  // is on its way (RFC 9293 section 3.1: SYN without ACK, in byte 13).
  std::array filter{
      sock_filter{BPF_LD | BPF_B | BPF_ABS, 0, 0, 13},
      sock_filter{BPF_ALU | BPF_AND | BPF_K, 0, 0, 0x12},
      sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0x02},
      sock_filter{BPF_RET | BPF_K, 0, 0, 0},
      sock_filter{BPF_RET | BPF_K, 0, 0, 0xFFFFFFFF},
  };
  const sock_fprog program{filter.size(), filter.data()};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program,
               sizeof program);
}

void Listener::remove_file() noexcept {
  if (file_.empty()) return;
  // While the socket is open its inode number is not given to another file.
  struct stat info {};
  if (::lstat(file_.c_str(), &info) == 0 && info.st_dev == device_ &&
      info.st_ino == inode_) {
    ::unlink(file_.c_str());
  }
  file_.clear();
}

void Listener::close() noexcept {
  const Descriptor nobody(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (nobody) ::dup3(nobody.get(), socket_.get(), O_CLOEXEC);
}

Listener open(const Endpoint& endpoint, const SocketSettings& settings) {
  switch (endpoint.kind) {
    case Endpoint::Kind::unix_path:
      return open_unix(endpoint, settings);
    case Endpoint::Kind::descriptor:
      return take(endpoint.descriptor, endpoint.text());
    case Endpoint::Kind::tcp:
      break;
  }
  return open_tcp(endpoint, settings);
}

bool is_listening_socket(int fd) noexcept {
  int type = 0;
  int listens = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return false;
  size = sizeof listens;
  return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 &&
         type == SOCK_STREAM && listens != 0;
}

bool is_allowed_peer(const sockaddr* address,
                     const SocketSettings& settings) noexcept {
  if (address->sa_family == AF_UNIX || is_loopback(address)) return true;
  return std::any_of(
      settings.allow_peer.begin(), settings.allow_peer.end(),
      [address](const Network& n) { return n.contains(address); });
}

}  // namespace decant::service
