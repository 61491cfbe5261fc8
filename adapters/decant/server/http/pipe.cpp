// SPDX-License-Identifier: MIT
#include "decant/server/http/pipe.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include "decant/broken_pipe.hpp"
#include "decant/cgi_streams.hpp"
#include "decant/cgi_variables.hpp"
#include "decant/error.hpp"
#include "decant/error_page.hpp"
#include "decant/exit_status.hpp"
#include "decant/http/head.hpp"
#include "decant/server/http/body.hpp"
#include "decant/server/http/response.hpp"
#include "decant/stdio.hpp"
#include "decant/text.hpp"

namespace decant::http {
namespace {

/// Where the client is: the peer of a connection that inetd or systemd
/// accepted; this host for a pipe.
std::string remote_address(int fd) {
  constexpr const char* here = "127.0.0.1";
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  auto* const address = reinterpret_cast<sockaddr*>(&peer);
  if (::getpeername(fd, address, &size) != 0 ||
      (peer.ss_family != AF_INET && peer.ss_family != AF_INET6)) {
    return here;
  }
  std::array<char, NI_MAXHOST> host{};
  if (::getnameinfo(address, size, host.data(), host.size(), nullptr, 0,
                    NI_NUMERICHOST) != 0) {
    return here;
  }
  const std::string text = host.data();
  const bool mapped =
      text.starts_with("::ffff:") && text.find('.') != std::string::npos;
  return mapped ? text.substr(7) : text;
}

/// What is read of a descriptor and not yet used.
class Incoming {
 public:
  explicit Incoming(int fd) : fd_(fd) {}

  std::string_view unread() const {
    return std::string_view(bytes_).substr(begin_);
  }
  void take(std::size_t size) noexcept { begin_ += size; }
  /// False once there is no more.
  bool fill() {
    bytes_.erase(0, begin_);
    begin_ = 0;
    const std::size_t before = bytes_.size();
    bytes_.resize(before + read_size);
    const ssize_t got =
        read_some(fd_, std::span(bytes_.data() + before, read_size));
    bytes_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return got > 0;
  }

 private:
  static constexpr std::size_t read_size = 65536;

  int fd_;
  std::string bytes_;
  std::size_t begin_ = 0;
};

/// A response that is written as it comes.
class PipeOutput final : public Output {
 public:
  PipeOutput(int fd, Response& response) : fd_(fd), response_(response) {}

  void start(const ResponseHead& head, std::string_view chunk,
             bool last) override {
    status_ = head.status.code();
    std::string out;
    response_.start(out, head, {});
    write(std::move(out), chunk, last);
  }

  void send(std::string_view chunk, bool last) override {
    write({}, chunk, last);
  }

  int connection() const noexcept override { return fd_; }
  void exit_status(int status) noexcept override { failed_ = status != 0; }
  /// The application is a process and has failed.
  bool failed() const noexcept { return failed_; }
  /// Why it could not be written, as DescriptorOutput's.
  int error() const noexcept { return error_; }
  int status() const noexcept { return status_; }

  /// Ends a response that ran to its end.
  void finish() {
    if (!ended_) write({}, {}, true);
  }

  /// Writes what a body asks its client for, unless the response has begun.
  void ask(std::string& question) {
    if (status_ == 0 && !write_all(fd_, question)) gone();
    question.clear();
  }

 private:
  void write(std::string before, std::string_view chunk, bool last) {
    if (!chunk.empty()) response_.before(before, chunk.size());
    std::string behind;
    response_.after(behind);
    if (last) response_.end(behind, 0);
    ended_ = last;
    std::array<iovec, 3> pieces = {as_iovec(before), as_iovec(chunk),
                                   as_iovec(behind)};
    if (!write_all(fd_, pieces)) gone();
  }

  [[noreturn]] void gone() {
    if (errno != EPIPE && errno != ECONNRESET) error_ = errno;
    throw ClientGone("http: the reader of the response has closed it");
  }

  int fd_;
  Response& response_;
  bool ended_ = false;
  bool failed_ = false;
  int error_ = 0;
  int status_ = 0;
};

/// The body of one request; the client is asked for it at the first read.
class PipeInput final : public InputSource {
 public:
  PipeInput(Incoming& incoming, Body& body, PipeOutput& output)
      : incoming_(incoming), body_(body), output_(output) {}

  std::size_t read(std::span<char> buffer) override {
    body_.ask();
    if (!body_.answers().empty()) output_.ask(body_.answers());
    for (;;) {
      const std::size_t size = read_what_came(buffer);
      if (size > 0 || body_.ended()) return size;
      if (!body_.sound()) {
        throw GatewayError("http: the request body is malformed");
      }
      if (incoming_.fill()) continue;
      body_.give_up();
      throw GatewayError("http: the request body is cut short");
    }
  }

  /// Reads what is left; false when where the next request begins is lost.
  bool drain() {
    if (!body_.is_skippable()) return false;
    std::array<char, 16384> buffer;
    while (read(buffer) > 0) {
    }
    return true;
  }

