// SPDX-License-Identifier: MIT
#include "decant/server/http/codec.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>

#include "decant/server/http/proxy_protocol.hpp"

namespace decant::http {
namespace {

using detail::known;
using service::Scan;

constexpr int served_by_codec = 204;

/// An IPv4 address that a socket of IPv6 got; null for any other.
const std::uint8_t* mapped_v4(const in6_addr& address) {
  return IN6_IS_ADDR_V4MAPPED(&address) ? address.s6_addr + 12 : nullptr;
}

void add(Variables& variables, detail::NameId id, std::string_view value) {
  variables.emplace_back(id, detail::known_names[id - 1U], value);
}

const sockaddr* as_address(const sockaddr_storage& storage) {
  return reinterpret_cast<const sockaddr*>(&storage);
}

}  // namespace

void AddressText::set(const sockaddr* address) {
  host_size_ = port_size_ = 0;
  const std::uint8_t* v4 = nullptr;
  in_port_t port = 0;
  if (address->sa_family == AF_INET) {
    const auto* const it = reinterpret_cast<const sockaddr_in*>(address);
    v4 = reinterpret_cast<const std::uint8_t*>(&it->sin_addr);
    port = it->sin_port;
  } else if (address->sa_family == AF_INET6) {
    const auto* const it = reinterpret_cast<const sockaddr_in6*>(address);
    v4 = mapped_v4(it->sin6_addr);
    port = it->sin6_port;
    if (v4 == nullptr && ::inet_ntop(AF_INET6, &it->sin6_addr, host_.data(),
                                     INET6_ADDRSTRLEN) != nullptr) {
      host_size_ = std::string_view(host_.data()).size();
    }
  } else {
    return;
  }
  char* at = host_.data();
  for (int i = 0; v4 != nullptr && i < 4; ++i) {
    if (i > 0) *at++ = '.';
    at = std::to_chars(at, host_.data() + host_.size(), v4[i]).ptr;
  }
  if (v4 != nullptr) host_size_ = static_cast<std::size_t>(at - host_.data());
  port_size_ = static_cast<std::size_t>(
      std::to_chars(port_.data(), port_.data() + port_.size(), ntohs(port))
          .ptr -
      port_.data());
}

/// Where the connection came to, and with the PROXY protocol from whom.
Scan Codec::scan_introduction(std::string_view bytes) {
  Scan scan{.state = Scan::State::between};
  if (settings_->proxy_protocol) {
    const ProxyScan header = scan_proxy_header(bytes, connection_->peer);
    scan.size = header.size;
    if (header.state == ProxyScan::State::incomplete) {
      return {.size = bytes.size() + 1};
    }
    if (header.state == ProxyScan::State::malformed) {
      return {.state = Scan::State::malformed};
    }
  }
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(connection_->socket.get(),
                reinterpret_cast<sockaddr*>(&address), &size);
  connection_->local.set(as_address(address), size);
  connection_->introduced = true;
  return scan;
}

Scan Codec::scan(std::string_view bytes, Variables& variables) {
  complaint_ = {};
  if (!connection_->introduced) {
    const Scan scan = scan_introduction(bytes);
    if (scan.state != Scan::State::between || scan.size != 0) return scan;
  }
  const HeadScan head = parser_.scan(bytes, limits_);
  const RequestHead& request = parser_.head();
  to_head_ = request.method == "HEAD";
  switch (head.state) {
    case HeadScan::State::incomplete:
      return {.size = bytes.size() + 1};
    case HeadScan::State::refused:
      complaint_ = head.why;
      // For the access log.
      variables.clear();
      peer_.set(connection_->peer.address());
      variables.emplace_back("REMOTE_ADDR", peer_.host());
      return {.state = Scan::State::refused, .status = head.status};
    case HeadScan::State::complete:
      break;
  }
  body_.begin(request.content_length, request.chunked,
              request.expects_continue);
  response_.begin(
      {.http_1_0 = request.http_1_0, .keep_alive = request.keep_alive});
  // The server as a whole is asked (RFC 9110 section 9.3.7).
  if (request.target.raw == "*") {
    return {.state = Scan::State::refused,
            .size = head.size,
            .status = request.has_body() ? served_by_codec : 0};
  }
  make_variables(variables);
  return {.state = Scan::State::request, .size = head.size};
}

void Codec::make_variables(Variables& variables) {
  const RequestHead& request = parser_.head();
  variables.clear();
  add(variables, known("GATEWAY_INTERFACE"), "CGI/1.1");
  add(variables, known("SERVER_SOFTWARE"), "decant/" DECANT_VERSION);
  add(variables, known("SERVER_PROTOCOL"),
      request.http_1_0 ? "HTTP/1.0" : "HTTP/1.1");
  add(variables, known("REQUEST_METHOD"), request.method);
  std::string_view uri = request.target.raw;
  if (!uri.starts_with('/')) {  // RFC 9112 section 3.2.1
    target_.assign("/").append(uri);
    uri = target_;
  }
  add(variables, known("REQUEST_URI"), uri);
  add(variables, known("PATH_INFO"), request.path);
  add(variables, known("QUERY_STRING"), request.target.query);
  const bool is_trusted =
      !settings_->trusted.empty() &&
      settings_->trusted.contains(connection_->peer.address());
  forwarded_ = is_trusted ? read_forwarded(request.fields, settings_->trusted)
                          : Forwarded{};
  add(variables, known("SCRIPT_NAME"), forwarded_.prefix);
  add_ends(variables);
  // An absolute target outranks Host (RFC 9112 section 3.2.2).
  if (!request.target.authority.empty() && forwarded_.host.empty()) {
    add(variables, known("HTTP_HOST"), request.target.authority);
  }
  for (const Field& field : request.fields) {
    if (field.id == known("HTTP_HOST") && !forwarded_.host.empty()) continue;
    variables.emplace_back(field.id, field.name, field.value);
  }
  if (!forwarded_.host.empty()) {
    add(variables, known("HTTP_HOST"), forwarded_.host);
  }
}

/// Both ends of the connection, as far as they are believed.
void Codec::add_ends(Variables& variables) {
  peer_.set(connection_->peer.address());
  local_.set(connection_->local.address());
  if (forwarded_.address.empty()) {
    add(variables, known("REMOTE_ADDR"), peer_.host());
    if (!peer_.port().empty()) {
      add(variables, known("REMOTE_PORT"), peer_.port());
    }
  } else {
    add(variables, known("REMOTE_ADDR"), forwarded_.address);
  }
  const bool by_unix = local_.host().empty();
  add(variables, known("SERVER_NAME"),
      by_unix ? std::string_view("localhost") : local_.host());
  std::string_view port = by_unix ? "80" : local_.port();
  if (!forwarded_.scheme.empty()) {
    port = forwarded_.scheme == "https" ? "443" : "80";
  }
  add(variables, known("SERVER_PORT"), port);
  const bool secure = forwarded_.scheme == "https";
  add(variables, known("REQUEST_SCHEME"), secure ? "https" : "http");
  if (secure) add(variables, known("HTTPS"), "on");
}

/// Appends a page that says no more than its status.
void Codec::append_page(std::string& out, Response& response,
                        ErrorPage page) const {
  const int status = page.status.code();
  if (status == 503) page.headers.emplace_back("Retry-After", "1");
  if (status == served_by_codec) page.headers.clear();
  const bool has_content = status != served_by_codec && !to_head_;
  response.start(out,
                 {.status = page.status,
                  .headers = page.headers,
                  .content_length = page.body.size(),
                  .has_content = has_content},
                 has_content ? page.body : std::string_view());
}

void Codec::refuse(std::string& out, int status) {
  if (!connection_->introduced) return;
  if (status != 0) {
    body_.begin(0, false, false);
    response_.begin({});
  }
  append_page(out, response_,
              ErrorPage(status == 0 ? served_by_codec : status));
}

std::string_view Codec::late_answer() {
  late_answer_.clear();
  Response response(body_);
  response.begin({});
  append_page(late_answer_, response, ErrorPage(504));
  return late_answer_;
}

service::BodyReader& Codec::begin_body() {
  return body_;
}

service::ResponseFraming& Codec::begin_response() {
  return response_;
}

}  // namespace decant::http
