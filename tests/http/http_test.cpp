// SPDX-License-Identifier: MIT
// The HTTP table through `decant http`: each row whole, byte by byte, and in
// two pieces.
#include <array>
#include <optional>
#include <random>
#include <string_view>

#include "http/cases.hpp"
#include "integration/fixtures.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"

using namespace decant::test;
using namespace decant::test::http;
using Catch::Matchers::Equals;

namespace {

constexpr std::string_view probe = "GET /probe HTTP/1.1\r\nHost: probe\r\n\r\n";

/// What came of a row.
struct Seen {
  std::vector<int> statuses;
  std::string bytes;
  bool closed = false;
  bool in_step = false;  // a further request got its own answer
};

bool to_head(const HttpCase& row) {
  return row.bytes.find("HEAD ") == 0;
}

void receive(HttpClient& client, const HttpCase& row, Seen& seen) {
  while (seen.statuses.size() < row.answers.size()) {
    std::optional<HttpResponse> response;
    const auto whole = [&] {
      response = parse_http_response(client.received(), false, to_head(row));
      return response.has_value();
    };
    if (!client.receive_until(whole)) {
      response = parse_http_response(client.received(), true, to_head(row));
    }
    if (!response || response->status == 0) return;
    seen.statuses.push_back(response->status);
    seen.bytes += client.take(response->size);
  }
}

Seen play(const std::string& endpoint, const HttpCase& row,
          const std::vector<std::string>& pieces) {
  Seen seen;
  HttpClient client(endpoint);
  for (const std::string& piece : pieces) {
    if (!client.send(piece)) break;
  }
  const bool is_unfinished = row.section == "9112 8" || row.bytes.empty();
  if (row.then == Then::close && is_unfinished) client.finish_sending();
  receive(client, row, seen);
  if (row.then == Then::close) {
    seen.closed = client.wait_for_end();
    seen.bytes += client.received();
    if (!client.received().empty()) seen.statuses.push_back(-1);
    return seen;
  }
  client.send(probe);
  const HttpResponse answer = client.receive();
  seen.in_step = answer.status == 200 &&
                 answer.body.find("path=/probe\n") != std::string::npos &&
                 client.received().empty();
  return seen;
}

std::string complaint(const HttpCase& row, const Seen& seen) {
  std::string text;
  if (seen.statuses != row.answers) {
    text += " answers";
    for (const int status : seen.statuses) text += ' ' + std::to_string(status);
  }
  if (row.then == Then::close && !seen.closed) text += " not closed";
  if (row.then == Then::open && !seen.in_step) text += " out of step";
  if (row.holds.empty()) return text;
  const bool absent = row.holds.front() == '!';
  const bool found =
      seen.bytes.find(row.holds.substr(absent ? 1 : 0)) != std::string::npos;
  if (found == absent) {
    text += (absent ? " holds " : " lacks ") + row.holds + " in " + seen.bytes;
  }
  return text;
}

using Cut = std::vector<std::string> (*)(const std::string& bytes);

std::vector<std::string> whole(const std::string& bytes) {
  return {bytes};
}

std::vector<std::string> byte_by_byte(const std::string& bytes) {
  // What is long is long to see what a length does.
  if (bytes.size() > 2000) return {bytes};
  std::vector<std::string> pieces;
  for (const char c : bytes) pieces.emplace_back(1, c);
  return pieces;
}

std::vector<std::string> in_two(const std::string& bytes) {
  static std::mt19937 random(1);
  const std::size_t cut = random() % (bytes.size() + 1);
  return {bytes.substr(0, cut), bytes.substr(cut)};
}

struct Group {
  const char* name;
  HttpCases (*cases)();
};

constexpr std::array<Group, 7> groups = {{{"request lines", request_line_cases},
                                          {"targets", target_cases},
                                          {"fields", field_cases},
                                          {"framing", framing_cases},
                                          {"chunks", chunk_cases},
                                          {"connections", connection_cases},
                                          {"responses", response_cases}}};

void check_all(Cut cut, const std::string& how) {
  const TemporaryDirectory directory;
  const Service service({application("http_echo"), "--processes", "0"},
                        "unix:" + directory / "s", "http");
  std::string complaints;
  std::size_t rows = 0;
  for (const Group& group : groups) {
    for (const HttpCase& row : group.cases()) {
      ++rows;
      const std::string found =
          complaint(row, play(service.endpoint(), row, cut(row.bytes)));
      if (found.empty()) continue;
      complaints += std::string(group.name) + ": " + row.name + " (" +
                    row.section + "), " + how + ':' + found + '\n';
    }
  }
  CHECK_THAT(complaints, Equals(""));
  CHECK(rows >= 300);
}

}  // namespace

TEST_CASE("the HTTP table, each row whole", "[http-table]") {
  check_all(whole, "whole");
}

TEST_CASE("the HTTP table, byte by byte", "[http-table]") {
  check_all(byte_by_byte, "byte by byte");
}

TEST_CASE("the HTTP table, in two pieces", "[http-table]") {
  check_all(in_two, "in two pieces");
}

TEST_CASE("all splits of two requests", "[http-table]") {
  const TemporaryDirectory directory;
  const Service service({application("http_echo"), "--processes", "0"},
                        "unix:" + directory / "s", "http");
  const HttpCase row{
      "9112 9.3.2",
      "POST in chunks, then GET",
      http::chunked("5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n") + target("/b"),
      {200, 200},
      Then::open,
      "path=/b\n"};
  for (std::size_t cut = 0; cut <= row.bytes.size(); ++cut) {
    INFO("split at " << cut);
    const Seen seen = play(service.endpoint(), row,
                           {row.bytes.substr(0, cut), row.bytes.substr(cut)});
    CHECK_THAT(complaint(row, seen), Equals(""));
  }
}
