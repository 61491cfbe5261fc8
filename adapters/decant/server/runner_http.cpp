// SPDX-License-Identifier: MIT
#include "decant/server/runner_http.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "decant/cgi_streams.hpp"
#include "decant/error.hpp"
#include "decant/error_page.hpp"
#include "decant/server/http_message.hpp"
#include "decant/server/runner_request.hpp"
#include "decant/text.hpp"

namespace decant::runner {
namespace {

/// Of a body that nobody read, so that the connection can be kept.
constexpr std::size_t most_drained = 16 << 20;

/// RFC 9110 section 5.6.7.
std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 40> text{};
  const std::size_t size = std::strftime(text.data(), text.size(),
                                         "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

std::string hexadecimal(std::size_t number) {
  std::string digits;
  do {
    digits += "0123456789abcdef"[number % 16];
    number /= 16;
  } while (number != 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
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
    std::string text;
    http::write_head(text, head.status, completed(head.headers));
    write({text, chunk}, last);
  }

  void send(std::string_view chunk, bool last) override {
    write({{}, chunk}, last);
  }

  /// Ends a response that ran to its end.
  void finish() {
    if (chunked_ && !ended_) write({{}, {}}, true);
  }

  /// Tells a client that waits for it to send its body (RFC 9110 section
  /// 10.1.1), unless the response has begun.
  void ask_for_body() {
    if (status_ == 0 && !write_all(fd_, "HTTP/1.1 100 Continue\r\n\r\n")) {
      gone();
    }
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
    keep_alive_ = false;
    throw ClientGone("http: the reader of the response has closed it");
  }

  int fd_;
  bool http_1_0_;
  bool keep_alive_;
  bool chunked_ = false;
  bool ended_ = false;
  int status_ = 0;
};

/// The body of one request; the client is asked for it at the first read.
class HttpInput final : public InputSource {
 public:
  HttpInput(http::RequestReader& reader, HttpOutput& output, bool ask)
      : reader_(reader), output_(output), ask_(ask) {}

  std::size_t read(std::span<char> buffer) override {
    if (ask_) output_.ask_for_body();
    ask_ = false;
    return reader_.read_body(buffer);
  }

  /// Reads what is left; false when that is too much or not to be had.
  bool drain() {
    if (ask_) return false;  // the client keeps its body: RFC 9110 10.1.1
    std::array<char, 16384> buffer;
    for (std::size_t drained = 0; drained < most_drained;) {
      const std::size_t got = reader_.read_body(buffer);
      if (got == 0) return true;
      drained += got;
    }
    return false;
  }

 private:
  http::RequestReader& reader_;
  HttpOutput& output_;
  bool ask_;
};

/// One request after the other.
class Session {
 public:
  Session(int input, int output, const Application& application,
          const cgi_request::Rules& rules)
      : reader_(input),
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
    const auto target = Target::parse(head->target);
    if (head->method == "CONNECT") {
      throw GatewayError("http: CONNECT is not served here", 501);
    }
    if (!target) {
      throw GatewayError("http: the request target " + quoted(head->target) +
                         " is no path and no URL");
    }
    RequestVariables variables(head->method, head->target, *target,
                               head->http_1_0 ? "HTTP/1.0" : "HTTP/1.1");
    for (const auto& [name, value] : head->headers) {
      // A name with '_' would pass for one with '-'.
      if (name.find('_') == std::string::npos) {
        variables.add_header(name, value);
      }
    }
    return exchange(*head, variables);
  }

  bool exchange(const http::RequestHead& head,
                const RequestVariables& variables) {
    HttpOutput output(output_, head.http_1_0, head.keep_alive);
    HttpInput input(reader_, output, head.expects_continue && head.has_body);
    DescriptorSink errors(STDERR_FILENO);
    const Exchange exchange{variables.view(),
                            input,
                            output,
                            errors,
                            rules_,
                            cgi_request::Framing::end_of_stream,
                            {}};
    // A client that keeps back its body cannot be served again.
    if (head.expects_continue && head.has_body) output.close_after();
    const Outcome outcome = gateway::run(exchange, application_);
    note(outcome, output.status());
    if (outcome == Outcome::cut_short || outcome == Outcome::client_gone) {
      return false;  // no final chunk: the client sees that it is cut
    }
    try {
      output.finish();
      return output.keep_alive() && (!head.has_body || input.drain());
    } catch (const Error&) {
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

  http::RequestReader reader_;
  int output_;
  const Application& application_;
  const cgi_request::Rules& rules_;
  DescriptorSink errors_{STDERR_FILENO};
  SessionResult result_;
};

}  // namespace

SessionResult serve_http(int input, int output, const Application& application,
                         const cgi_request::Rules& rules) {
  return Session(input, output, application, rules).run();
}

}  // namespace decant::runner
