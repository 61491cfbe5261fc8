// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string>

#include "decant/server/fastcgi/records.hpp"
#include "support/catch.hpp"

using namespace decant;
using namespace decant::fastcgi;
using State = HeadScan::State;

namespace {

std::string begin(std::uint16_t id, int role = 1, int flags = 0) {
  std::string content(8, '\0');
  content[1] = static_cast<char>(role);
  content[2] = static_cast<char>(flags);
  std::string out;
  append_record(out, RecordType::begin_request, id, content);
  return out;
}

std::string record(RecordType type, std::uint16_t id,
                   std::string_view content = {}) {
  std::string out;
  append_record(out, type, id, content);
  return out;
}

std::string params(std::uint16_t id, std::string_view content) {
  return record(RecordType::params, id, content) +
         record(RecordType::params, id);
}

std::string pair(std::string_view name, std::string_view value) {
  std::string out;
  append_pair(out, name, value);
  return out;
}

struct Scanned {
  std::string bytes;  // what the views point into
  HeadScan head;
  Variables variables;
  std::string scratch;
};

Scanned scan(std::string_view bytes, service::Limits limits = {}) {
  Scanned out;
  out.bytes = bytes;
  out.head = scan_head(out.bytes, limits, out.variables, out.scratch);
  return out;
}

/// The body that a reader finds when its input comes `step` bytes at a time.
std::string body(StdinReader& reader, std::string_view bytes, std::size_t step,
                 std::string* rest = nullptr) {
  std::string out;
  std::string unread;
  while (!bytes.empty() && !reader.ended() && reader.sound()) {
    unread += bytes.substr(0, step);
    bytes.remove_prefix(std::min(step, bytes.size()));
    std::string_view in = unread;
    for (std::string_view piece = reader.next(in, 3); !piece.empty();
         piece = reader.next(in, 3)) {
      CHECK(piece.size() <= 3);
      out += piece;
    }
    unread = std::string(in);
  }
  if (rest != nullptr) *rest = unread + std::string(bytes);
  return out;
}

}  // namespace

TEST_CASE("a record header survives the way out and in") {
  std::string bytes;
  append_header(bytes, {.type = RecordType::standard_input,
                        .request_id = 65535,
                        .content_length = 258,
                        .padding_length = 6});
  REQUIRE(bytes == std::string("\x01\x05\xff\xff\x01\x02\x06\x00", 8));
  const RecordHeader header = decode_header(bytes);
  CHECK(header.version == 1);
  CHECK(header.type == RecordType::standard_input);
  CHECK(header.request_id == 65535);
  CHECK(header.content_length == 258);
  CHECK(header.size() == 8 + 258 + 6);
}

TEST_CASE("lengths of names and values take one byte or four") {
  const auto length_bytes = [](std::size_t size) {
    return pair(std::string(size, 'n'), "").substr(0, size < 128 ? 1 : 4);
  };
  CHECK(length_bytes(0) == std::string(1, '\0'));
  CHECK(length_bytes(127) == "\x7f");
  CHECK(length_bytes(128) == std::string("\x80\x00\x00\x80", 4));
  CHECK(length_bytes(1000) == std::string("\x80\x00\x03\xe8", 4));

  for (const std::size_t size : {0U, 1U, 127U, 128U, 1000U, 70000U}) {
    const std::string value(size, 'v');
    const std::string bytes = pair("NAME", value) + pair("", "x");
    std::string_view view = bytes;
    Variable found;
    REQUIRE(take_pair(view, found));
    CHECK(found == Variable{"NAME", value});
    REQUIRE(take_pair(view, found));
    CHECK(found == Variable{"", "x"});
    CHECK(view.empty());
    CHECK_FALSE(take_pair(view, found));
  }
}

TEST_CASE("a truncated pair is not taken") {
  const std::string whole = pair("NAME", std::string(200, 'v'));
  for (std::size_t size = 1; size < whole.size(); ++size) {
    std::string_view view = std::string_view(whole).substr(0, size);
    Variable found;
    CHECK_FALSE(take_pair(view, found));
    CHECK(view.size() == size);
  }
}

TEST_CASE("a complete head gives its variables as they came") {
  const std::string head =
      begin(7, 1, 1) + params(7, pair("A", "1") + pair("A", "2"));
  const Scanned scanned = scan(head + "rest");
  REQUIRE(scanned.head.state == State::complete);
  CHECK(scanned.head.size == head.size());
  CHECK(scanned.head.request_id == 7);
  CHECK(scanned.head.role == Role::responder);
  CHECK(scanned.head.keep_connection);
  CHECK(scanned.variables == Variables{{"A", "1"}, {"A", "2"}});
}

TEST_CASE("a head is incomplete until its last byte and says what it wants") {
  const std::string head = begin(1) + params(1, pair("A", "1"));
  for (std::size_t size = 0; size < head.size(); ++size) {
    const Scanned scanned = scan(std::string_view(head).substr(0, size));
    CHECK(scanned.head.state == State::incomplete);
    CHECK(scanned.head.size > size);
    CHECK(scanned.head.size <= head.size());
  }
}

