// SPDX-License-Identifier: MIT
#include "decant/service/listen/endpoint.hpp"

#include <optional>

#include "decant/error.hpp"
#include "decant/number.hpp"
#include "decant/text.hpp"

namespace decant::service {
namespace {

constexpr std::string_view forms =
    "; write unix:/run/app.sock, 127.0.0.1:9000, [::1]:9000 or fd:3";

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw UsageError("endpoint: " + quoted(text) + ' ' + std::string(why));
}

Endpoint parse_tcp(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    refuse(text, "is no endpoint" + std::string(forms));
  }
  std::string_view host = text.substr(0, colon);
  const std::string port_text(text.substr(colon + 1));
  if (host.empty() || host == "*") {
    refuse(text, "names no address; write 127.0.0.1:" + port_text +
                     ", or 0.0.0.0:" + port_text +
                     " with --allow-peer for other machines");
  }
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    refuse(text, "is ambiguous; write [" + std::string(host) +
                     "]:" + port_text + " for an IPv6 address");
  }
  const auto port = parse_number<std::uint16_t>(port_text);
  if (!port) refuse(text, "has no port between 0 and 65535 at its end");
  return {Endpoint::Kind::tcp, std::string(host), *port, -1};
}

}  // namespace

std::string host_and_port(const std::string& host, std::string_view port) {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? '[' + host + ']' : host) + ':' + std::string(port);
}

Endpoint Endpoint::parse(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    refuse(text, "holds a NUL byte" + std::string(forms));
  }
  if (text.starts_with("unix:")) {
    const std::string_view path = text.substr(5);
    if (path.empty()) refuse(text, "has no path; write unix:/run/app.sock");
    return {Kind::unix_path, std::string(path), 0, -1};
  }
  if (text.starts_with("fd:")) {
    const auto number = parse_number<int>(text.substr(3));
    if (!number) refuse(text, "has no number; write fd:3");
    return {Kind::descriptor, {}, 0, *number};
  }
  const std::string_view front = text.substr(0, text.find('/'));
  if (front.size() != text.size() &&
      parse_number<std::uint16_t>(front.substr(front.rfind(':') + 1))) {
    refuse(text, "ends in a path; write " + std::string(front) +
                     ", and --script-name for where the application is");
  }
  if (front.size() != text.size()) {
    refuse(text, "is no endpoint; write unix:" + std::string(text) +
                     " for a unix socket");
  }
  if (parse_number<std::uint16_t>(text)) {
    refuse(text, "names no address; write 127.0.0.1:" + std::string(text));
  }
  return parse_tcp(text);
}

std::string Endpoint::text() const {
  switch (kind) {
    case Kind::unix_path:
      return "unix:" + host;
    case Kind::descriptor:
      return "fd:" + std::to_string(descriptor);
    case Kind::tcp:
      break;
  }
  return host_and_port(host, std::to_string(port));
}

}  // namespace decant::service
