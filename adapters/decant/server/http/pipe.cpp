// SPDX-License-Identifier: MIT
#include "decant/server/http/pipe.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <utility>

#include "decant/broken_pipe.hpp"
#include "decant/cgi_streams.hpp"
#include "decant/cgi_variables.hpp"
#include "decant/error.hpp"
#include "decant/error_page.hpp"
#include "decant/exit_status.hpp"
#include "decant/server/http/message.hpp"
#include "decant/stdio.hpp"
#include "decant/text.hpp"

namespace decant::http {
namespace {

/// Of a body that nobody read, so that the connection can be kept.
constexpr std::size_t most_drained = 16 << 20;

/// RFC 9110 section 5.6.7. The names of strftime() would be those of a locale
/// that the application may have set.
std::string http_date() {
  constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 24> numbers{};
  const auto format = [&](const char* how) {
    return std::string(
        numbers.data(),
        std::strftime(numbers.data(), numbers.size(), how, &parts));
  };
  return days.at(static_cast<std::size_t>(parts.tm_wday)) + format(", %d ") +
         months.at(static_cast<std::size_t>(parts.tm_mon)) +
         format(" %Y %H:%M:%S GMT");
}

std::string hexadecimal(std::size_t number) {
  std::array<char, 2 * sizeof number> digits{};
  return {
      digits.data(),
      std::to_chars(digits.data(), digits.data() + digits.size(), number, 16)
          .ptr};
}

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

/// A response as an HTTP/1.1 message (RFC 9112 sections 6 and 7).
class HttpOutput final : public Output {
 public:
  HttpOutput(int fd, bool http_1_0, bool keep_alive)
      : fd_(fd), http_1_0_(http_1_0), keep_alive_(keep_alive) {}

  void start(const ResponseHead& head, std::string_view chunk,
             bool last) override {
    status_ = head.status.code();
    const bool length_known = head.content_length || !head.has_content;
    chunked_ = !length_known && !http_1_0_;
    if (!length_known && http_1_0_) keep_alive_ = false;
    // What a client that was not asked sends next may be its body or not.
    if (body_held_back_) keep_alive_ = false;
    std::string text;
    write_head(text, head.status, completed(head.headers));
    write({text, chunk}, last);
  }

  void send(std::string_view chunk, bool last) override {
    write({{}, chunk}, last);
  }

  int connection() const noexcept override { return fd_; }
  void exit_status(int status) noexcept override { failed_ = status != 0; }
  /// The application is a process and has failed.
  bool failed() const noexcept { return failed_; }
  /// Why it could not be written, as DescriptorOutput's.
  int error() const noexcept { return error_; }

  /// Ends a response that ran to its end.
  void finish() {
    if (chunked_ && !ended_) write({{}, {}}, true);
  }

  /// The client waits until it is told to send its body (RFC 9110 section
  /// 10.1.1).
  void hold_back_body() noexcept { body_held_back_ = true; }
  bool body_held_back() const noexcept { return body_held_back_; }

  /// Tells it, unless the response has begun.
  void ask_for_body() {
    if (!std::exchange(body_held_back_, false) || status_ != 0) return;
    if (!write_all(fd_, "HTTP/1.1 100 Continue\r\n\r\n")) gone();
  }

  void close_after() noexcept { keep_alive_ = false; }
  bool keep_alive() const noexcept { return keep_alive_; }
  int status() const noexcept { return status_; }

 private:
  struct Parts {
    std::string_view head;
    std::string_view chunk;
  };

  Headers completed(Headers headers) const {
    if (find_header(headers, "Date") == nullptr) {
      headers.emplace_back("Date", http_date());
    }
    if (find_header(headers, "Server") == nullptr) {
      headers.emplace_back("Server", "decant/" DECANT_VERSION);
    }
    if (chunked_) headers.emplace_back("Transfer-Encoding", "chunked");
    if (!keep_alive_) {
      headers.emplace_back("Connection", "close");
    } else if (http_1_0_) {
      headers.emplace_back("Connection", "keep-alive");
    }
    return headers;
  }

  void write(const Parts& parts, bool last) {
    std::string size;
    if (chunked_ && !parts.chunk.empty()) {
      size = hexadecimal(parts.chunk.size()) + "\r\n";
    }
    std::string_view tail = size.empty() ? "" : "\r\n";
    if (chunked_ && last) tail = size.empty() ? "0\r\n\r\n" : "\r\n0\r\n\r\n";
    ended_ = last;
    std::array<iovec, 4> pieces = {as_iovec(parts.head), as_iovec(size),
                                   as_iovec(parts.chunk), as_iovec(tail)};
    if (!write_all(fd_, pieces)) gone();
  }

