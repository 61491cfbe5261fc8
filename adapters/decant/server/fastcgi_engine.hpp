// SPDX-License-Identifier: MIT
// What stands between the connections of a FastCGI service and the gateway:
// one request on a socket where its head has arrived.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "decant/server/fastcgi.hpp"
#include "decant/server/fastcgi_records.hpp"
#include "decant/service/connection.hpp"
#include "decant/service/observer.hpp"

namespace decant::fastcgi {

/// A request whose head has been taken from the socket.
struct Begun {
  const HeadScan& head;
  Variables& params;  ///< may be added to
  /// What has been read behind the head: the engine takes from it what belongs
  /// to the request, leaving the rest.
  std::string_view& ahead;
  /// Told of the request; null: nobody is.
  service::Observer* observer = nullptr;
  /// Set by the engine: bytes still to come of a record that has begun and
  /// belongs to this request, which nobody reads any more.
  std::size_t to_skip = 0;
  /// Set by the engine: the end of the request's input has been read.
  bool ended = false;
  /// Set by the engine: all that was read is FastCGI 1.0.
  bool sound = true;
};

class Engine {
 public:
  virtual ~Engine() = default;
  /// Serves the request on `socket`, which blocks with the I/O time-out. With
  /// Next::idle the connection may serve another one. An engine that closes
  /// the descriptor releases it. Throws nothing.
  virtual service::Next serve(Descriptor& socket, Begun& request) = 0;
};

/// What an engine serves, and how.
struct Task {
  const Application& application;
  const Options& options;
  Concurrency concurrency;
};

/// The engine that lets libfcgi write the records and read those of the body.
/// One per thread. Borrows the task.
std::unique_ptr<Engine> make_libfcgi_engine(const Task& task);

/// Appends a whole response that says no more than its status.
void append_error_page(std::string& out, std::uint16_t request_id, int status);

/// Prepares the library, which installs signal handlers: call it before one's
/// own are installed. Throws Error.
void prepare_libfcgi();

/// The number for FCGI_MAX_CONNS and FCGI_MAX_REQS: what the limit of open
/// files allows.
std::size_t max_connections();

}  // namespace decant::fastcgi
