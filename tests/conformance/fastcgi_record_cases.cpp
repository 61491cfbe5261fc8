// SPDX-License-Identifier: MIT
// How records come: in pieces, together, out of place.
#include "conformance/fastcgi_matrix.hpp"

namespace decant::conformance {

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using test::fastcgi_begin;
using test::fastcgi_pair;
using test::fastcgi_pairs;
using test::fastcgi_record;
using test::fastcgi_request;
using test::fastcgi_stream;
using test::FastcgiClient;
using test::FastcgiResponse;
using test::fcgi_abort_request;
using test::fcgi_authorizer;
using test::fcgi_end_request;
using test::fcgi_get_values;
using test::fcgi_get_values_result;
using test::fcgi_params;
using test::fcgi_responder;
using test::fcgi_stdin;
using test::fcgi_unknown_role;
using test::fcgi_unknown_type;

namespace {

void get_values() {
  Peer peer;
  peer.send(fastcgi_record(fcgi_get_values, 0,
                           fastcgi_pairs({{"FCGI_MAX_CONNS", ""},
                                          {"FCGI_MAX_REQS", ""},
                                          {"FCGI_MPXS_CONNS", ""},
                                          {"FCGI_OTHER", ""}})));
  const auto record = peer.receive_record();
  REQUIRE(record);
  CHECK(record->type == fcgi_get_values_result);
  CHECK(record->id == 0);
  CHECK_THAT(record->content,
             Contains("FCGI_MAX_CONNS") && Contains("FCGI_MAX_REQS") &&
                 Contains("FCGI_MPXS_CONNS0") && !Contains("OTHER"));
  peer.send(fastcgi_request(get("string"), ""));
  CHECK_THAT(peer.good_output(), EndsWith("a string\n"));
}

void check_unknown_type(Peer& peer) {
  const auto record = peer.receive_record();
  REQUIRE(record);
  CHECK(record->type == fcgi_unknown_type);
  CHECK(record->content == std::string("\x4D\0\0\0\0\0\0\0", 8));
}

void unknown_type() {
  Peer peer;
  peer.send(fastcgi_record(77, 0, "some content"));
  check_unknown_type(peer);
  peer.send(fastcgi_request(get("string"), ""));
  CHECK_THAT(peer.good_output(), EndsWith("a string\n"));
}

void unknown_type_within_params() {
  Peer peer;
  const std::string pairs = fastcgi_pairs(get("environ"));
  peer.send(
      fastcgi_begin() + fastcgi_record(fcgi_params, 1, pairs.substr(0, 20)) +
      fastcgi_record(77, 0, fastcgi_pair("INJECTED", "yes")) +
      fastcgi_record(fcgi_params, 1, pairs.substr(20)) +
      fastcgi_record(fcgi_params, 1, "") + fastcgi_record(fcgi_stdin, 1, ""));
  check_unknown_type(peer);
  CHECK_THAT(peer.good_output(),
             Contains("PATH_INFO=/\n") && !Contains("INJECTED"));
}

void check_unknown_role(int role) {
  Peer peer;
  peer.send(fastcgi_request(get("string"), "", {.role = role}));
  const FastcgiResponse response = peer.receive();
  CHECK(response.complete);
  CHECK(response.protocol_status == fcgi_unknown_role);
  CHECK(response.output.empty());
}

void authorizer() {
  check_unknown_role(fcgi_authorizer);
  const Service both(app(Kind::native),
                     with_engine({"--roles", "responder,authorizer"}));
  FastcgiClient peer(both.endpoint());
  peer.send(fastcgi_request(get("string"), "", {.role = fcgi_authorizer}));
  CHECK_THAT(peer.receive().output, StartsWith("Status: 200 OK\r\n"));
}

void unknown_role() {
  check_unknown_role(9);
}

void padding() {
  Peer peer;
  peer.send(fastcgi_request(post("echo", "5"), "12345",
                            {.keep_connection = true, .padding = 255}));
  CHECK_THAT(peer.good_output(), EndsWith("\r\n\r\n12345"));
  peer.send(fastcgi_request(post("echo", "2"), "67", {.padding = 255}));
  CHECK_THAT(peer.good_output(), EndsWith("\r\n\r\n67"));
}

void byte_by_byte() {
  Peer peer;
  for (const char byte : fastcgi_request(post("echo", "5"), "12345")) {
    REQUIRE(peer.send({&byte, 1}));
  }
  CHECK_THAT(peer.good_output(), EndsWith("\r\n\r\n12345"));
}

void kept_connection() {
  Peer peer;
  for (const char* const body : {"12345", "67890"}) {
    peer.send(fastcgi_request(post("echo", "5"), body, kept));
    CHECK_THAT(peer.good_output(), EndsWith(body));
  }
  CHECK(!peer.ended());
}

void unread_body_on_kept_connection() {
  Peer peer;
  peer.send(fastcgi_request(post("ignores", "20000"), std::string(20'000, 'u'),
                            kept));
  CHECK_THAT(peer.good_output(), EndsWith("not interested\n"));
  peer.send(fastcgi_request(post("echo", "5"), "12345", kept));
  CHECK_THAT(peer.good_output(), EndsWith("\r\n\r\n12345"));
}

void two_in_one_write() {
  Peer peer;
  peer.send(fastcgi_request(post("echo", "5"), "12345", kept) +
            fastcgi_request(post("echo", "5"), "67890", kept));
  CHECK_THAT(peer.good_output(), EndsWith("\r\n\r\n12345"));
  CHECK_THAT(peer.good_output(), EndsWith("\r\n\r\n67890"));
}

/// One connection serves one request at a time: the second is told so, the
/// first is not disturbed.
void interleaved() {
  Peer peer;
  const std::string pairs = fastcgi_pairs(post("echo", "5"));
  peer.send(
      fastcgi_begin(1, fcgi_responder, true) +
      fastcgi_begin(2, fcgi_responder, true) +
      fastcgi_record(fcgi_params, 1, pairs) +
      fastcgi_record(fcgi_params, 2, pairs) +
      fastcgi_record(fcgi_params, 1, "") + fastcgi_record(fcgi_params, 2, "") +
      fastcgi_record(fcgi_stdin, 2, "wrong") +
      fastcgi_record(fcgi_stdin, 1, "12345") +
      fastcgi_record(fcgi_stdin, 2, "") + fastcgi_record(fcgi_stdin, 1, ""));
  const auto refused = peer.receive_record();
  REQUIRE(refused);
  CHECK(refused->type == fcgi_end_request);
  CHECK(refused->id == 2);
  CHECK(refused->content == std::string("\0\0\0\0\1\0\0\0", 8));
  CHECK_THAT(peer.good_output(), EndsWith("\r\n\r\n12345"));
}

void abort_within_body() {
  Peer peer;
  peer.send(
      fastcgi_begin(1, fcgi_responder, true) +
      fastcgi_stream(fcgi_params, 1, fastcgi_pairs(post("catches", "10"))) +
      fastcgi_record(fcgi_params, 1, "") +
      fastcgi_record(fcgi_stdin, 1, "123"));
  const std::size_t log = matrix_service().log_size();
  peer.send(fastcgi_record(fcgi_abort_request, 1, ""));
  CHECK(peer.receive().complete);
  // One quiet line at most.
  const std::string said = matrix_service().log(log, {});
  const std::size_t about = said.find("POST /: ");
  CHECK((about == std::string::npos ||
         said.substr(about).starts_with("POST /: the client left after ")));
}

void wrong_version() {
  Peer peer;
  std::string request = fastcgi_request(get("string"), "");
  request[0] = 2;
  peer.send(request);
  CHECK(peer.wait_for_end());
  CHECK(peer.received().empty());
}

/// The end of the parameters is enough for an application that does not read.
void no_stdin_record() {
  Peer peer;
  peer.send(fastcgi_request(get("string"), "", {.end_of_body = false}));
  CHECK_THAT(peer.good_output(), EndsWith("a string\n"));
}

void largest_id() {
  Peer peer;
  peer.send(fastcgi_request(post("echo", "5"), "12345", {.id = 65535}));
  CHECK_THAT(peer.good_output(65535), EndsWith("\r\n\r\n12345"));
}

void unknown_id() {
  Peer peer;
  peer.send(fastcgi_record(fcgi_stdin, 9, "stray") + fastcgi_begin() +
            fastcgi_record(fcgi_params, 1, fastcgi_pairs(post("echo", "5"))) +
            fastcgi_record(fcgi_stdin, 9, "stray") +
            fastcgi_record(fcgi_params, 1, "") +
            fastcgi_record(fcgi_stdin, 9, "stray") +
            fastcgi_record(fcgi_stdin, 1, "12345") +
            fastcgi_record(fcgi_stdin, 9, "") +
            fastcgi_record(fcgi_stdin, 1, ""));
  const auto first = peer.receive_record();
  REQUIRE(first);
  CHECK(first->id == 1);
  CHECK_THAT(first->content, StartsWith("Status: 200 OK\r\n"));
  CHECK_THAT(first->content + peer.receive().output, EndsWith("\r\n\r\n12345"));
}

void half_closed() {
  Peer peer;
  peer.send(fastcgi_request(post("echo", "5"), "12345"));
  peer.finish_sending();
  CHECK_THAT(peer.good_output(), EndsWith("\r\n\r\n12345"));
}

}  // namespace

std::vector<FastcgiCase> record_cases() {
  return {
      {"02 GET_VALUES alone", get_values},
      {"03 a record of unknown type", unknown_type},
      {"04 a record of unknown type amid PARAMS", unknown_type_within_params},
      {"05 the authorizer role", authorizer},
      {"06 an unknown role", unknown_role},
      {"09 padding of 255 bytes, also in empty records", padding},
      {"10 one byte at a time", byte_by_byte},
      {"11 a kept connection", kept_connection},
      {"12 a kept connection with an unread body",
       unread_body_on_kept_connection},
      {"13 two requests in one write", two_in_one_write},
      {"14 two interleaved requests", interleaved},
      {"15 ABORT_REQUEST within the body", abort_within_body},
      {"24 a wrong version", wrong_version},
      {"25 no STDIN record", no_stdin_record},
      {"26 the largest request id", largest_id},
      {"27 records of an unknown request", unknown_id},
      {"28 a peer that closed its half", half_closed}};
}

}  // namespace decant::conformance
