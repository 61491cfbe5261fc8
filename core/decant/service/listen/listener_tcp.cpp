// SPDX-License-Identifier: MIT
// TCP: loopback only, unless peers are named.
#include <netdb.h>
#include <netinet/in.h>

#include <cerrno>
#include <memory>

#include "decant/error.hpp"
#include "decant/service/listen/listener_kinds.hpp"

namespace decant::service {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Addresses resolve(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  // Where a resolver puts ::1 first, a web server that was told 127.0.0.1
  // would find nobody.
  const std::string host =
      endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(
      host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (error != 0) {
    throw Error("endpoint: " + endpoint.text() + ": " + ::gai_strerror(error) +
                "; give a numeric address such as 127.0.0.1");
  }
  return {found, &::freeaddrinfo};
}

void require_loopback(const Endpoint& endpoint, const addrinfo* addresses) {
  for (const addrinfo* at = addresses; at != nullptr; at = at->ai_next) {
    if (is_loopback(at->ai_addr)) continue;
    throw UsageError(
        "endpoint: " + endpoint.text() +
        " can be reached from other machines; name those that may use it "
        "with --allow-peer, or listen on 127.0.0.1 or a unix socket");
  }
}

std::string_view tcp_cure(int error) {
  switch (error) {
    case EADDRINUSE:
      return "it is in use by a running service, stop that one or choose "
             "another port";
    case EADDRNOTAVAIL:
      return "give an address that this machine has";
    case EACCES:
      return "choose a port from 1024 on";
    default:
      return "choose another address";
  }
}

/// A socket that listens on `address`; none, with errno, when it cannot.
Descriptor listen_on(const addrinfo& address, int backlog,
                     const std::string& name) {
  Descriptor socket = make_socket(address.ai_family, name);
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.ai_family == AF_INET6) {
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  if (::bind(socket.get(), address.ai_addr, address.ai_addrlen) != 0 ||
      ::listen(socket.get(), backlog) != 0) {
    const int error = errno;
    socket.reset();
    errno = error;
  }
  return socket;
}

}  // namespace

Listener open_tcp(const Endpoint& endpoint, const SocketSettings& settings) {
  const Addresses addresses = resolve(endpoint);
  if (settings.allow_peer.empty() && !settings.open_to_all) {
    require_loopback(endpoint, addresses.get());
  }
  int error = 0;
  for (const addrinfo* at = addresses.get(); at != nullptr; at = at->ai_next) {
    Descriptor socket = listen_on(*at, settings.backlog, endpoint.text());
    if (!socket) {
      error = errno;
      continue;
    }
    std::string name = bound_name(socket.get());
    Listener listener(std::move(socket), std::move(name));
    listener.made_here();
    return listener;
  }
  fail_to_listen(endpoint.text(), error, tcp_cure(error));
}

}  // namespace decant::service
