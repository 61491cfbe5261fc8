// SPDX-License-Identifier: MIT
// FastCGI by libfcgi: the accepted descriptor is handed to the library for one
// request and taken back. What the library reads goes through our hands: it
// meets the records of this request and no others, and waits for none that has
// not begun to arrive.
#include <fcgiapp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "decant/cgi_response.hpp"
#include "decant/error.hpp"
#include "decant/server/fastcgi_engine.hpp"
#include "decant/service/deadline.hpp"
#include "decant/service/log.hpp"
#include "decant/service/loop.hpp"
#include "decant/service/spool.hpp"

namespace decant::fastcgi {
namespace {

using service::Next;

/// From here on a chunk goes out past the library's buffer of 8 KiB.
constexpr std::size_t large_chunk = 8192;
/// Content of our own records: a multiple of 8, so that none needs padding.
constexpr std::size_t large_record = 65528;
constexpr std::size_t records_at_once = 8;
/// Room for a read from the socket.
constexpr std::size_t read_size = 65536;

int size_of(std::size_t size) {
  return static_cast<int>(size);
}

/// What the library has in place of the socket. It reads a head without
/// parameters, since those have been read, and then the STDIN records as they
/// come. The socket does not block: the waits are here.
class RequestChannel {
 public:
  RequestChannel(int fd, Begun& request, std::chrono::seconds patience,
                 std::string& buffer)
      : fd_(fd),
        patience_(patience),
        request_(request),
        buffer_(buffer),
        filter_(request.head.request_id, max_connections()) {
    const char flags = request.head.keep_connection ? 1 : 0;
    const char begin[8] = {0, static_cast<char>(request.head.role), flags};
    append_record(passed_, RecordType::begin_request, request.head.request_id,
                  {begin, sizeof begin});
    append_record(passed_, RecordType::params, request.head.request_id, {});
  }

  /// As read(2). Taken up again after EINTR, which the library takes for the
  /// end.
  ssize_t read(char* out, std::size_t size) {
    while (passed_.size() == position_ && !filter_.ended()) {
      passed_.clear();
      position_ = 0;
      if (unread().empty()) {
        const ssize_t got = fill();
        if (got <= 0) return got;
      }
      if (!filter_.pass(unread(), passed_, size)) return protocol_error();
      std::string& answers = filter_.answers();
      if (!answers.empty()) write_all(fd_, answers, patience_);
      answers.clear();
    }
    const std::size_t count = passed_.copy(out, size, position_);
    position_ += count;
    return static_cast<ssize_t>(count);
  }

  /// True when something of the request's input has come, or its end.
  bool ready() {
    if (passed_.size() != position_ || filter_.ended() || !unread().empty()) {
      return true;
    }
    pollfd poll{fd_, POLLIN, 0};
    return ::poll(&poll, 1, 0) != 0;
  }
  int descriptor() const noexcept { return fd_; }

  /// Writes everything; false when the peer takes it no more.
  bool write(std::string_view data) {
    return output_ended_ || write_all(fd_, data, patience_);
  }
  bool write(std::span<iovec> parts) {
    return write_all(fd_, parts, patience_);
  }

  /// What the library still writes, END_REQUEST, goes nowhere. The connection
  /// stays open: a web server that cannot send the rest of its request, as
  /// Apache, never reads the response.
  void end_output() {
    ::shutdown(fd_, SHUT_WR);
    output_ended_ = true;
  }

  /// The web server has taken its request back.
  bool aborted() const noexcept { return filter_.aborted(); }

  /// Skips what has come of this request and nobody read, and leaves the rest
  /// to the next one.
  void end() {
    bool sound = true;
    while (sound && !unread().empty() && !filter_.ended()) {
      passed_.clear();
      sound = filter_.pass(unread(), passed_, read_size);
    }
    if (!filter_.partial_header().empty()) {  // then nothing else is unread
      buffer_ = filter_.partial_header();
      own_ = buffer_;
    }
    if (request_.ahead.empty()) request_.ahead = own_;
    request_.to_skip = filter_.unfinished();
    request_.ended = filter_.ended();
    request_.sound = sound;
  }

