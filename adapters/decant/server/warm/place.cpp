// SPDX-License-Identifier: MIT
#include "decant/server/warm/place.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "decant/fnv1a.hpp"

namespace decant::warm {
namespace {

/// Beginnings of the names of variables that a process minds before it has seen
/// a request.
constexpr std::array<std::string_view, 13> minded = {
    "PYTHON",      "DECANT_", "LD_",   "LC_", "LANG",
    "VIRTUAL_ENV", "PATH=",   "HOME=", "TZ=", "TMPDIR=",
    "MALLOC_",     "DJANGO_", "FLASK_"};

void append_hex(std::string& out, std::uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) {
    out += "0123456789abcdef"[value >> shift & 0xF];
  }
}

/// The set-user-id bit, capabilities of the file: what runs here may do more
/// than whoever has started it.
bool has_borrowed_rights() {
  return ::getauxval(AT_SECURE) != 0 || ::getuid() != ::geteuid() ||
         ::getgid() != ::getegid();
}

/// True when nobody but root and this user can rename or replace what lies in
/// the directory.
bool is_safe_parent(const struct stat& info) {
  if (info.st_uid != 0 && info.st_uid != ::geteuid()) return false;
  return (info.st_mode & (S_IWGRP | S_IWOTH)) == 0 ||
         (info.st_mode & S_ISVTX) != 0;
}

/// Goes from the root along `path` and looks at each directory; a link on the
/// way is none of them.
Descriptor open_safely(const std::string& path) {
  if (!path.starts_with('/')) return {};
  constexpr int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  Descriptor at(::open("/", flags));
  for (std::size_t begin = 1; at && begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == "..") return {};
    struct stat info {};
    if (::fstat(at.get(), &info) != 0 || !is_safe_parent(info)) return {};
    at.reset(::openat(at.get(), part.c_str(), flags));
  }
  return at;
}

/// A directory of this user alone, which is made if it is not there, unless
/// `only_there`.
Descriptor open_own(const std::string& parent, const std::string& name,
                    bool only_there = false) {
  const Descriptor folder = open_safely(parent);
  struct stat info {};
  if (!folder || ::fstat(folder.get(), &info) != 0 || !is_safe_parent(info)) {
    return {};
  }
  Descriptor own;
  for (int attempt = 0; attempt < 2 && !own; ++attempt) {
    own.reset(::openat(folder.get(), name.c_str(),
                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (own || errno != ENOENT || only_there) break;
    ::mkdirat(folder.get(), name.c_str(), 0700);
  }
  if (!own || ::fstat(own.get(), &info) != 0 || info.st_uid != ::geteuid() ||
      (info.st_mode & 077) != 0) {
    return {};
  }
  return own;
}

std::string from_environment(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

/// Parents and names of the directories that there may be, best first.
std::array<std::pair<std::string, std::string>, 3> candidates() {
  const std::string user = std::to_string(::geteuid());
  return {{{from_environment("XDG_RUNTIME_DIR"), "decant"},
           {"/run/user/" + user, "decant"},
           {"/tmp", "decant-" + user}}};
}

}  // namespace

Identity::Identity(const std::string& program,
                   const std::vector<std::string>& words) {
  add(DECANT_VERSION);
  struct stat info {};
  if (::stat(program.c_str(), &info) == 0) {
    add(std::to_string(info.st_dev) + ':' + std::to_string(info.st_ino) + ':' +
        std::to_string(info.st_size) + ':' +
        std::to_string(info.st_mtim.tv_sec) + '.' +
        std::to_string(info.st_mtim.tv_nsec));
  }
  std::array<char, PATH_MAX> cwd{};
  add(::getcwd(cwd.data(), cwd.size()) != nullptr ? cwd.data() : "");
  for (const std::string& word : words) add(word);
  add_user();
  add_environment();
}

void Identity::add(std::string_view part) {
  text_ += part;
  text_ += '\0';
}

void Identity::add_user() {
  add(std::to_string(::geteuid()) + ':' + std::to_string(::getegid()));
  std::array<gid_t, 256> groups{};
  const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
  std::string list;
  for (int i = 0; i < count; ++i) {
    list += std::to_string(groups[static_cast<std::size_t>(i)]) + ',';
  }
  add(count < 0 ? "many" : list);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  ::syscall(SYS_capget, &header, data.data());
  for (const auto& set : data) {
    add(std::to_string(set.effective) + ':' + std::to_string(set.permitted));
  }
}

void Identity::add_environment() {
  std::vector<std::string_view> found;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view entry = *at;
    const auto begins = [entry](std::string_view name) {
      return entry.starts_with(name);
    };
    if (std::any_of(minded.begin(), minded.end(), begins)) {
      found.push_back(entry);
    }
  }
  std::sort(found.begin(), found.end());
  for (const std::string_view entry : found) add(entry);
}

std::string name_of(std::string_view identity) {
  std::string name;
  append_hex(name, detail::fnv1a(identity));
  // Of two digests together; that it is the right worker its whole identity
  // says.
  append_hex(name, detail::fnv1a(identity, 0x84222325cbf29ce4));
  return name;
}

std::optional<Place> Place::find() {
  if (has_borrowed_rights()) return std::nullopt;
  for (const auto& [parent, name] : candidates()) {
    if (Descriptor own = open_own(parent, name)) return Place(std::move(own));
  }
  return std::nullopt;
}

std::vector<Place> Place::all() {
  std::vector<Place> places;
  if (has_borrowed_rights()) return places;
  for (const auto& [parent, name] : candidates()) {
    if (Descriptor own = open_own(parent, name, true)) {
      places.push_back(Place(std::move(own)));
    }
  }
  return places;
}

std::string Place::path(const std::string& name) const {
  const std::string link = "/proc/self/fd/" + std::to_string(directory_.get());
  std::array<char, PATH_MAX> target{};
  const ssize_t size =
      ::readlink(link.c_str(), target.data(), target.size() - 1);
  return (size > 0 ? std::string(target.data(), static_cast<std::size_t>(size))
                   : link) +
         '/' + name;
}

sockaddr_un Place::address(const std::string& name) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path =
      "/proc/self/fd/" + std::to_string(directory_.get()) + '/' + name;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

std::optional<ucred> peer_of(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return std::nullopt;
  }
  return peer;
}

bool is_own_peer(int socket) {
  const auto peer = peer_of(socket);
  return peer && peer->uid == ::geteuid();
}

Descriptor connect(const Place& place, const std::string& name) {
  Descriptor socket(
      ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_un address = place.address(name);
  // NOLINTNEXTLINE: the sockets API wants it
  const auto* const any = reinterpret_cast<const sockaddr*>(&address);
  if (!socket || ::connect(socket.get(), any, sizeof address) != 0 ||
      !is_own_peer(socket.get())) {
    return {};
  }
  return socket;
}

}  // namespace decant::warm
