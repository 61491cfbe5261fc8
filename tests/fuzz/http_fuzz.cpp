// SPDX-License-Identifier: MIT
// The HTTP codec: whatever comes, however it is cut, it says the same, stays
// within the bytes, and sees the requests that Boost.Beast's parser sees.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "decant/error.hpp"
#include "decant/headers.hpp"
#include "decant/http/head.hpp"
#include "decant/server/http/body.hpp"
#include "decant/server/http/proxy_protocol.hpp"
#include "http/beast_reader.hpp"
#include "target.hpp"

namespace decant::http {

using fuzz::require;

namespace {

struct Seen {
  std::string method;
  std::string target;
  std::string body;
  bool whole = false;  // the end of the body has come
  bool operator==(const Seen&) const = default;
};

constexpr HeadLimits limits{.most_bytes = 4096, .most_fields = 20};

void check_head(const RequestHead& head) {
  require(is_token(head.method), "a bad method");
  require(head.fields.size() <= limits.most_fields, "too many fields");
  require(!(head.chunked && head.content_length), "two framings");
  for (const Field& field : head.fields) {
    require(is_token(field.name), "a name is no token");
    require(is_field_value(field.value), "a value holds control characters");
    require(field.name.find('-') == std::string_view::npos, "a hyphen");
  }
}

/// The body in pieces of `most` bytes; takes it from the front of `in`.
std::string read_body(Body& body, std::string_view& in, std::size_t most) {
  std::string all;
  for (;;) {
    const std::string_view piece = body.next(in, most);
    if (piece.empty()) return all;
    all += piece;
  }
}

/// What the codec sees, up to what it refuses or finds unfinished.
std::vector<Seen> read_own(std::string_view bytes, std::size_t most) {
  std::vector<Seen> all;
  HeadParser parser;
  Body body;
  for (;;) {
    const HeadScan scan = parser.scan(bytes, limits);
    if (scan.state == HeadScan::State::refused) {
      require(scan.status >= 400 && scan.status <= 505, "another status");
      require(!scan.why.empty(), "no reason");
    }
    if (scan.state != HeadScan::State::complete) return all;
    require(scan.size > 0 && scan.size <= bytes.size(), "a stray head");
    const RequestHead& head = parser.head();
    check_head(head);
    bytes.remove_prefix(scan.size);
    body.begin(head.content_length, head.chunked, false);
    Seen seen{std::string(head.method), std::string(head.target.raw), {}};
    seen.body = read_body(body, bytes, most);
    seen.whole = body.ended();
    all.push_back(seen);
    if (!body.ended()) return all;
  }
}

/// What Boost.Beast's parser sees.
std::vector<Seen> read_other(std::string_view bytes) {
  std::vector<Seen> all;
  test::beast::RequestParser parser;
  parser.put(bytes);
  try {
    while (const auto head = parser.head()) {
      const auto target =
          cgi_variables::Target::parse(head->method, head->target);
      if (!target) return all;
      all.push_back({std::string(head->method), std::string(target->raw), {}});
      std::array<char, 64> buffer;
      for (;;) {
        const std::size_t got = parser.body(buffer);
        if (got == 0) break;
        all.back().body.append(buffer.data(), got);
      }
      all.back().whole = parser.body_ended();
      if (!parser.body_ended()) return all;
    }
  } catch (const GatewayError&) {
  }
  return all;
}

/// A prefix is either unfinished, or says what the whole says.
void check_prefix(std::string_view bytes, std::size_t size) {
  HeadParser whole;
  HeadParser part;
  const HeadScan first = part.scan(bytes.substr(0, size), limits);
  if (first.state == HeadScan::State::incomplete) return;
  const HeadScan second = whole.scan(bytes, limits);
  // A long head is looked at once its end is there: then it is refused too.
  if (first.state == HeadScan::State::refused &&
      second.state == HeadScan::State::incomplete) {
    return;
  }
  require(first.state == second.state, "a prefix has another verdict");
  require(first.size == second.size, "a prefix has another size");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  const std::vector<Seen> own = read_own(bytes, 65536);
  require(own == read_own(bytes, 1), "it depends on the size of the pieces");
  const std::vector<Seen> other = read_other(bytes);
  // The last one of either may be what it refuses in the middle.
  for (std::size_t i = 0; i + 1 < std::min(own.size(), other.size()); ++i) {
    require(own[i] == other[i], "two readers see different requests");
  }
  if (!own.empty() && own.size() == other.size() && own.back().whole &&
      other.back().whole) {
    require(own.back() == other.back(), "two readers see different requests");
  }
  check_prefix(bytes, size / 2);
  service::SocketAddress peer;
  const ProxyScan proxy = scan_proxy_header(bytes, peer);
  require(proxy.size <= size, "a stray header of the PROXY protocol");
  return 0;
}

}  // namespace decant::http
