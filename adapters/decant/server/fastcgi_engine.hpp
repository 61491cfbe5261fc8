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
#include "decant/service/deadline.hpp"
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

/// One request in the hands of an engine: what the exchange reads and writes.
class EngineRequest : public InputSource, public Output, public ErrorSink {
 public:
  /// Borrows `limits`.
  EngineRequest(int socket, const service::Limits& limits)
      : fd_(socket), limits_(limits) {}

  int descriptor() const noexcept final { return fd_; }
  int connection() const noexcept final { return fd_; }
  void remark(std::string_view message) noexcept final;

  /// Ends the request towards the web server; once. A body that nobody read is
  /// not waited for. One that was cut takes the connection along.
  virtual void finish(bool was_cut) = 0;
  /// Ends the connection without END_REQUEST, so that the response is seen to
  /// be cut.
  virtual void cut() = 0;
  /// True when a length told the web server how much is missing.
  bool length_known() const noexcept { return length_known_; }
  /// True when nothing went wrong that the connection would not survive.
  bool good() const noexcept { return !broken_; }

  /// Borrowed; asked before the head is sent.
  void set_deadline(service::TimedRequest* timed) noexcept { timed_ = timed; }
  void exit_status(int status) noexcept final { exit_status_ = status; }

 protected:
  /// Before the head leaves. Throws as gone() when another answer has.
  void claim_head(const ResponseHead& head);
  /// The connection is lost: throws ClientGone.
  [[noreturn]] void gone();
  /// The web server has taken its request back, and the connection is none the
  /// worse for it: throws ClientGone.
  [[noreturn]] static void aborted();
  /// Nothing of the body came within the I/O time-out: throws GatewayError.
  [[noreturn]] void waited_in_vain();
  /// What END_REQUEST says of the application.
  int application_status(bool was_cut) const noexcept {
    return exit_status_ == 0 && was_cut ? 1 : exit_status_;
  }

  const int fd_;
  const service::Limits& limits_;
  bool input_ended_ = false;
  bool finished_ = false;
  bool broken_ = false;

 private:
  bool length_known_ = false;
  service::TimedRequest* timed_ = nullptr;
  int exit_status_ = 0;
};

/// Runs the application on a request that has begun and ends its response.
/// Says what may become of the connection.
service::Next run(Begun& begun, EngineRequest& request, const Task& task);
/// What becomes of it, now that what has come of the input has been read.
service::Next after(service::Next next, const Begun& begun);

/// The engine that reads and writes the records itself. One per thread. Borrows
/// what the task names.
std::unique_ptr<Engine> make_record_engine(const Task& task);

/// The engine that lets libfcgi write the records and read those of the body.
/// One per thread. Borrows what the task names.
std::unique_ptr<Engine> make_libfcgi_engine(const Task& task);

/// Appends what has a web server break a response off. Where END_REQUEST is
/// merely missing, nginx shows a whole one unless it both buffers and keeps
/// connections; at a record of no known version it always breaks off.
void append_break(std::string& out);

/// Appends a whole response that says no more than its status.
void append_error_page(std::string& out, std::uint16_t request_id, int status);

/// Prepares the library, which installs signal handlers: call it before one's
/// own are installed. Throws Error.
void prepare_libfcgi();

/// The number for FCGI_MAX_CONNS and FCGI_MAX_REQS: what the limit of open
/// files allows.
std::size_t max_connections();

}  // namespace decant::fastcgi
