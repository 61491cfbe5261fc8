// SPDX-License-Identifier: MIT
// FastCGI by libfcgi: the accepted descriptor is handed to the library for one
// request and taken back. What the library reads goes through our hands: it
// meets the records of this request and no others, and waits for none that has
// not begun to arrive.
#include "decant/server/fastcgi/libfcgi.hpp"

#include <fcgiapp.h>
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
#include "decant/server/fastcgi/codec.hpp"
#include "decant/service/log/log.hpp"
#include "decant/service/request/body_input.hpp"
#include "decant/service/request/serving.hpp"

namespace decant::fastcgi {
namespace {

using service::BodyInput;

/// From here on a chunk goes out past the library's buffer of 8 KiB.
constexpr std::size_t large_chunk = 8192;
constexpr std::size_t records_at_once = 8;

int size_of(std::size_t size) {
  return static_cast<int>(size);
}

/// What the library has in place of the socket. It reads a head without
/// parameters, since those have been read, and then the STDIN records as they
/// come. The socket does not block: the waits are here.
class RequestChannel {
 public:
  RequestChannel(int fd, const HeadScan& head, BodyInput& input,
                 std::chrono::seconds patience)
      : fd_(fd),
        request_id_(head.request_id),
        input_(input),
        patience_(patience) {
    const char flags = head.keep_connection ? 1 : 0;
    const char begin[8] = {0, static_cast<char>(head.role), flags};
    append_record(passed_, RecordType::begin_request, request_id_,
                  {begin, sizeof begin});
    append_record(passed_, RecordType::params, request_id_, {});
  }

  /// As read(2). Taken up again after EINTR, which the library takes for the
  /// end.
  ssize_t read(char* out, std::size_t size) {
    if (passed_.size() == position_) {
      if (ended_) return 0;
      passed_.clear();
      position_ = 0;
      std::string_view piece;
      switch (input_.next(piece, size)) {
        case BodyInput::State::gone:
          return 0;
        case BodyInput::State::unsound:
          errno = EPROTO;
          return -1;
        case BodyInput::State::late:
        case BodyInput::State::broken:
          return -1;
        case BodyInput::State::ended:
          ended_ = true;
          break;
        case BodyInput::State::more:
          break;
      }
      append_record(passed_,
                    input_.aborted() ? RecordType::abort_request
                                     : RecordType::standard_input,
                    request_id_, piece);
    }
    const std::size_t count = passed_.copy(out, size, position_);
    position_ += count;
    return static_cast<ssize_t>(count);
  }

  /// True when something of the request's input has come, or its end.
  bool ready() {
    return passed_.size() != position_ || ended_ || input_.ready();
  }
  int descriptor() const noexcept { return fd_; }

