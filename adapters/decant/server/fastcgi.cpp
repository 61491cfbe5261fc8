// SPDX-License-Identifier: MIT
// The FastCGI service: looks at what lies on a connection, answers what needs
// no application, and has the engine serve complete requests.
#include "decant/server/fastcgi.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "decant/cgi_response.hpp"
#include "decant/error.hpp"
#include "decant/error_page.hpp"
#include "decant/server/fastcgi_engine.hpp"
#include "decant/service/log.hpp"
#include "decant/service/loop.hpp"

namespace decant::fastcgi {
namespace {

using service::Connection;
using service::LogLevel;
using service::Next;

constexpr std::size_t read_size = 65536;
/// Of a request body that nobody read, on a connection that is to be kept: more
/// costs less to close than to skip.
constexpr std::uint64_t most_skipped = 16 << 20;

/// What is kept of a connection that stopped in the middle of something.
struct Unfinished final : service::ProtocolState {
  std::string bytes;          // read, and not yet used
  std::size_t wanted = 0;     // not worth a scan before there are so many
  std::uint64_t to_skip = 0;  // bytes to come of a record nobody reads
  std::uint64_t skipped = 0;  // since the last request
};

/// What a worker thread does with a connection that has bytes.
class FastcgiProtocol final : public service::Protocol {
 public:
  FastcgiProtocol(const Task& task, std::unique_ptr<service::Observer> observer)
      : options_(task.options),
        engine_(task.options.engine == EngineName::records
                    ? make_record_engine(task)
                    : make_libfcgi_engine(task)),
        observer_(std::move(observer)),
        buffer_(read_size, '\0') {}

  Next ready(Connection& connection) override {
    for (;;) {
      auto* const kept = static_cast<Unfinished*>(connection.kept.get());
      std::size_t size = 0;
      if (kept != nullptr) {
        size = kept->bytes.size();
        if (buffer_.size() < size + read_size) buffer_.resize(size + read_size);
        kept->bytes.copy(buffer_.data(), size);
      }
      const std::size_t room = buffer_.size() - size;
      const ssize_t got = ::recv(connection.socket.get(), buffer_.data() + size,
                                 room, MSG_DONTWAIT);
      if (got == 0) return Next::close;
      if (got < 0) {
        if (errno != EAGAIN && errno != EINTR) return Next::close;
        return size == 0 ? Next::idle : Next::partial;
      }
      connection.silent = false;
      const auto arrived = static_cast<std::size_t>(got);
      const Next next = use(connection, {buffer_.data(), size + arrived});
      // A full buffer may not have been all; else the next bytes wake us.
      if (next == Next::close || next == Next::linger || arrived < room) {
        return next;
      }
    }
  }

 private:
  static Unfinished& kept(Connection& connection) {
    if (!connection.kept) connection.kept = std::make_unique<Unfinished>();
    return static_cast<Unfinished&>(*connection.kept);
  }

  /// Serves, answers and skips what `bytes` hold; keeps the rest.
  Next use(Connection& connection, std::string_view bytes) {
    if (connection.kept && !skip(kept(connection), bytes)) {
      return Next::close;
    }
    while (!bytes.empty()) {
      if (connection.kept && bytes.size() < kept(connection).wanted) break;
      HeadScan head = scan(bytes);
      if (head.state == HeadScan::State::incomplete) {
        kept(connection).wanted = head.size;
        break;
      }
      if (head.state == HeadScan::State::foreign) {
        if (!take_out(connection, bytes, head)) return Next::close;
        continue;
      }
      if (head.state != HeadScan::State::complete) {
        return refuse(connection.socket.get(), head);
      }
      if (connection.refused) {
        head.state = HeadScan::State::one_too_many;
        return refuse(connection.socket.get(), head);
      }
      bytes.remove_prefix(head.size);
      const Next next = serve(connection, head, bytes);
      if (next != Next::idle) return next;
    }
    return keep(connection, bytes);
  }

  /// The rest of a record that nobody reads; false when that is too much.
  static bool skip(Unfinished& kept, std::string_view& bytes) {
    const std::size_t size =
        std::min<std::uint64_t>(kept.to_skip, bytes.size());
    bytes.remove_prefix(size);
    kept.to_skip -= size;
    kept.skipped += size;
    return kept.skipped <= most_skipped;
  }

  Next serve(Connection& connection, const HeadScan& head,
             std::string_view& bytes) {
    connection.kept.reset();
    Begun request{head, params_, bytes, observer_.get()};
    const Next next = engine_->serve(connection.socket, request);
    // What is left may lie in a buffer of the engine's.
    if (!bytes.empty()) {
      std::memmove(buffer_.data(), bytes.data(), bytes.size());
    }
    bytes = {buffer_.data(), bytes.size()};
    if (next == Next::idle && request.to_skip > 0) {
      kept(connection).to_skip = request.to_skip;
      skip(kept(connection), bytes);
    }
    return next;
  }

