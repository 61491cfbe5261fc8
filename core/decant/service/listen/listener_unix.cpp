// SPDX-License-Identifier: MIT
// Unix sockets: stale ones, modes and owners.
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "decant/error.hpp"
#include "decant/service/listen/accounts.hpp"
#include "decant/service/listen/listener_kinds.hpp"
#include "decant/text.hpp"

namespace decant::service {
namespace {

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
    fail_to_listen(
        name, error,
        "whether a service uses it cannot be seen; remove it or run as its "
        "owner");
  }
  if (error != ECONNREFUSED) {  // EAGAIN: its backlog is full
    throw Error("endpoint: " + name +
                " is in use by a running service; stop that one or choose "
                "another path");
  }
  if (::unlink(endpoint.host.c_str()) != 0 && errno != ENOENT) {
    fail_to_listen(name, errno, "remove the stale socket by hand");
  }
}

struct Owner {
  uid_t user = static_cast<uid_t>(-1);  // -1: as it is, chown(2)
  gid_t group = static_cast<gid_t>(-1);
};

Owner find_owner(const std::string& text) {
  Owner owner;
  const std::size_t colon = text.find(':');
  const std::string user = text.substr(0, colon);
  const std::string group =
      colon == std::string::npos ? "" : text.substr(colon + 1);
  if (!user.empty()) {
    owner.user = find_user(user, "endpoint: --owner").user;
  }
  if (!group.empty()) {
    owner.group = find_group(group, "endpoint: --owner");
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
    fail_to_listen(endpoint.text(), error,
                   "the directory " + folder + " does not exist, create it");
  }
  fail_to_listen(endpoint.text(), error,
                 "the socket could not be made in the directory " + folder);
}

}  // namespace

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
    fail_to_listen(name, errno,
                   "it cannot be given to --owner " + settings.owner +
                       ", start the service as root");
  }
  if (::listen(listener.fd(), settings.backlog) != 0) {
    fail_to_listen(name, errno, "the socket cannot listen");
  }
  return listener;
}

}  // namespace decant::service