  /// Writes everything; false when the peer takes it no more.
  bool write(std::string_view data) {
    return output_ended_ || send_all(fd_, data, patience_);
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
  bool aborted() const noexcept { return input_.aborted(); }
  bool look_for_abort() {
    input_.look_for_abort();
    return aborted();
  }

 private:
  int fd_;
  std::uint16_t request_id_;
  BodyInput& input_;
  std::chrono::seconds patience_;
  bool output_ended_ = false;
  bool ended_ = false;
  std::string passed_;
  std::size_t position_ = 0;
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
class LibfcgiRequest final : public service::ServedRequest {
 public:
  LibfcgiRequest(FCGX_Request& request, std::uint16_t id,
                 RequestChannel& channel, const service::Limits& limits,
                 std::string& buffer)
      : ServedRequest(channel.descriptor(), "fastcgi", limits),
        request_(request),
        id_(id),
        channel_(channel),
        buffer_(buffer) {}

  std::size_t read(std::span<char> buffer) override;
  bool ready() override {
    return finished_ || input_ended_ ||
           request_.in->rdNext != request_.in->stop || channel_.ready();
  }
  void start(const ResponseHead& head, std::string_view chunk,
             bool last) override;
  void send(std::string_view chunk, bool last) override;

  void finish(bool was_cut) override;
  void cut() override;

 private:
  bool look_for_abort() override { return channel_.look_for_abort(); }
  void require_peer();
  void put(std::string_view data);
  void put_large(std::string_view data);
  bool send_errors(std::string_view lines) override;

  FCGX_Request& request_;
  std::uint16_t id_;
  RequestChannel& channel_;
  std::string& buffer_;
};

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
    if (error == EAGAIN) waited_in_vain();
    if (channel_.aborted()) aborted();
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

void LibfcgiRequest::require_peer() {
  if (finished_ || broken_) gone();
  if (channel_.aborted()) aborted();
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
  require_peer();
  claim_head(head);
  const Current current(channel_);
  buffer_.clear();
  cgi_response::write_head(buffer_, head.status, head.headers);
  put(buffer_);
  started_ = true;
  if (holds_errors()) {
    if (FCGX_FFlush(request_.out) < 0) gone();
    release_errors();
  }
  send(chunk, last);
}

void LibfcgiRequest::send(std::string_view chunk, bool last) {
  require_peer();
  const Current current(channel_);
  put(chunk);
  if (last) {
    finish(false);
  } else if (FCGX_FFlush(request_.out) < 0) {
    gone();
  }
}

bool LibfcgiRequest::send_errors(std::string_view lines) {
  const Current current(channel_);
  FCGX_PutStr(lines.data(), size_of(lines.size()), request_.err);
  return FCGX_FFlush(request_.err) == 0;
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
  FCGX_SetExitStatus(application_status(was_cut), request_.out);
  request_.keepConnection = 1;  // its own close would poll for two seconds
  FCGX_Finish_r(&request_);
}

void LibfcgiRequest::cut() {
  if (finished_) return;
  buffer_.clear();
  append_break(buffer_);
  if (FCGX_FFlush(request_.out) == 0) channel_.write(buffer_);
  channel_.end_output();
  broken_ = true;
  finish(true);
}

/// Reads heads as the others do, and has the library serve what follows.
class LibfcgiServing final : public service::Serving {
 public:
  LibfcgiServing(const service::Served& served, std::unique_ptr<Codec> codec,
                 service::Observer* observer)
      : Serving(served, std::move(codec), observer) {
    // No listening socket: after a bad connection the library's accept fails
    // at once instead of waiting for another one.
    if (FCGX_InitRequest(&request_, -1, 0) != 0) {
      throw Error("fastcgi: libfcgi could not be initialised");
    }
  }

 private:
  bool converse(service::Connection& connection, BodyInput& input) override {
    const HeadScan& head = static_cast<const Codec&>(codec()).head();
    const int fd = connection.socket.get();
    const service::Limits& limits = served().limits;
    RequestChannel channel(fd, head, input, limits.io_timeout);
    request_.ipcFd = fd;
    request_.keepConnection = 1;  // FCGX_Accept_r would close it otherwise
    FCGX_Detach(&request_);       // a close of its own does not poll
    bool good = false;
    {
      const Current current(channel);
      if (FCGX_Accept_r(&request_) == 0) {
        LibfcgiRequest request(request_, head.request_id, channel, limits,
                               write_buffer_);
        run(connection, request);
        good = request.good();
      }
    }
    if (request_.ipcFd < 0) {  // closed by the library
      connection.socket.release();
      return false;
    }
    request_.ipcFd = -1;
    return good;
  }

  FCGX_Request request_{};
  std::string write_buffer_;
};

}  // namespace

void prepare_libfcgi() {
  if (FCGX_Init() != 0) {
    throw Error("fastcgi: libfcgi could not be initialised");
  }
}

std::unique_ptr<service::Protocol> make_libfcgi(const service::Served& served,
                                                std::unique_ptr<Codec> codec,
                                                service::Observer* observer) {
  return std::make_unique<LibfcgiServing>(served, std::move(codec), observer);
}

void require_trusted_peer(const service::Listener& listener) {
  if (listener.is_local()) return;
  throw UsageError("fcgi: " + listener.name() +
                   ": libfcgi is meant for trusted peers; listen on a unix "
                   "socket or on loopback, or take --engine records");
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
