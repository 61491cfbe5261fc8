// SPDX-License-Identifier: MIT
#include "decant/server/http_message.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/optional.hpp>
#include <cerrno>
#include <cstring>

#include "decant/descriptor.hpp"
#include "decant/error.hpp"

namespace decant::http {
namespace {

namespace beast = boost::beast::http;
using Parser = beast::request_parser<beast::buffer_body>;

constexpr std::uint32_t largest_head = 65536;
constexpr std::size_t read_size = 65536;

[[noreturn]] void refuse(const std::string& why, int status = 400) {
  throw GatewayError("http: " + why, status);
}

/// What Beast lets pass and a second reader might take for something else:
/// folded lines and a CR that ends none (RFC 9112 sections 2.2 and 5.2).
void check_lines(std::string_view head) {
  for (std::size_t i = 0; i + 1 < head.size(); ++i) {
    if (head[i] == '\r' && head[i + 1] != '\n') {
      refuse("a line of the request holds a bare CR");
    }
    if (head[i] == '\n' && (head[i + 1] == ' ' || head[i + 1] == '\t')) {
      refuse("a header of the request is folded");
    }
  }
}

/// RFC 9112 section 6.1 and 6.3: two lengths, or a coding that is not ours.
void check_framing(const Parser::value_type& message) {
  const std::size_t codings = message.count(beast::field::transfer_encoding);
  const std::size_t lengths = message.count(beast::field::content_length);
  if (codings > 0 && lengths > 0) {
    refuse("the request has both Content-Length and Transfer-Encoding");
  }
  if (lengths > 1) refuse("the request has more than one Content-Length");
  if (codings == 0) return;
  const auto coding = message[beast::field::transfer_encoding];
  if (codings > 1 ||
      !equals_ignoring_case({coding.data(), coding.size()}, "chunked")) {
    refuse("the transfer coding of the request is not chunked", 501);
  }
}

/// RFC 9112 section 3.2: one Host, and none only in HTTP/1.0.
void check_host(const Parser::value_type& message) {
  const std::size_t hosts = message.count(beast::field::host);
  if (hosts > 1) refuse("the request has more than one Host");
  if (hosts == 0 && message.version() >= 11) refuse("the request has no Host");
}

}  // namespace

void write_head(std::string& out, const Status& status,
                const Headers& headers) {
  out += "HTTP/1.1 ";
  out += status.line();
  out += "\r\n";
  for (const auto& [name, value] : headers) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  }
  out += "\r\n";
}

class RequestReader::Impl {
 public:
  explicit Impl(int fd) : fd_(fd) {}

  std::optional<RequestHead> read_head() {
    parser_.emplace();
    parser_->header_limit(largest_head);
    parser_->body_limit(boost::none);
    if (!read_raw_head()) return std::nullopt;
    const std::string_view raw = unread();
    while (!parser_->is_header_done()) {
      const boost::system::error_code error = put();
      if (error == beast::error::header_limit) {
        refuse("the request head is too large", 431);
      }
      if (error) refuse("the request is malformed: " + error.message());
    }
    check_lines(raw.substr(0, raw.size() - unread().size()));
    check_framing(parser_->get());
    check_host(parser_->get());
    return head();
  }

  std::size_t read_body(std::span<char> buffer) {
    auto& body = parser_->get().body();
    while (!parser_->is_done()) {
      body.data = buffer.data();
      body.size = buffer.size();
      body.more = true;
      boost::system::error_code error = put();
      if (error == beast::error::need_buffer) error = {};
      const std::size_t got = buffer.size() - body.size;
      if (got > 0) return got;
      if (error && error != beast::error::need_more) {
        refuse("the request body is malformed: " + error.message());
      }
      // A body of known length that has used up what there is is no error.
      if (error || unread().empty()) {
        if (!parser_->is_done() && !fill()) {
          refuse("the request body is cut short");
        }
      }
    }
    return 0;
  }

 private:
  std::string_view unread() const {
    return std::string_view(buffer_).substr(position_);
  }

  /// Reads on; false at the end.
  bool fill() {
    buffer_.erase(0, position_);
    position_ = 0;
    const std::size_t before = buffer_.size();
    buffer_.resize(before + read_size);
    const ssize_t got = read_some(fd_, std::span(buffer_).subspan(before));
    buffer_.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
    return got > 0;
  }

  /// Reads until the head is there as a whole, which spares the parser the
  /// pieces; false at a clean end.
  bool read_raw_head() {
    // RFC 9112 section 2.2: empty lines in front of a request are ignored.
    for (;;) {
      while (unread().starts_with("\r\n")) position_ += 2;
      if (unread().size() > 1 || (!unread().empty() && unread() != "\r")) break;
      if (!fill()) {
        if (unread().empty()) return false;
        refuse("the request is cut short");
      }
    }
    while (unread().find("\r\n\r\n") == std::string_view::npos) {
      if (unread().size() > largest_head) {
        refuse("the request head is too large", 431);
      }
      if (!fill()) refuse("the request is cut short");
    }
    return true;
  }

  boost::system::error_code put() {
    boost::system::error_code error;
    const std::string_view bytes = unread();
    position_ += parser_->put(
        boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    return error;
  }

  RequestHead head() const {
    const auto& message = parser_->get();
    const auto as_view = [](const auto& text) {
      return std::string_view(text.data(), text.size());
    };
    RequestHead head;
    head.method = as_view(message.method_string());
    head.target = as_view(message.target());
    head.http_1_0 = message.version() < 11;
    head.keep_alive = parser_->keep_alive();
    head.has_body = !parser_->is_done();
    head.expects_continue =
        !head.http_1_0 &&
        equals_ignoring_case(as_view(message[beast::field::expect]),
                             "100-continue");
    for (const auto& field : message) {
      head.headers.emplace_back(as_view(field.name_string()),
                                as_view(field.value()));
    }
    return head;
  }

  int fd_;
  std::string buffer_;
  std::size_t position_ = 0;
  boost::optional<Parser> parser_;
};

RequestReader::RequestReader(int fd) : impl_(std::make_unique<Impl>(fd)) {}
RequestReader::~RequestReader() = default;

std::optional<RequestHead> RequestReader::read_head() {
  return impl_->read_head();
}

std::size_t RequestReader::read_body(std::span<char> buffer) {
  return impl_->read_body(buffer);
}

}  // namespace decant::http
