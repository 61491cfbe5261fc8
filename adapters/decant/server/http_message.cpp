// SPDX-License-Identifier: MIT
#include "decant/server/http_message.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/optional.hpp>

#include "decant/descriptor.hpp"
#include "decant/error.hpp"
#include "decant/text.hpp"

namespace decant::http {
namespace {

namespace beast = boost::beast::http;
using Parser = beast::request_parser<beast::buffer_body>;

constexpr std::uint32_t largest_head = 65536;
constexpr std::size_t read_size = 65536;

template <class Text>
std::string_view as_view(const Text& text) {
  return {text.data(), text.size()};
}

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

/// RFC 9112 sections 6.1 and 6.3: two lengths, a length that is a list, or a
/// coding that is not ours.
void check_framing(const Parser::value_type& message) {
  const std::size_t codings = message.count(beast::field::transfer_encoding);
  const std::size_t lengths = message.count(beast::field::content_length);
  if (codings > 0 && lengths > 0) {
    refuse("the request has both Content-Length and Transfer-Encoding");
  }
  if (lengths > 1) refuse("the request has more than one Content-Length");
  // Beast takes "5, 5" for 5, which whoever is in front may not.
  if (lengths == 1 &&
      !parse_content_length(as_view(message[beast::field::content_length]))) {
    refuse("the Content-Length of the request is not a number");
  }
  if (codings == 0) return;
  if (message.version() < 11) {
    refuse("the request has a Transfer-Encoding, which HTTP/1.0 has not");
  }
  if (codings > 1 ||
      !equals_ignoring_case(as_view(message[beast::field::transfer_encoding]),
                            "chunked")) {
    refuse("the transfer coding of the request is not chunked", 501);
  }
}

/// RFC 9112 section 3.2: one Host, and none only in HTTP/1.0. Empty is allowed:
/// the target may have no host.
void check_host(const Parser::value_type& message) {
  const std::size_t hosts = message.count(beast::field::host);
  if (hosts > 1) refuse("the request has more than one Host");
  if (hosts == 0 && message.version() >= 11) refuse("the request has no Host");
  const std::string_view host = as_view(message[beast::field::host]);
  if (!host.empty() && !is_host(host)) {
    refuse("the Host " + quoted(host) + " of the request is none");
  }
}

/// Two of them would mean what each reader makes of it.
void check_content_type(const Parser::value_type& message) {
  if (message.count(beast::field::content_type) > 1) {
    refuse("the request has more than one Content-Type");
  }
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9');
}

/// RFC 3986 section 3.2.2: IPv6 between brackets.
bool is_in_literal(char c) {
  return std::string_view("0123456789abcdefABCDEF:.").find(c) !=
         std::string_view::npos;
}

/// RFC 3986 section 3.2.2: a registered name or IPv4.
bool is_in_name(char c) {
  return is_letter_or_digit(c) ||
         std::string_view("-._~%!$&'()*+,;=").find(c) != std::string_view::npos;
}

bool is_port(std::string_view text) {
  return text.size() <= 5 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

void write_head(std::string& out, const Status& status,
                const Headers& headers) {
  append_head(out, "HTTP/1.1 ", status.line(), headers);
}

bool is_host(std::string_view text) noexcept {
  const bool literal = text.starts_with('[');
  std::string_view host = text.substr(0, text.find(literal ? ']' : ':'));
  std::string_view rest = text.substr(host.size());
  if (literal) {
    if (rest.empty()) return false;
    host.remove_prefix(1);
    rest.remove_prefix(1);
  }
  return !host.empty() &&
         std::all_of(host.begin(), host.end(),
                     literal ? is_in_literal : is_in_name) &&
         (rest.empty() || (rest.front() == ':' && is_port(rest.substr(1))));
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
    check_content_type(parser_->get());
    return head();
  }

  std::size_t read_body(std::span<char> buffer) {
    auto& body = parser_->get().body();
    while (!parser_->is_done()) {
      // Given nothing, the parser of a body of known length does nothing.
      if (unread().empty()) fill_body();
      body.data = buffer.data();
      body.size = buffer.size();
      body.more = true;
      boost::system::error_code error = put();
      if (error == beast::error::need_buffer) error = {};
      const std::size_t got = buffer.size() - body.size;
      if (got > 0) return got;
      if (error == beast::error::need_more) {
        fill_chunk_head();
      } else if (error) {
        refuse("the request body is malformed: " + error.message());
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

  void fill_body() {
    if (!fill()) refuse("the request body is cut short");
  }

  /// Reads on where the parser wants more of a chunk's size, its extensions or
  /// the trailers, none of which Beast limits.
  void fill_chunk_head() {
    if (unread().size() > largest_head) {
      refuse("a chunk head or the trailers of the request are too large");
    }
    // "0\r\n\r\n" has five bytes; Beast asserts that it gets no fewer of a
    // last chunk that is the first one, too.
    do {
      fill_body();
    } while (unread().size() < 5);
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
    std::size_t searched = 0;
    while (unread().find("\r\n\r\n", searched) == std::string_view::npos) {
      if (unread().size() > largest_head) {
        refuse("the request head is too large", 431);
      }
      searched = unread().size() - std::min<std::size_t>(unread().size(), 3);
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