 private:
  /// What was read ahead comes first, then what we read ourselves.
  std::string_view& unread() {
    return request_.ahead.empty() ? own_ : request_.ahead;
  }

  ssize_t fill() {
    buffer_.resize(read_size);
    const ssize_t got = read_some(fd_, buffer_, patience_);
    if (got > 0) own_ = {buffer_.data(), static_cast<std::size_t>(got)};
    return got;
  }

  static ssize_t protocol_error() {
    errno = EPROTO;
    return -1;
  }

  int fd_;
  std::chrono::seconds patience_;
  Begun& request_;
  std::string& buffer_;
  StdinFilter filter_;
  bool output_ended_ = false;
  std::string passed_;
  std::size_t position_ = 0;
  std::string_view own_;
};

/// The library calls OS_Read and OS_Write without more context than a
/// descriptor.
thread_local RequestChannel* current_channel = nullptr;

/// Makes the channel of a request that of the calling thread, which may be one
/// that the application has started.
class Current {
 public:
  explicit Current(RequestChannel& channel)
      : before_(std::exchange(current_channel, &channel)) {}
  ~Current() { current_channel = before_; }
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;

 private:
  RequestChannel* before_;
};

/// One request in the hands of the library: the exchange's input, output and
/// errors.
class LibfcgiRequest final : public InputSource,
                             public Output,
                             public ErrorSink {
 public:
  LibfcgiRequest(FCGX_Request& request, std::uint16_t id,
                 RequestChannel& channel, service::TimedRequest& timed,
                 const service::Limits& limits, std::string& buffer)
      : request_(request),
        id_(id),
        channel_(channel),
        timed_(timed),
        limits_(limits),
        buffer_(buffer) {}

  std::size_t read(std::span<char> buffer) override;
  bool ready() override {
    return finished_ || input_ended_ ||
           request_.in->rdNext != request_.in->stop || channel_.ready();
  }
  int descriptor() const noexcept override { return channel_.descriptor(); }
  void start(const ResponseHead& head, std::string_view chunk,
             bool last) override;
  void send(std::string_view chunk, bool last) override;
  int connection() const noexcept override { return channel_.descriptor(); }
  void exit_status(int status) noexcept override { exit_status_ = status; }
  void write(std::string_view lines) noexcept override;
  void remark(std::string_view message) noexcept override {
    service::LogSink().remark(message);  // the web server knows, or is gone
  }

  /// Ends the request towards the web server; once. One that was cut takes the
  /// connection along.
  void finish(bool was_cut = false);
  /// Ends the connection without END_REQUEST, so that the response is seen to
  /// be cut.
  void cut();
  /// True when a length told the web server how much is missing.
  bool length_known() const noexcept { return length_known_; }
  /// True when nothing went wrong that the connection would not survive.
  bool good() const noexcept { return !broken_; }

 private:
  void put(std::string_view data);
  void put_large(std::string_view data);
  [[noreturn]] void gone();

  FCGX_Request& request_;
  std::uint16_t id_;
  RequestChannel& channel_;
  service::TimedRequest& timed_;
  const service::Limits& limits_;
  std::string& buffer_;
  bool input_ended_ = false;
  bool finished_ = false;
  bool broken_ = false;
  bool length_known_ = false;
  int exit_status_ = 0;
};

void LibfcgiRequest::gone() {
  broken_ = true;
  throw ClientGone("fastcgi: the web server closed the connection");
}

/// Gives what is there instead of filling the buffer, as FCGX_GetStr would: a
/// body that is streamed arrives as it comes.
std::size_t LibfcgiRequest::read(std::span<char> buffer) {
  if (finished_) gone();
  if (input_ended_) return 0;
  FCGX_Stream* const in = request_.in;
  const Current current(channel_);
  const int first = FCGX_GetChar(in);
  if (first < 0) {
    const int error = FCGX_GetError(in);
    if (error == EAGAIN) {
      broken_ = true;
      throw GatewayError("input: nothing of the request body came for " +
                             std::to_string(limits_.io_timeout.count()) +
                             " seconds",
                         408);
    }
    if (channel_.aborted()) {
      throw ClientGone("fastcgi: the web server aborted the request");
    }
    if (error != 0) gone();
    input_ended_ = true;
    return 0;
  }
  buffer[0] = static_cast<char>(first);
  const std::size_t more = std::min(
      buffer.size() - 1, static_cast<std::size_t>(in->stop - in->rdNext));
  std::memcpy(buffer.data() + 1, in->rdNext, more);
  in->rdNext += more;
  return more + 1;
}

void LibfcgiRequest::put(std::string_view data) {
  if (data.size() >= large_chunk) {
    put_large(data);
  } else if (!data.empty() &&
             FCGX_PutStr(data.data(), size_of(data.size()), request_.out) < 0) {
    gone();
  }
}

void LibfcgiRequest::put_large(std::string_view data) {
  if (FCGX_FFlush(request_.out) < 0) gone();
  std::array<iovec, 2 * records_at_once> parts;
  while (!data.empty()) {
    buffer_.clear();
    std::size_t records = 0;
    std::array<std::string_view, records_at_once> contents;
    for (; records < records_at_once && !data.empty(); ++records) {
      contents[records] = data.substr(0, large_record);
      data.remove_prefix(contents[records].size());
      append_header(buffer_, {.type = RecordType::standard_output,
                              .request_id = id_,
                              .content_length = static_cast<std::uint16_t>(
                                  contents[records].size())});
    }
    const std::string_view headers = buffer_;
    for (std::size_t i = 0; i < records; ++i) {
      parts[2 * i] = as_iovec(headers.substr(i * header_size, header_size));
      parts[2 * i + 1] = as_iovec(contents[i]);
    }
    if (!channel_.write(std::span(parts).first(2 * records))) gone();
  }
}

void LibfcgiRequest::start(const ResponseHead& head, std::string_view chunk,
                           bool last) {
  if (finished_ || broken_ || !timed_.claim_head()) gone();
  const Current current(channel_);
  length_known_ = head.content_length.has_value() || !head.has_content;
  buffer_.clear();
  cgi_response::write_head(buffer_, head.status, head.headers);
  put(buffer_);
  send(chunk, last);
}

void LibfcgiRequest::send(std::string_view chunk, bool last) {
  if (finished_ || broken_) gone();
  const Current current(channel_);
  put(chunk);
  if (last) {
    finish();
  } else if (FCGX_FFlush(request_.out) < 0) {
    gone();
  }
}

void LibfcgiRequest::write(std::string_view lines) noexcept {
  if (finished_ || broken_) {
    service::LogSink().write(lines);
  } else {
    const Current current(channel_);
    FCGX_PutStr(lines.data(), size_of(lines.size()), request_.err);
  }
}

/// A body that nobody read is not waited for: END_REQUEST goes at once.
void LibfcgiRequest::finish(bool was_cut) {
  if (finished_) return;
  finished_ = true;
  if (channel_.aborted()) {
    FCGX_ClearError(request_.in);  // the connection is none the worse for it
  } else {
    broken_ = broken_ || was_cut;
  }
  FCGX_SetExitStatus(was_cut && exit_status_ == 0 ? 1 : exit_status_,
                     request_.out);
  request_.keepConnection = 1;  // its own close would poll for two seconds
  FCGX_Finish_r(&request_);
}

void LibfcgiRequest::cut() {
  if (finished_) return;
  // Where END_REQUEST is merely missing, nginx shows a whole response unless
  // it both buffers and keeps connections. At a record of no known version it
  // always breaks off.
  buffer_.clear();
  append_header(buffer_, {.type = RecordType::standard_output, .version = 0});
  if (FCGX_FFlush(request_.out) == 0) channel_.write(buffer_);
  channel_.end_output();
  broken_ = true;
  finish(true);
}

class LibfcgiEngine final : public Engine {
 public:
  explicit LibfcgiEngine(const Task& task)
      : task_(task), options_(task.options) {
    // No listening socket: after a bad connection the library's accept fails
    // at once instead of waiting for another one.
    if (FCGX_InitRequest(&request_, -1, 0) != 0) {
      throw Error("fastcgi: libfcgi could not be initialised");
    }
  }

