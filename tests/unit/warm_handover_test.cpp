// SPDX-License-Identifier: MIT
#include <cstddef>
#include <string>

#include "decant/server/warm/handover.hpp"
#include "support/catch.hpp"

using namespace decant;
using namespace decant::warm;
using namespace std::string_view_literals;

namespace {

/// Of a message: where its kind and its two sizes of four bytes are.
constexpr std::size_t kind_at = std::string_view("decant warm 1\n").size();
constexpr std::size_t identity_size_at = kind_at + 1;
constexpr std::size_t environment_size_at = identity_size_at + 4;
constexpr std::size_t header_size = environment_size_at + 4;

const std::string identity("me\0and mine\0", 12);
const std::string environment("A=1\0B=\0C==\0", 11);

std::string message(Kind kind = Kind::request) {
  std::string out;
  REQUIRE(encode(
      out, {.kind = kind, .identity = identity, .environment = environment}));
  return out;
}

}  // namespace

TEST_CASE("warm: a message is read as it was written") {
  const Kind kind = GENERATE(Kind::request, Kind::status, Kind::stop);
  const std::string bytes = message(kind);
  CHECK(bytes.size() == header_size + identity.size() + environment.size());
  const auto read = decode(bytes);
  REQUIRE(read);
  CHECK(read->kind == kind);
  CHECK(read->identity == identity);
  CHECK(read->environment == environment);
}

TEST_CASE("warm: a message may be empty") {
  std::string out = "before";
  REQUIRE(encode(out, {.kind = Kind::status}));
  CHECK(out.size() == 6 + header_size);
  const auto read = decode(std::string_view(out).substr(6));
  REQUIRE(read);
  CHECK(read->identity.empty());
  CHECK(read->environment.empty());
}

TEST_CASE("warm: no beginning of a message is one") {
  const std::string bytes = message();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(decode(std::string_view(bytes).substr(0, size)));
  }
  CHECK_FALSE(decode(bytes + '\0'));
  CHECK_FALSE(decode(bytes + bytes));
}

TEST_CASE("warm: sizes that are not those of the message are no message") {
  const std::string bytes = message();
  const std::size_t at = GENERATE(identity_size_at, environment_size_at);
  for (std::size_t i = 0; i < 4; ++i) {
    for (int value = 0; value < 256; ++value) {
      std::string changed = bytes;
      if (changed[at + i] == static_cast<char>(value)) continue;
      changed[at + i] = static_cast<char>(value);
      CAPTURE(i, value);
      CHECK_FALSE(decode(changed));
    }
  }
  // Two lies that make a truth, modulo 2^32.
  std::string wrapped = bytes;
  for (std::size_t i = 0; i < 8; ++i) wrapped[identity_size_at + i] = '\xFF';
  CHECK_FALSE(decode(wrapped));
  wrapped = bytes;
  const auto sum =
      static_cast<unsigned char>(identity.size() + environment.size() + 1);
  for (std::size_t i = 0; i < 4; ++i) wrapped[identity_size_at + i] = '\xFF';
  wrapped.replace(environment_size_at, 4,
                  std::string{static_cast<char>(sum), 0, 0, 0});
  CHECK_FALSE(decode(wrapped));
}

TEST_CASE("warm: sizes that add up only move the border") {
  std::string bytes = message();
  bytes[identity_size_at] =
      static_cast<char>(bytes[identity_size_at] + environment.size());
  bytes[environment_size_at] = 0;
  const auto read = decode(bytes);
  REQUIRE(read);
  CHECK(read->identity == identity + environment);
  CHECK(read->environment.empty());
}

TEST_CASE("warm: another version and another kind are not understood") {
  const std::string bytes = message();
  for (std::size_t at = 0; at < kind_at; ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 3);
    CAPTURE(at);
    CHECK_FALSE(decode(changed));
  }
  for (int kind = 0; kind < 256; ++kind) {
    std::string changed = bytes;
    changed[kind_at] = static_cast<char>(kind);
    CHECK(decode(changed).has_value() ==
          (kind == 'R' || kind == 'Q' || kind == 'X'));
  }
}

TEST_CASE("warm: the limit holds at both ends") {
  std::string large(most_message - header_size, 'x');
  large.back() = '\0';
  std::string bytes;
  REQUIRE(encode(bytes, {.environment = large}));
  CHECK(bytes.size() == most_message);
  CHECK(decode(bytes));
  // One more, which its sizes tell of truly.
  std::string larger = bytes;
  ++larger[environment_size_at];
  larger.insert(larger.end() - 1, 'x');
  CHECK_FALSE(decode(larger));
  const std::string identity_too = "x";
  std::string nothing = "kept";
  CHECK_FALSE(
      encode(nothing, {.identity = identity_too, .environment = large}));
  CHECK(nothing == "kept");
}

TEST_CASE("warm: an environment ends with a NUL") {
  std::string bytes;
  REQUIRE(encode(bytes, {.environment = "A=1"}));
  CHECK_FALSE(decode(bytes));
}

TEST_CASE("warm: variables are what has a name") {
  Variables variables;
  take_variables("A=1\0B=\0C==\0=D\0E\0\0F=\xff\n\0A=2\0"sv, variables);
  const Variables expected = {
      {"A", "1"}, {"B", ""}, {"C", "="}, {"F", "\xff\n"}, {"A", "2"}};
  CHECK(variables == expected);
}

TEST_CASE("warm: an exit status is read as it was written") {
  for (int status = 0; status < 256; ++status) {
    CHECK(decode_exit(encode_exit(status)) == status);
  }
  for (const std::string& bytes :
       {std::string(), std::string("E"), std::string("A"), std::string("E12"),
        std::string("F1")}) {
    CHECK_FALSE(decode_exit(bytes));
  }
}

TEST_CASE("warm: a report is read as it was written") {
  const auto read = decode_report(encode_report(
      {.pid = 12, .requests = 0, .seconds = ~std::uint64_t{0}, .app = "/a b"}));
  REQUIRE(read);
  CHECK(read->pid == 12);
  CHECK(read->requests == 0);
  CHECK(read->seconds == ~std::uint64_t{0});
  CHECK(read->app == "/a b");
  for (const char* const bytes :
       {"", "1", "1 2", "1 2 3", "x 2 3 a", "1 -2 3 a", "1 2 +3 a", " 2 3 a",
        "1  2 3 a", "18446744073709551616 2 3 a"}) {
    CAPTURE(bytes);
    CHECK_FALSE(decode_report(bytes));
  }
}