TEST_CASE("a pair may straddle any two PARAMS records") {
  const std::string pairs = pair("NAME", "value") + pair("B", "2");
  for (std::size_t cut = 1; cut < pairs.size(); ++cut) {
    const std::string head =
        begin(1) +
        record(RecordType::params, 1, std::string_view(pairs).substr(0, cut)) +
        params(1, std::string_view(pairs).substr(cut));
    const Scanned scanned = scan(head);
    REQUIRE(scanned.head.state == State::complete);
    CHECK(scanned.variables == Variables{{"NAME", "value"}, {"B", "2"}});
  }
}

TEST_CASE("padding is skipped, also behind empty records") {
  const auto padded = [](RecordType type, std::string_view content) {
    std::string out;
    append_header(out,
                  {.type = type,
                   .request_id = 1,
                   .content_length = static_cast<std::uint16_t>(content.size()),
                   .padding_length = 255});
    return out + std::string(content) + std::string(255, 'p');
  };
  const std::string head = begin(1) +
                           padded(RecordType::params, pair("A", "1")) +
                           padded(RecordType::params, "");
  const Scanned scanned = scan(head);
  REQUIRE(scanned.head.state == State::complete);
  CHECK(scanned.head.size == head.size());
  CHECK(scanned.variables == Variables{{"A", "1"}});
}

TEST_CASE("parameters beyond the limits are refused before they have come") {
  service::Limits limits;
  limits.max_params = 1000;
  limits.max_param_count = 3;
  // A length of 16 MiB, of which nothing has come yet.
  const std::string huge("\x01\x81\x00\x00\x00N", 6);
  std::string announced = begin(1);
  append_header(
      announced,
      {.type = RecordType::params, .request_id = 1, .content_length = 900});
  CHECK(scan(announced + huge, limits).head.state == State::too_large);

  std::string many;
  for (int i = 0; i < 4; ++i) many += pair("A", "1");
  CHECK(scan(begin(1) + params(1, many), limits).head.state ==
        State::too_large);

  const std::string large = pair("A", std::string(1001, 'v'));
  const std::string head = begin(1) + record(RecordType::params, 1, large);
  CHECK(scan(head.substr(0, 24), limits).head.state == State::too_large);
}

TEST_CASE("records of no request are foreign, wherever they stand") {
  const std::string values =
      record(RecordType::get_values, 0, pair("FCGI_MPXS_CONNS", ""));
  Scanned scanned = scan(values + begin(1));
  REQUIRE(scanned.head.state == State::foreign);
  CHECK(scanned.head.offset == 0);
  CHECK(scanned.head.size == values.size());

  const std::string stray = record(RecordType::standard_input, 9, "old");
  scanned = scan(stray);
  REQUIRE(scanned.head.state == State::foreign);
  CHECK(scanned.head.size == stray.size());

  const std::string other = begin(2);
  scanned = scan(begin(1) + other + params(1, ""));
  REQUIRE(scanned.head.state == State::foreign);
  CHECK(scanned.head.offset == begin(1).size());
  CHECK(scanned.head.size == other.size());
}

TEST_CASE("what is not FastCGI 1.0 is malformed") {
  CHECK(scan("GET / HTTP/1.1\r\n\r\n").head.state == State::malformed);
  std::string version2 = begin(1);
  version2[0] = 2;
  CHECK(scan(version2).head.state == State::malformed);
  CHECK(scan(begin(0)).head.state == State::malformed);
  const Scanned truncated = scan(begin(3) + params(3,
                                                   "\x05\x05"
                                                   "AB"));
  CHECK(truncated.head.state == State::malformed);
  CHECK(truncated.head.request_id == 3);
}

TEST_CASE("roles are told apart") {
  CHECK(scan(begin(1, 2) + params(1, "")).head.role == Role::authorizer);
  CHECK(scan(begin(1, 3)).head.state == State::unknown_role);
  CHECK(scan(begin(1, 9)).head.state == State::unknown_role);
}

TEST_CASE("ABORT_REQUEST ends a head") {
  CHECK(scan(begin(1) + record(RecordType::abort_request, 1)).head.state ==
        State::aborted);
}

TEST_CASE("GET_VALUES is answered with what is known, each once") {
  const std::string asked = pair("FCGI_MPXS_CONNS", "") +
                            pair("FCGI_UNHEARD_OF", "") +
                            pair("FCGI_MAX_REQS", "");
  const std::string answer =
      answer_foreign({.type = RecordType::get_values}, asked, 64);
  const RecordHeader header = decode_header(answer);
  CHECK(header.type == RecordType::get_values_result);
  CHECK(header.request_id == 0);
  CHECK(answer.substr(8, header.content_length) ==
        pair("FCGI_MPXS_CONNS", "0") + pair("FCGI_MAX_REQS", "64"));
}

