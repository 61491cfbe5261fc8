// SPDX-License-Identifier: MIT
#include "http/beast_reader.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/optional.hpp>

#include "decant/cgi_variables.hpp"
#include "decant/error.hpp"
#include "decant/text.hpp"

namespace decant::test::beast {
namespace {

namespace parser = boost::beast::http;
using Parser = parser::request_parser<parser::buffer_body>;

constexpr std::uint32_t largest_head = 65536;

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
  const std::size_t codings = message.count(parser::field::transfer_encoding);
  const std::size_t lengths = message.count(parser::field::content_length);
  if (codings > 0 && lengths > 0) {
    refuse("the request has both Content-Length and Transfer-Encoding");
  }
  if (lengths > 1) refuse("the request has more than one Content-Length");
  // Beast takes "5, 5" for 5, which whoever is in front may not.
  if (lengths == 1 &&
      !parse_content_length(as_view(message[parser::field::content_length]))) {
    refuse("the Content-Length of the request is not a number");
  }
  if (codings == 0) return;
  if (message.version() < 11) {
    refuse("the request has a Transfer-Encoding, which HTTP/1.0 has not");
  }
  if (codings > 1 ||
      !equals_ignoring_case(as_view(message[parser::field::transfer_encoding]),
                            "chunked")) {
    refuse("the transfer coding of the request is not chunked", 501);
  }
}

/// RFC 9112 section 3.2: one Host, and none only in HTTP/1.0. Empty is allowed:
/// the target may have no host.
void check_host(const Parser::value_type& message) {
  const std::size_t hosts = message.count(parser::field::host);
  if (hosts > 1) refuse("the request has more than one Host");
  if (hosts == 0 && message.version() >= 11) refuse("the request has no Host");
  const std::string_view host = as_view(message[parser::field::host]);
  if (!host.empty() && !cgi_variables::is_host(host)) {
    refuse("the Host " + quoted(host) + " of the request is none");
  }
}

/// Two of them would mean what each reader makes of it.
void check_content_type(const Parser::value_type& message) {
  if (message.count(parser::field::content_type) > 1) {
    refuse("the request has more than one Content-Type");
  }
}

}  // namespace

class RequestParser::Impl {
 public:
  void put(std::string_view bytes) {
    buffer_.erase(0, position_);
    position_ = 0;
    buffer_ += bytes;
  }

  void end() noexcept { ended_ = true; }

  std::optional<RequestHead> head() {
    if (!has_raw_head()) return std::nullopt;
    parser_.emplace();
    parser_->header_limit(largest_head);
    parser_->body_limit(boost::none);
    least_ = 1;
    const std::string_view raw = unread();
    while (!parser_->is_header_done()) {
      const boost::system::error_code error = parse();
      if (error == parser::error::header_limit) {
        refuse("the request head is too large", 431);
      }
      if (error) refuse("the request is malformed: " + error.message());
    }
    check_lines(raw.substr(0, raw.size() - unread().size()));
    check_framing(parser_->get());
    check_host(parser_->get());
    check_content_type(parser_->get());
    return parsed_head();
  }

  std::size_t body(std::span<char> buffer) {
    auto& body = parser_->get().body();
    while (!parser_->is_done()) {
      // Given nothing, the parser of a body of known length does nothing.
      if (unread().size() < least_) {
        if (ended_) refuse("the request body is cut short");
        return 0;
      }
      body.data = buffer.data();
      body.size = buffer.size();
      body.more = true;
      boost::system::error_code error = parse();
      if (error == parser::error::need_buffer) error = {};
      least_ = 1;
      const std::size_t got = buffer.size() - body.size;
      if (got > 0) return got;
      if (error == parser::error::need_more) {
        want_chunk_head();
      } else if (error) {
        refuse("the request body is malformed: " + error.message());
      }
    }
    return 0;
  }

  bool body_ended() const noexcept { return parser_->is_done(); }

 private:
  std::string_view unread() const {
    return std::string_view(buffer_).substr(position_);
  }

  /// The parser wants more of a chunk's size, its extensions or the trailers,
  /// none of which Beast limits.
  void want_chunk_head() {
    if (unread().size() > largest_head) {
      refuse("a chunk head or the trailers of the request are too large");
    }
    // "0\r\n\r\n" has five bytes; Beast asserts that it gets no fewer of a
    // last chunk that is the first one, too.
    least_ = std::max<std::size_t>(unread().size() + 1, 5);
  }

  /// True when the head is there as a whole, which spares the parser the
  /// pieces.
  bool has_raw_head() {
    // RFC 9112 section 2.2: empty lines in front of a request are ignored.
    while (unread().starts_with("\r\n")) position_ += 2;
    if (unread().empty()) return false;
    const std::size_t from = position_ + searched_;
    if (buffer_.find("\r\n\r\n", from) != std::string::npos) {
      searched_ = 0;
      return true;
    }
    if (unread().size() > largest_head) {
      refuse("the request head is too large", 431);
    }
    if (ended_) refuse("the request is cut short");
    searched_ = unread().size() - std::min<std::size_t>(unread().size(), 3);
    return false;
  }

  boost::system::error_code parse() {
    boost::system::error_code error;
    const std::string_view bytes = unread();
    position_ += parser_->put(
        boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    return error;
  }

  RequestHead parsed_head() const {
    const auto& message = parser_->get();
    RequestHead head;
    head.method = as_view(message.method_string());
    head.target = as_view(message.target());
    head.http_1_0 = message.version() < 11;
    head.keep_alive = parser_->keep_alive();
    head.has_body = !parser_->is_done();
    head.expects_continue =
        !head.http_1_0 &&
        equals_ignoring_case(as_view(message[parser::field::expect]),
                             "100-continue");
    for (const auto& field : message) {
      head.headers.emplace_back(as_view(field.name_string()),
                                as_view(field.value()));
    }
    return head;
  }

  std::string buffer_;
  std::size_t position_ = 0;
  std::size_t searched_ = 0;  // for the end of a head, of what is unread
  std::size_t least_ = 1;     // bytes that are worth a further look at the body
  bool ended_ = false;
  boost::optional<Parser> parser_;
};

RequestParser::RequestParser() : impl_(std::make_unique<Impl>()) {}
RequestParser::~RequestParser() = default;

void RequestParser::put(std::string_view bytes) {
  impl_->put(bytes);
}

void RequestParser::end() noexcept {
  impl_->end();
}

std::optional<RequestHead> RequestParser::head() {
  return impl_->head();
}

std::size_t RequestParser::body(std::span<char> buffer) {
  return impl_->body(buffer);
}

bool RequestParser::body_ended() const noexcept {
  return impl_->body_ended();
}

}  // namespace decant::test::beast