  [[noreturn]] void gone() {
    if (errno != EPIPE && errno != ECONNRESET) error_ = errno;
    keep_alive_ = false;
    throw ClientGone("http: the reader of the response has closed it");
  }

  int fd_;
  bool http_1_0_;
  bool keep_alive_;
  bool body_held_back_ = false;
  bool chunked_ = false;
  bool ended_ = false;
  bool failed_ = false;
  int error_ = 0;
  int status_ = 0;
};

/// Reads requests from a descriptor, one after the other.
class RequestReader {
 public:
  explicit RequestReader(int fd) : fd_(fd) {}

  /// The next head; no value at a clean end. Throws as RequestParser::head().
  std::optional<RequestHead> read_head() {
    for (;;) {
      if (auto head = parser_.head()) return head;
      if (ended_) return std::nullopt;
      fill();
    }
  }

  /// At least one byte of the body; 0 at its end. Throws as
  /// RequestParser::body().
  std::size_t read_body(std::span<char> buffer) {
    for (;;) {
      const std::size_t got = parser_.body(buffer);
      if (got > 0 || parser_.body_ended()) return got;
      fill();
    }
  }

 private:
  void fill() {
    const ssize_t got = read_some(fd_, buffer_);
    ended_ = got <= 0;
    if (ended_) {
      parser_.end();
    } else {
      parser_.put({buffer_.data(), static_cast<std::size_t>(got)});
    }
  }

  int fd_;
  bool ended_ = false;
  std::array<char, 65536> buffer_;
  RequestParser parser_;
};

/// The body of one request; the client is asked for it at the first read.
class HttpInput final : public InputSource {
 public:
  HttpInput(RequestReader& reader, HttpOutput& output)
      : reader_(reader), output_(output) {}

  std::size_t read(std::span<char> buffer) override {
    output_.ask_for_body();
    try {
      return reader_.read_body(buffer);
    } catch (const GatewayError&) {  // where the next request begins is lost
      output_.close_after();
      throw;
    }
  }

  /// Reads what is left; false when that is too much or not to be had.
  bool drain() {
    if (output_.body_held_back()) return false;
    std::array<char, 16384> buffer;
    for (std::size_t drained = 0; drained < most_drained;) {
      const std::size_t got = reader_.read_body(buffer);
      if (got == 0) return true;
      drained += got;
    }
    return false;
  }

 private:
  RequestReader& reader_;
  HttpOutput& output_;
};

/// One request after the other.
class Session {
 public:
  Session(int input, int output, const Application& application,
          const normaliser::Rules& rules)
      : remote_address_(remote_address(input)),
        reader_(input),
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
  bool serve_one() {
    const auto head = reader_.read_head();
    if (!head) return false;
    if (head->method == "CONNECT") {
      throw GatewayError("http: CONNECT is not served here", 501);
    }
    auto target = cgi_variables::Target::parse(head->method, head->target);
    // RFC 9112 section 3.2: no form of it has a fragment.
    if (!target || head->target.find('#') != std::string_view::npos) {
      throw GatewayError("http: the request target " + quoted(head->target) +
                         " is no path and no URL");
    }
    // It is the connection that says whether it is secure, not the client.
    target->scheme = {};
    cgi_variables::RequestVariables variables(
        head->method, *target, head->http_1_0 ? "HTTP/1.0" : "HTTP/1.1",
        remote_address_);
    // An absolute-form target outranks Host (RFC 9112 section 3.2.2).
    variables.add_host(target->authority);
    for (const auto& [name, value] : head->headers) {
      // A name with '_' would pass for one with '-'.
      if (name.find('_') == std::string::npos) {
        variables.add_header(name, value);
      }
    }
    return exchange(*head, variables);
  }

  bool exchange(const RequestHead& head,
                const cgi_variables::RequestVariables& variables) {
    HttpOutput output(output_, head.http_1_0, head.keep_alive);
    if (head.expects_continue && head.has_body) output.hold_back_body();
    HttpInput input(reader_, output);
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
      return output.keep_alive() && (!head.has_body || input.drain());
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
    HttpOutput output(output_, false, false);
    try {
      output.start({page.status, page.headers, page.body.size(), true},
                   page.body, true);
    } catch (const ClientGone&) {  // then nobody misses it
    }
    note(Outcome::refused, error.status());
    ErrorStream(errors_).write(std::string("decant: ") + error.what() + '\n');
  }

  std::string remote_address_;
  RequestReader reader_;
  int output_;
  const Application& application_;
  const normaliser::Rules& rules_;
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
