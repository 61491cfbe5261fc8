// SPDX-License-Identifier: MIT
#include "decant/service/endpoint.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "decant/error.hpp"
#include "decant/text.hpp"

namespace decant::service {
namespace {

constexpr int first_passed_descriptor = 3;  // sd_listen_fds(3)
constexpr std::string_view forms =
    "; write unix:/run/app.sock, 127.0.0.1:9000, [::1]:9000 or fd:3";

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw UsageError("endpoint: " + quoted(text) + ' ' + std::string(why));
}

[[noreturn]] void fail(const std::string& name, int error,
                       std::string_view cure) {
  throw Error("endpoint: " + name + ": " +
              std::generic_category().message(error) + "; " +
              std::string(cure));
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || text.starts_with('-')) {
    return std::nullopt;
  }
  return number;
}

Endpoint parse_tcp(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    refuse(text, "is no endpoint" + std::string(forms));
  }
  std::string_view host = text.substr(0, colon);
  const std::string port_text(text.substr(colon + 1));
  if (host.empty() || host == "*") {
    refuse(text, "names no address; write 127.0.0.1:" + port_text +
                     ", or 0.0.0.0:" + port_text +
                     " with --allow-peer for other machines");
  }
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    refuse(text, "is ambiguous; write [" + std::string(host) +
                     "]:" + port_text + " for an IPv6 address");
  }
  const auto port = parse_number<std::uint16_t>(port_text);
  if (!port) refuse(text, "has no port between 0 and 65535 at its end");
  return {Endpoint::Kind::tcp, std::string(host), *port, -1};
}

std::string host_and_port(const std::string& host, std::string_view port) {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? '[' + host + ']' : host) + ':' + std::string(port);
}

using Bits = std::array<std::uint8_t, 16>;

constexpr Bits v4_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool is_v4(const Bits& bits) noexcept {
  return std::equal(bits.begin(), bits.begin() + 12, v4_prefix.begin());
}

/// An internet address with IPv4 as ::ffff:a.b.c.d; none for other families.
std::optional<Bits> bits_of(const sockaddr* address) noexcept {
  Bits bits = v4_prefix;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    std::memcpy(bits.data() + 12, &v4.sin_addr, 4);
    return bits;
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    std::memcpy(bits.data(), &v6.sin6_addr, bits.size());
    return bits;
  }
  return std::nullopt;
}

/// 127.0.0.0/8 (RFC 1122 section 3.2.1.3) and ::1 (RFC 4291 section 2.5.3).
bool is_loopback(const sockaddr* address) noexcept {
  const auto bits = bits_of(address);
  if (!bits) return false;
  constexpr Bits v6_loopback = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return is_v4(*bits) ? (*bits)[12] == 127 : *bits == v6_loopback;
}

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

/// The address a socket is bound to, as it is written on the command line.
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
  if (!socket) fail(name, errno, "raise the limit of open files");
  return socket;
}

// Unix sockets.

sockaddr_un unix_address(const Endpoint& endpoint) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  constexpr std::size_t most = sizeof address.sun_path - 1;
  const std::string& path = endpoint.host;
  if (path.size() > most) {
    throw UsageError("endpoint: " + endpoint.text() + ": the path has " +
                     std::to_string(path.size()) +
                     " bytes; a unix socket takes at most " +
                     std::to_string(most) + ", choose a shorter one");
  }
  path.copy(address.sun_path, path.size());
  return address;
}

const sockaddr* as_sockaddr(const sockaddr_un& address) noexcept {
  return reinterpret_cast<const sockaddr*>(&address);
}

/// Makes room for a socket: removes one that nobody listens on any more.
void remove_stale(const Endpoint& endpoint, const sockaddr_un& address) {
  struct stat info {};
  if (::lstat(endpoint.host.c_str(), &info) != 0) return;  // bind() will tell
  const std::string name = endpoint.text();
  if (!S_ISSOCK(info.st_mode)) {
    throw Error("endpoint: " + name +
                " is a file that is no socket; remove it or choose another "
                "path");
  }
  const Descriptor probe = make_socket(AF_UNIX, name);
  const bool answered =
      ::connect(probe.get(), as_sockaddr(address), sizeof address) == 0;
  const int error = answered ? 0 : errno;
  if (error == ENOENT) return;
  if (error == EACCES) {
    fail(name, error,
         "whether a service uses it cannot be seen; remove it or run as its "
         "owner");
  }
  if (error != ECONNREFUSED) {  // EAGAIN: its backlog is full
    throw Error("endpoint: " + name +
                " is in use by a running service; stop that one or choose "
                "another path");
  }
  if (::unlink(endpoint.host.c_str()) != 0 && errno != ENOENT) {
    fail(name, errno, "remove the stale socket by hand");
  }
}

struct Owner {
  uid_t user = static_cast<uid_t>(-1);  // -1: as it is, chown(2)
  gid_t group = static_cast<gid_t>(-1);
};