  Next serve(Descriptor& socket, Begun& request) override {
    RequestChannel channel(socket.get(), request, options_.limits.io_timeout,
                           read_buffer_);
    request_.ipcFd = socket.get();
    request_.keepConnection = 1;  // FCGX_Accept_r would close it otherwise
    FCGX_Detach(&request_);       // a close of its own does not poll
    Next next = Next::close;
    {
      const Current current(channel);
      if (FCGX_Accept_r(&request_) == 0) next = exchange(request, channel);
    }
    channel.end();
    if (next == Next::linger && request.ended) next = Next::close;
    if (!request.sound) next = Next::close;
    if (request_.ipcFd < 0) {  // closed by the library
      socket.release();
      return Next::close;
    }
    request_.ipcFd = -1;
    return next;
  }

 private:
  Next exchange(Begun& begun, RequestChannel& channel) {
    begun.params.emplace_back("FCGI_ROLE", begun.head.role == Role::authorizer
                                               ? "AUTHORIZER"
                                               : "RESPONDER");
    const std::uint16_t id = begun.head.request_id;
    late_answer_.clear();
    if (service::has_deadlines()) append_error_page(late_answer_, id, 504);
    service::TimedRequest timed(request_.ipcFd, late_answer_, begun.params);
    LibfcgiRequest request(request_, id, channel, timed, options_.limits,
                           write_buffer_);
    service::LogSink log;
    ErrorSink& errors =
        options_.errors_to_server ? static_cast<ErrorSink&>(request) : log;
    service::Spool spool(request, options_.limits.spool);
    const Exchange exchange{
        begun.params,     spool,          request,
        errors,           options_.rules, cgi_request::Framing::end_of_stream,
        task_.concurrency};
    const Outcome outcome = service::run_observed(
        exchange, task_.application, begun.observer, service::arrival());
    if (outcome == Outcome::cut_short && !request.length_known()) {
      request.cut();
    } else {
      request.finish(outcome == Outcome::cut_short ||
                     outcome == Outcome::client_gone);
    }
    return begun.head.keep_connection && request.good() ? Next::idle
                                                        : Next::linger;
  }

  const Task task_;
  const Options& options_;
  FCGX_Request request_{};
  std::string late_answer_;
  std::string read_buffer_;
  std::string write_buffer_;
};

}  // namespace

void prepare_libfcgi() {
  if (FCGX_Init() != 0) {
    throw Error("fastcgi: libfcgi could not be initialised");
  }
}

std::unique_ptr<Engine> make_libfcgi_engine(const Task& task) {
  return std::make_unique<LibfcgiEngine>(task);
}

}  // namespace decant::fastcgi

// These stand in for the library's own, which fcgios.h declares: it reads and
// writes a request as we let it.
extern "C" int OS_Read(int fd, char* buffer, size_t size) {
  using decant::fastcgi::current_channel;
  if (current_channel == nullptr) {
    return static_cast<int>(::read(fd, buffer, size));
  }
  return static_cast<int>(current_channel->read(buffer, size));
}

extern "C" int OS_Write(int fd, char* buffer, size_t size) {
  using decant::fastcgi::current_channel;
  if (current_channel == nullptr) {
    return static_cast<int>(::write(fd, buffer, size));
  }
  return current_channel->write(std::string_view(buffer, size))
             ? static_cast<int>(size)
             : -1;
}