 private:
  std::size_t read_what_came(std::span<char> buffer) {
    const std::string_view unread = incoming_.unread();
    std::string_view rest = unread;
    const std::string_view piece = body_.next(rest, buffer.size());
    const std::size_t size = piece.copy(buffer.data(), piece.size());
    incoming_.take(unread.size() - rest.size());
    return size;
  }

  Incoming& incoming_;
  Body& body_;
  PipeOutput& output_;
};

/// One request after the other.
class Session {
 public:
  Session(int input, int output, const Application& application,
          const normaliser::Rules& rules)
      : remote_address_(remote_address(input)),
        incoming_(input),
        output_(output),
        application_(application),
        rules_(rules) {}

  SessionResult run() {
    try {
      while (serve_one()) {
      }
    } catch (const GatewayError& error) {
      refuse(error);
    }
    return result_;
  }

 private:
  /// False at a clean end.
  bool read_head() {
    for (;;) {
      const HeadScan scan = parser_.scan(incoming_.unread(), {});
      switch (scan.state) {
        case HeadScan::State::complete:
          head_bytes_ = incoming_.unread().substr(0, scan.size);
          incoming_.take(scan.size);
          parser_.scan(head_bytes_, {});  // into what stays where it is
          return true;
        case HeadScan::State::refused:
          throw GatewayError("http: " + std::string(scan.why), scan.status);
        case HeadScan::State::incomplete:
          break;
      }
      if (incoming_.fill()) continue;
      const std::string_view rest = incoming_.unread();
      if (rest.find_first_not_of("\r\n") == std::string_view::npos &&
          rest.size() % 2 == 0) {
        return false;
      }
      throw GatewayError("http: the request is cut short");
    }
  }

  bool serve_one() {
    if (!read_head()) return false;
    const RequestHead& head = parser_.head();
    auto target = head.target;
    // It is the connection that says whether it is secure, not the client.
    target.scheme = {};
    cgi_variables::RequestVariables variables(
        head.method, target, head.http_1_0 ? "HTTP/1.0" : "HTTP/1.1",
        remote_address_);
    // An absolute-form target outranks Host (RFC 9112 section 3.2.2).
    variables.add_host(target.authority);
    for (const Field& field : head.fields) {
      variables.add(field.name, field.value);
    }
    body_.begin(head.content_length, head.chunked, head.expects_continue);
    response_.begin({.http_1_0 = head.http_1_0, .keep_alive = head.keep_alive});
    return exchange(variables);
  }

  bool exchange(const cgi_variables::RequestVariables& variables) {
    PipeOutput output(output_, response_);
    PipeInput input(incoming_, body_, output);
    DescriptorSink errors(STDERR_FILENO);
    const Exchange exchange{.variables = variables.view(),
                            .input = input,
                            .output = output,
                            .errors = errors,
                            .rules = rules_,
                            .framing = normaliser::Framing::end_of_stream,
                            .concurrency = {}};
    const Outcome outcome = gateway::run(exchange, application_);
    note(outcome, output.status());
    result_.failed = tell_of_write_error(errors, output.error()) ||
                     result_.failed || output.failed();
    if (outcome == Outcome::cut_short || outcome == Outcome::client_gone) {
      return false;  // no final chunk: the client sees that it is cut
    }
    try {
      output.finish();
      return response_.keeps_connection() && input.drain();
    } catch (const Error&) {
      result_.failed =
          tell_of_write_error(errors, output.error()) || result_.failed;
      return false;
    }
  }

  void note(Outcome outcome, int status) {
    result_.largest_status = std::max(result_.largest_status, status);
    result_.failed = result_.failed || outcome == Outcome::failed ||
                     outcome == Outcome::cut_short;
  }

  void refuse(const GatewayError& error) {
    const ErrorPage page(error.status());
    response_.begin({});
    PipeOutput output(output_, response_);
    try {
      output.start({page.status, page.headers, page.body.size(), true},
                   page.body, true);
    } catch (const ClientGone&) {  // then nobody misses it
    }
    note(Outcome::refused, error.status());
    ErrorStream(errors_).write(std::string("decant: ") + error.what() + '\n');
  }

  std::string remote_address_;
  Incoming incoming_;
  int output_;
  const Application& application_;
  const normaliser::Rules& rules_;
  HeadParser parser_;
  std::string head_bytes_;
  Body body_;
  Response response_{body_};
  DescriptorSink errors_{STDERR_FILENO};
  SessionResult result_;
};

}  // namespace

SessionResult serve_session(int input, int output,
                            const Application& application,
                            const normaliser::Rules& rules) {
  return Session(input, output, application, rules).run();
}

int serve_pipe(const Application& application, const PipeOptions& options) {
  const StandardStreams& streams = own_standard_streams();
  survive_broken_pipes();
  const SessionResult result = serve_session(
      streams.input.get(), streams.output.get(), application, options.rules);
  if (result.failed) return exit_failed;
  return options.fail && result.largest_status >= 400 ? exit_bad_status : 0;
}

}  // namespace decant::http
