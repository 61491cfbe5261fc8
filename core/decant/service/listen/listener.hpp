// SPDX-License-Identifier: MIT
// Listening sockets: unix sockets, TCP, sockets that were passed in.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "decant/descriptor.hpp"
#include "decant/service/listen/endpoint.hpp"
#include "decant/service/listen/network.hpp"

namespace decant::service {

struct SocketSettings {
  mode_t mode = 0600;               ///< of a unix socket
  std::string owner;                ///< "USER", "USER:GROUP" or ":GROUP"
  std::vector<Network> allow_peer;  ///< for TCP; empty: loopback only
  /// Where no peers are named, all may connect.
  bool open_to_all = false;
  int backlog = 512;
};

/// A listening socket, non-blocking and close-on-exec. Removes the file of a
/// unix socket that it made when it is destroyed, unless another file has
/// taken its place.
class Listener {
 public:
  /// `file` is the absolute path of the socket that was just made there.
  Listener(Descriptor socket, std::string name, std::string file = {});
  Listener(Listener&&) noexcept;
  Listener& operator=(Listener&&) = delete;
  ~Listener();

  int fd() const noexcept { return socket_.get(); }
  /// For the log: "unix:/run/x.sock", "127.0.0.1:9000" with the port that the
  /// system chose for port 0.
  const std::string& name() const noexcept { return name_; }
  /// Every peer may connect to it.
  void open_to_all() noexcept { open_to_all_ = true; }
  bool is_open_to_all() const noexcept { return open_to_all_; }
  /// True for a unix socket and for TCP on loopback.
  bool is_local() const noexcept;
  /// The path to be removed, empty when it is not ours.
  const std::string& file() const noexcept { return file_; }

  /// It was made in this process, and belongs to this service alone.
  void made_here() noexcept { made_here_ = true; }
  /// For a service that ends: nobody can connect any more. The file of a unix
  /// socket that was made here is removed; who comes to a port hears nothing,
  /// as on a busy network, and comes again a second later, when the port is
  /// closed or the next service's. Else one who connects between the last
  /// accept and the close would be reset with his request. Holds in all
  /// processes that have the socket; one that was passed is left as it is.
  void withdraw() noexcept;
  /// Accepts no more; other processes that hold the socket may. The number of
  /// the descriptor stays taken, by a socket that nobody can connect to, so
  /// that a thread which is about to accept from it meets no stranger.
  void close() noexcept;

 private:
  void remove_file() noexcept;

  Descriptor socket_;
  std::string name_;
  std::string file_;
  bool open_to_all_ = false;
  bool made_here_ = false;
  dev_t device_ = 0;  // which file it is
  ino_t inode_ = 0;
};

/// Opens `endpoint`. A stale unix socket is replaced, a live one and anything
/// that is no socket is refused; a TCP address other than loopback needs
/// `allow_peer`. "localhost" is 127.0.0.1; of several addresses of a host name
/// the first that works is taken. Sets the umask for a moment: call it before
/// there are threads. Throws Error, UsageError for what has no meaning.
Listener open(const Endpoint& endpoint, const SocketSettings& settings);

/// A socket that was passed, and what it was called there: "" where it has no
/// name.
struct Inherited {
  Listener listener;
  std::string name;
};

/// The sockets that systemd passed (LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES),
/// which are removed from the environment; else standard input when it is a
/// listening socket (spawn-fcgi, mod_fcgid, lighttpd), in whose place /dev/null
/// is put; else none. Throws Error for what is no listening stream socket.
std::vector<Inherited> inherited();

/// True when `fd` is a stream socket that listens.
bool is_listening_socket(int fd) noexcept;

/// True when a peer with this address may be served under `settings`.
bool is_allowed_peer(const sockaddr* address,
                     const SocketSettings& settings) noexcept;

}  // namespace decant::service
