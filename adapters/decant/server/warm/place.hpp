// SPDX-License-Identifier: MIT
// Where the workers of a user can be found, and by which name.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "decant/descriptor.hpp"

namespace decant::warm {

/// A file name: a digest of an identity.
std::string name_of(std::string_view identity);

/// Something that is warm: who it is for, and all that makes it behave as it
/// does. Two processes with the same identity give the same answers.
class Identity {
 public:
  /// Of this process, which runs `program`, a file, with `words`, without those
  /// about warmth. Takes in the directory it stands in, its user, groups and
  /// capabilities, and the variables that Python, the linker and decant mind.
  Identity(const std::string& program, const std::vector<std::string>& words);

  const std::string& text() const noexcept { return text_; }
  /// See name_of().
  std::string name() const { return name_of(text_); }

 private:
  void add(std::string_view part);
  void add_user();
  void add_environment();

  std::string text_;
};

/// The directory of this user's workers.
class Place {
 public:
  /// $XDG_RUNTIME_DIR/decant, /run/user/UID/decant or /tmp/decant-UID: the
  /// first that can be had. It belongs to this user, who alone may enter it,
  /// and nobody else can have put it there. No value when there is none, or
  /// when this process has rights that its user has not.
  static std::optional<Place> find();
  /// All of them that are there: which one was first when a worker came up
  /// depends on who was logged in, and on the web server's environment.
  static std::vector<Place> all();

  int directory() const noexcept { return directory_.get(); }
  /// The path of a file in it, for people; a link of /proc where it is not
  /// known.
  std::string path(const std::string& name) const;
  /// The address of a socket in it, which leads there even if somebody moves
  /// the directory.
  sockaddr_un address(const std::string& name) const;

 private:
  explicit Place(Descriptor directory) : directory_(std::move(directory)) {}

  Descriptor directory_;
};

/// A connection to the worker with that socket, which belongs to this user, not
/// blocking; none when nobody listens there.
Descriptor connect(const Place& place, const std::string& name);

/// The process at the other end of a unix socket.
std::optional<ucred> peer_of(int socket);
/// True when the other end of a unix socket is a process of this user.
bool is_own_peer(int socket);

}  // namespace decant::warm