  static Next keep(Connection& connection, std::string_view bytes) {
    if (bytes.empty()) {
      if (connection.kept) {
        Unfinished& unfinished = kept(connection);
        if (unfinished.skipped == 0 && unfinished.to_skip == 0) {
          connection.kept.reset();
        } else {
          unfinished.bytes.clear();
          unfinished.wanted = 0;
        }
      }
      return Next::idle;
    }
    kept(connection).bytes.assign(bytes);
    return Next::partial;
  }

  HeadScan scan(std::string_view bytes) {
    HeadScan head = scan_head(bytes, options_.limits, params_, scratch_);
    if (head.state == HeadScan::State::complete &&
        head.role == Role::authorizer && !options_.authorizer) {
      head.state = HeadScan::State::unknown_role;
    }
    return head;
  }

  /// A record between others: answered, and out of the way.
  bool take_out(Connection& connection, std::string_view& bytes,
                const HeadScan& head) {
    const std::string_view record = bytes.substr(head.offset, head.size);
    const RecordHeader header = decode_header(record);
    const std::string answer = answer_foreign(
        header, record.substr(header_size, header.content_length),
        max_connections());
    if (head.offset == 0) {
      bytes.remove_prefix(head.size);
    } else {
      // Into the middle of a head: what follows moves up.
      joined_.assign(bytes.substr(0, head.offset));
      joined_ += bytes.substr(head.offset + head.size);
      joined_.copy(buffer_.data(), joined_.size());
      bytes = {buffer_.data(), joined_.size()};
    }
    if (connection.kept) kept(connection).wanted = 0;
    if (header.type == RecordType::standard_input) {
      Unfinished& unfinished = kept(connection);
      unfinished.skipped += head.size;
      if (unfinished.skipped > most_skipped) return false;
    }
    return answer.empty() || write_all(connection.socket.get(), answer,
                                       options_.limits.io_timeout);
  }

  /// Answers what cannot be served; the connection ends.
  Next refuse(int fd, const HeadScan& head) {
    std::string answer;
    switch (head.state) {
      case HeadScan::State::unknown_role:
        append_end_request(answer, head.request_id, 0,
                           ProtocolStatus::unknown_role);
        break;
      case HeadScan::State::too_large:
        service::log(LogLevel::warning,
                     "fastcgi: the variables of a request are beyond "
                     "--max-params; answered 431");
        append_error_page(answer, head.request_id, 431);
        break;
      case HeadScan::State::one_too_many: {
        static service::Repeated complaint;
        complaint.log(LogLevel::warning,
                      "fastcgi: more connections than --max-connections; "
                      "answered 503");
        append_error_page(answer, head.request_id, 503);
        break;
      }
      case HeadScan::State::aborted:
        append_end_request(answer, head.request_id, 0,
                           ProtocolStatus::request_complete);
        break;
      default:
        service::log(LogLevel::warning,
                     "fastcgi: a peer sent what is not FastCGI 1.0; its "
                     "connection was closed");
        if (head.request_id == 0) return Next::close;
        append_end_request(answer, head.request_id, 1,
                           ProtocolStatus::request_complete);
    }
    return write_all(fd, answer, options_.limits.io_timeout) ? Next::linger
                                                             : Next::close;
  }

  const Options& options_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<service::Observer> observer_;
  std::string buffer_;
  std::string joined_;
  Variables params_;
  std::string scratch_;
};

/// True for a unix socket and for TCP on loopback.
bool is_local(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* const bound = reinterpret_cast<sockaddr*>(&address);
  if (::getsockname(socket, bound, &size) != 0) return false;
  return bound->sa_family == AF_UNIX || service::is_loopback(bound);
}

void require_trusted_peers(const std::vector<service::Listener>& listeners) {
  for (const service::Listener& listener : listeners) {
    if (is_local(listener.fd())) continue;
    throw UsageError("fcgi: " + listener.name() +
                     ": libfcgi is meant for trusted peers; listen on a unix "
                     "socket or on loopback, or take --engine records");
  }
}

}  // namespace

std::size_t max_connections() {
  static const auto most = static_cast<std::size_t>(::sysconf(_SC_OPEN_MAX));
  return most;
}

void append_error_page(std::string& out, std::uint16_t request_id, int status) {
  const ErrorPage page(status);
  std::string content;
  cgi_response::write_head(content, page.status, page.headers);
  content += page.body;
  append_record(out, RecordType::standard_output, request_id, content);
  append_record(out, RecordType::standard_output, request_id, {});
  append_end_request(out, request_id, 0, ProtocolStatus::request_complete);
}

int serve(const Application& application, const Options& options) {
  return serve([&application] { return application; }, options);
}

int serve(const Loader& load, const Options& options) {
  const bool trusting = options.engine == EngineName::libfcgi;
  if (trusting) prepare_libfcgi();
  // Lives as long as the process, as what was loaded does.
  Application application;
  const auto prepare = [&](Concurrency concurrency) {
    application = load();
    return [task = Task{application, options, concurrency}](
               std::unique_ptr<service::Observer> observer) {
      return std::make_unique<FastcgiProtocol>(task, std::move(observer));
    };
  };
  return service::serve("fcgi", options, prepare,
                        trusting ? require_trusted_peers : nullptr);
}

}  // namespace decant::fastcgi