/// getpwnam_r or getgrnam_r; a number stands for itself.
template <class Entry, class Lookup, class Id>
Id look_up(Lookup lookup, Id Entry::*id, const std::string& name,
           std::string_view what) {
  std::vector<char> buffer(1024);
  Entry entry{};
  Entry* found = nullptr;
  int error = 0;
  while ((error = lookup(name.c_str(), &entry, buffer.data(), buffer.size(),
                         &found)) == ERANGE) {
    buffer.resize(buffer.size() * 2);
  }
  if (found != nullptr) return entry.*id;
  if (const auto number = parse_number<Id>(name)) return *number;
  throw UsageError("endpoint: there is no " + std::string(what) + " named " +
                   decant::quoted(name) + "; give --owner one that exists");
}

Owner find_owner(const std::string& text) {
  Owner owner;
  const std::size_t colon = text.find(':');
  const std::string user = text.substr(0, colon);
  const std::string group =
      colon == std::string::npos ? "" : text.substr(colon + 1);
  if (!user.empty()) {
    owner.user = look_up(::getpwnam_r, &passwd::pw_uid, user, "user");
  }
  if (!group.empty()) {
    owner.group = look_up(::getgrnam_r, &group::gr_gid, group, "group");
  }
  return owner;
}

/// Makes the file with its mode from the start, and without a chmod(2) later
/// that could be led to another file.
void bind_unix(int fd, const Endpoint& endpoint, const sockaddr_un& address,
               mode_t mode) {
  const mode_t before = ::umask(0777 & ~mode);
  const bool bound = ::bind(fd, as_sockaddr(address), sizeof address) == 0;
  const int error = errno;
  ::umask(before);
  if (bound) return;
  std::string folder =
      std::filesystem::path(endpoint.host).parent_path().string();
  if (folder.empty()) folder = ".";
  if (error == ENOENT || error == ENOTDIR) {
    fail(endpoint.text(), error,
         "the directory " + folder + " does not exist, create it");
  }
  fail(endpoint.text(), error,
       "the socket could not be made in the directory " + folder);
}

Listener open_unix(const Endpoint& endpoint, const SocketSettings& settings) {
  const std::string& path = endpoint.host;
  const std::string name = endpoint.text();
  const sockaddr_un address = unix_address(endpoint);
  const Owner owner = find_owner(settings.owner);
  remove_stale(endpoint, address);
  Descriptor socket = make_socket(AF_UNIX, name);
  bind_unix(socket.get(), endpoint, address, settings.mode);
  // Absolute: the file is to be removed wherever the application goes.
  Listener listener(std::move(socket), name,
                    std::filesystem::absolute(path).string());
  if (!settings.owner.empty() &&
      ::lchown(path.c_str(), owner.user, owner.group) != 0) {
    fail(name, errno,
         "it cannot be given to --owner " + settings.owner +
             ", start the service as root");
  }
  if (::listen(listener.fd(), settings.backlog) != 0) {
    fail(name, errno, "the socket cannot listen");
  }
  return listener;
}

// TCP.

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Addresses resolve(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  // Where a resolver puts ::1 first, a web server that was told 127.0.0.1
  // would find nobody.
  const std::string host =
      endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(
      host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (error != 0) {
    throw Error("endpoint: " + endpoint.text() + ": " + ::gai_strerror(error) +
                "; give a numeric address such as 127.0.0.1");
  }
  return {found, &::freeaddrinfo};
}

void require_loopback(const Endpoint& endpoint, const addrinfo* addresses) {
  for (const addrinfo* at = addresses; at != nullptr; at = at->ai_next) {
    if (is_loopback(at->ai_addr)) continue;
    throw UsageError(
        "endpoint: " + endpoint.text() +
        " can be reached from other machines; name those that may use it "
        "with --allow-peer, or listen on 127.0.0.1 or a unix socket");
  }
}

std::string_view tcp_cure(int error) {
  switch (error) {
    case EADDRINUSE:
      return "it is in use by a running service, stop that one or choose "
             "another port";
    case EADDRNOTAVAIL:
      return "give an address that this machine has";
    case EACCES:
      return "choose a port from 1024 on";
    default:
      return "choose another address";
  }
}

/// A socket that listens on `address`; none, with errno, when it cannot.
Descriptor listen_on(const addrinfo& address, int backlog,
                     const std::string& name) {
  Descriptor socket = make_socket(address.ai_family, name);
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.ai_family == AF_INET6) {
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  if (::bind(socket.get(), address.ai_addr, address.ai_addrlen) != 0 ||
      ::listen(socket.get(), backlog) != 0) {
    const int error = errno;
    socket.reset();
    errno = error;
  }
  return socket;
}

Listener open_tcp(const Endpoint& endpoint, const SocketSettings& settings) {
  const Addresses addresses = resolve(endpoint);
  if (settings.allow_peer.empty()) require_loopback(endpoint, addresses.get());
  int error = 0;
  for (const addrinfo* at = addresses.get(); at != nullptr; at = at->ai_next) {
    Descriptor socket = listen_on(*at, settings.backlog, endpoint.text());
    if (!socket) {
      error = errno;
      continue;
    }
    std::string name = bound_name(socket.get());
    return {std::move(socket), std::move(name)};
  }
  fail(endpoint.text(), error, tcp_cure(error));
}

// Sockets that were passed in.

/// Takes a descriptor that somebody else opened. One of the standard three
/// moves away, so that no file of ours and no child takes it for its own.
Listener take(int fd, const std::string& origin) {
  if (!is_listening_socket(fd)) {
    throw Error("endpoint: " + origin +
                " is not a listening stream socket; pass one on which "
                "listen() has been called");
  }
  Descriptor socket(fd);
  if (fd < first_passed_descriptor) {
    socket.release();
    socket.reset(::fcntl(fd, F_DUPFD_CLOEXEC, first_passed_descriptor));
    const Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!socket || !null || ::dup2(null.get(), fd) < 0) {
      fail(origin, errno, "raise the limit of open files");
    }
  }
  const int flags = ::fcntl(socket.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0) {
    fail(origin, errno, "pass another socket");
  }
  std::string name = bound_name(socket.get());
  return {std::move(socket), std::move(name)};
}

