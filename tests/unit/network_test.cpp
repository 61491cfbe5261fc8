// SPDX-License-Identifier: MIT
#include "decant/service/listen/network.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

#include "decant/error.hpp"
#include "decant/service/listen/listener.hpp"
#include "support/allowing.hpp"
#include "support/catch.hpp"

namespace decant::service {
namespace {

using test::allowing;

/// A socket address from "1.2.3.4", "::1" or "unix".
struct Address {
  explicit Address(const char* text) {
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (::inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
      v4.sin_family = AF_INET;
      std::memcpy(&storage, &v4, sizeof v4);
    } else if (::inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
      v6.sin6_family = AF_INET6;
      std::memcpy(&storage, &v6, sizeof v6);
    } else {
      storage.ss_family = AF_UNIX;
    }
  }
  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
  sockaddr_storage storage{};
};

TEST_CASE("A network contains the addresses of its prefix") {
  const auto contains = [](const char* network, const char* address) {
    return Network::parse(network).contains(Address(address).get());
  };
  CHECK(contains("10.0.0.0/8", "10.255.0.1"));
  CHECK_FALSE(contains("10.0.0.0/8", "11.0.0.1"));
  CHECK(contains("10.1.2.3/8", "10.9.9.9"));
  CHECK(contains("192.0.2.1", "192.0.2.1"));
  CHECK_FALSE(contains("192.0.2.1", "192.0.2.2"));
  CHECK(contains("192.0.2.128/25", "192.0.2.200"));
  CHECK_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
  CHECK(contains("0.0.0.0/0", "203.0.113.9"));
  CHECK_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  CHECK(contains("fd00::/8", "fdff::1"));
  CHECK_FALSE(contains("fd00::/8", "fe80::1"));
  CHECK(contains("2001:db8::1", "2001:db8::1"));
  CHECK(contains("::/0", "2001:db8::1"));
  CHECK_FALSE(contains("::/0", "203.0.113.9"));
  CHECK(contains("10.0.0.0/8", "::ffff:10.1.1.1"));
  CHECK(contains("::ffff:10.0.0.0/104", "10.1.1.1"));
  CHECK_FALSE(contains("0.0.0.0/0", "unix"));
}

TEST_CASE("What is no network is refused") {
  for (const char* const text :
       {"", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x",
        "::/129", "host", "[::1]", "10.0.0.0/8/8"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(Network::parse(text), UsageError);
  }
}

TEST_CASE("Peers on a unix socket and on loopback are always served") {
  for (const SocketSettings& settings :
       {SocketSettings{}, allowing({"192.0.2.0/24"})}) {
    for (const char* const address :
         {"unix", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) {
      CAPTURE(address);
      CHECK(is_allowed_peer(Address(address).get(), settings));
    }
  }
}

TEST_CASE("Other peers are served when --allow-peer names them") {
  const SocketSettings settings = allowing({"192.0.2.0/24", "fd00::/8"});
  CHECK(is_allowed_peer(Address("192.0.2.7").get(), settings));
  CHECK(is_allowed_peer(Address("::ffff:192.0.2.7").get(), settings));
  CHECK(is_allowed_peer(Address("fd12::1").get(), settings));
  CHECK_FALSE(is_allowed_peer(Address("192.0.3.1").get(), settings));
  CHECK_FALSE(is_allowed_peer(Address("2001:db8::1").get(), settings));
  CHECK_FALSE(is_allowed_peer(Address("192.0.2.7").get(), SocketSettings{}));
  CHECK_FALSE(is_allowed_peer(Address("::2").get(), SocketSettings{}));
}

}  // namespace
}  // namespace decant::service