TEST_CASE("other management records are answered with UNKNOWN_TYPE") {
  const std::string answer =
      answer_foreign({.type = static_cast<RecordType>(77)}, "x", 1);
  CHECK(decode_header(answer).type == RecordType::unknown_type);
  CHECK(answer[8] == 77);
}

TEST_CASE("a second request is refused and its other records are ignored") {
  const std::string answer = answer_foreign(
      {.type = RecordType::begin_request, .request_id = 2}, {}, 1);
  CHECK(decode_header(answer).type == RecordType::end_request);
  CHECK(decode_header(answer).request_id == 2);
  CHECK(answer[12] == 1);  // FCGI_CANT_MPX_CONN
  CHECK(answer_foreign({.type = RecordType::params, .request_id = 2}, {}, 1)
            .empty());
}

TEST_CASE("the reader finds the body of its request, in any pieces") {
  std::string padded;
  append_header(padded, {.type = RecordType::standard_input,
                         .request_id = 1,
                         .content_length = 3,
                         .padding_length = 5});
  padded += "abcppppp";
  const std::string input =
      padded + record(RecordType::get_values, 0, pair("FCGI_MAX_REQS", "")) +
      begin(2) + record(RecordType::standard_input, 2, "foreign") +
      record(static_cast<RecordType>(77), 0, "INJ=yes") +
      record(RecordType::standard_input, 1, "12345678") +
      record(RecordType::standard_input, 1);
  const std::string answers =
      answer_foreign({.type = RecordType::get_values},
                     pair("FCGI_MAX_REQS", ""), 5) +
      answer_foreign({.type = RecordType::begin_request, .request_id = 2}, {},
                     5) +
      answer_foreign({.type = static_cast<RecordType>(77)}, {}, 5);
  for (const std::size_t step : {1U, 2U, 7U, 8U, 9U, 100U, 1000U}) {
    StdinReader reader(1, 5);
    std::string rest;
    CHECK(body(reader, input + "next request", step, &rest) == "abc12345678");
    CHECK(reader.ended());
    CHECK_FALSE(reader.aborted());
    CHECK(reader.unfinished() == 0);
    CHECK(rest == "next request");
    CHECK(reader.answers() == answers);
  }
}

TEST_CASE("the reader says how much of a record is still to come") {
  StdinReader reader(1, 1);
  const std::string whole = record(RecordType::standard_input, 1, "1234567890");
  std::string_view first = std::string_view(whole).substr(0, 11);
  CHECK(reader.next(first, 65536) == "123");
  CHECK(first.empty());
  CHECK(reader.unfinished() == whole.size() - 11);
  CHECK(reader.content_ahead() == 7);
  reader.took(4);
  CHECK(reader.content_ahead() == 3);

  StdinReader cut(1, 1);
  std::string_view header = std::string_view(whole).substr(0, 5);
  CHECK(cut.next(header, 65536).empty());
  CHECK(header == whole.substr(0, 5));
}

TEST_CASE("the content of others is not read straight") {
  StdinReader reader(1, 1);
  const std::string other = record(RecordType::standard_input, 2, "foreign!");
  std::string_view in = std::string_view(other).substr(0, 10);
  CHECK(reader.next(in, 65536).empty());
  CHECK(reader.content_ahead() == 0);
  CHECK(reader.unfinished() == 6);
}

TEST_CASE("ABORT_REQUEST ends a body, another version is no FastCGI") {
  StdinReader reader(1, 1);
  body(reader, record(RecordType::abort_request, 1), 100);
  CHECK(reader.ended());
  CHECK(reader.aborted());

  StdinReader strict(1, 1);
  std::string_view bytes("\x02\x05\x00\x01\x00\x00\x00\x00", 8);
  CHECK(strict.next(bytes, 65536).empty());
  CHECK_FALSE(strict.sound());
}

TEST_CASE("a stream is as many records as it needs, and none of nothing") {
  std::string out = "before";
  append_stream(out, RecordType::standard_error, 1, {});
  CHECK(out == "before");
  out.clear();
  append_stream(out, RecordType::standard_output, 7, std::string(70'000, 'x'));
  const RecordHeader first = decode_header(out);
  CHECK(first.content_length == large_record);
  CHECK(first.padding_length == 0);
  const RecordHeader second =
      decode_header(std::string_view(out).substr(first.size()));
  CHECK(second.request_id == 7);
  CHECK(first.content_length + second.content_length == 70'000);
  CHECK(out.size() == first.size() + second.size());
}

TEST_CASE("a record is closed around what was put into it") {
  for (const std::size_t size : {0U, 1U, 8U, 65528U, 65529U, 200000U}) {
    CAPTURE(size);
    std::string out = "before";
    out.append(header_size + size, 'x');
    close_record(out, 6,
                 {.type = RecordType::standard_output, .request_id = 300});
    std::string expected = "before";
    append_record(expected, RecordType::standard_output, 300,
                  std::string(size, 'x'));
    CHECK(out == expected);
    const RecordHeader header = decode_header(std::string_view(out).substr(6));
    CHECK(header.content_length == std::min(size, large_record));
    CHECK(header.size() % 8 == 0);
  }
}
