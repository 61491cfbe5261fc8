// SPDX-License-Identifier: MIT
// The client's end of a stream socket: bytes out, bytes in, never for ever.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "decant/descriptor.hpp"
#include "support/wait.hpp"

namespace decant::test {

class SocketClient {
 public:
  /// Connects to "unix:PATH", "127.0.0.1:PORT" or "[::1]:PORT". Throws
  /// std::runtime_error when nobody listens there.
  explicit SocketClient(const std::string& endpoint);

  /// Sends all of `bytes`, taking in what arrives meanwhile, as a peer that
  /// answers early needs it. False when the peer is gone or `limit` passed.
  bool send(std::string_view bytes, Milliseconds limit = patience);
  /// Says that nothing more will be sent.
  void finish_sending();
  /// Receives until `enough` gives true, which is what it gives then. False
  /// when the peer ended before or `limit` passed.
  bool receive_until(const std::function<bool()>& enough,
                     Milliseconds limit = patience);
  /// Receives until `text` has come.
  bool read_until(std::string_view text, Milliseconds limit = patience);
  /// Waits for the peer to close; false when `limit` passed.
  bool wait_for_end(Milliseconds limit = patience);
  void close() { socket_.reset(); }

  /// What has come and was not taken.
  const std::string& received() const { return received_; }
  /// Takes `size` bytes from its front.
  std::string take(std::size_t size);
  /// The peer has closed the connection.
  bool ended() const { return ended_; }
  /// Not in order: it was reset.
  bool was_reset() const { return was_reset_; }
  int fd() const { return socket_.get(); }

 private:
  void pump(short events, int milliseconds);

  Descriptor socket_;
  std::string received_;
  bool ended_ = false;
  bool was_reset_ = false;
};

/// True when somebody accepts connections at `endpoint`.
bool accepts(const std::string& endpoint);

}  // namespace decant::test