std::string take_variable(const char* name) {
  const char* const value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  ::unsetenv(name);
  return text;
}

/// How many sockets systemd passed to this very process, sd_listen_fds(3).
int passed_by_systemd() {
  const std::string pid = take_variable("LISTEN_PID");
  const std::string count = take_variable("LISTEN_FDS");
  take_variable("LISTEN_FDNAMES");
  if (count.empty() || parse_number<pid_t>(pid) != ::getpid()) return 0;
  const auto number = parse_number<int>(count);
  if (!number) {
    throw Error("endpoint: LISTEN_FDS is " + decant::quoted(count) +
                ", which is no number; unset it or let systemd set it");
  }
  return *number;
}

}  // namespace

Endpoint Endpoint::parse(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    refuse(text, "holds a NUL byte" + std::string(forms));
  }
  if (text.starts_with("unix:")) {
    const std::string_view path = text.substr(5);
    if (path.empty()) refuse(text, "has no path; write unix:/run/app.sock");
    return {Kind::unix_path, std::string(path), 0, -1};
  }
  if (text.starts_with("fd:")) {
    const auto number = parse_number<int>(text.substr(3));
    if (!number) refuse(text, "has no number; write fd:3");
    return {Kind::descriptor, {}, 0, *number};
  }
  if (text.find('/') != std::string_view::npos) {
    refuse(text, "is no endpoint; write unix:" + std::string(text) +
                     " for a unix socket");
  }
  if (parse_number<std::uint16_t>(text)) {
    refuse(text, "names no address; write 127.0.0.1:" + std::string(text));
  }
  return parse_tcp(text);
}

std::string Endpoint::text() const {
  switch (kind) {
    case Kind::unix_path:
      return "unix:" + host;
    case Kind::descriptor:
      return "fd:" + std::to_string(descriptor);
    case Kind::tcp:
      break;
  }
  return host_and_port(host, std::to_string(port));
}

Network Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  Network network;
  unsigned most = 128;
  network.bits_ = v4_prefix;
  if (::inet_pton(AF_INET, address.c_str(), network.bits_.data() + 12) == 1) {
    most = 32;
  } else if (::inet_pton(AF_INET6, address.c_str(), network.bits_.data()) !=
             1) {
    refuse(text, "is no network; write 10.0.0.0/8, fd00::/8 or 192.0.2.1");
  }
  auto prefix = std::optional<unsigned>(most);
  if (slash != std::string_view::npos) {
    prefix = parse_number<unsigned>(text.substr(slash + 1));
  }
  if (!prefix || *prefix > most) {
    refuse(text, "has no prefix length between 0 and " + std::to_string(most) +
                     " after its slash");
  }
  network.prefix_ = 128 - most + *prefix;
  return network;
}

bool Network::contains(const sockaddr* address) const noexcept {
  const auto bits = bits_of(address);
  if (!bits || is_v4(*bits) != is_v4(bits_)) return false;
  const unsigned whole = prefix_ / 8;
  if (!std::equal(bits_.begin(), bits_.begin() + whole, bits->begin())) {
    return false;
  }
  if (whole == bits_.size()) return true;
  const unsigned difference = bits_[whole] ^ (*bits)[whole];
  return difference >> (8 - prefix_ % 8) == 0;
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
      device_(other.device_),
      inode_(other.inode_) {}

Listener::~Listener() {
  if (file_.empty()) return;
  // While the socket is open its inode number is not given to another file.
  struct stat info {};
  if (::lstat(file_.c_str(), &info) == 0 && info.st_dev == device_ &&
      info.st_ino == inode_) {
    ::unlink(file_.c_str());
  }
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

std::vector<Listener> inherited() {
  std::vector<Listener> listeners;
  const int count = passed_by_systemd();
  for (int i = 0; i < count; ++i) {
    const int fd = first_passed_descriptor + i;
    listeners.push_back(take(
        fd, "descriptor " + std::to_string(fd) + " of systemd's LISTEN_FDS"));
  }
  if (listeners.empty() && is_listening_socket(STDIN_FILENO)) {
    listeners.push_back(take(STDIN_FILENO, "standard input"));
  }
  return listeners;
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
