// SPDX-License-Identifier: MIT
// What else a peer may send: in other places, of other sizes, or not at all.
#include "conformance/fastcgi_matrix.hpp"

namespace decant::conformance {

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using test::fastcgi_begin;
using test::fastcgi_pairs;
using test::fastcgi_record;
using test::fastcgi_request;
using test::fastcgi_stream;
using test::FastcgiClient;
using test::FastcgiResponse;
using test::FastcgiVariables;
using test::fcgi_abort_request;
using test::fcgi_cant_mpx_conn;
using test::fcgi_end_request;
using test::fcgi_get_values;
using test::fcgi_get_values_result;
using test::fcgi_params;
using test::fcgi_responder;
using test::fcgi_stdin;
using test::fcgi_unknown_role;

namespace {

std::string params(int id, const FastcgiVariables& variables) {
  return fastcgi_stream(fcgi_params, id, fastcgi_pairs(variables)) +
         fastcgi_record(fcgi_params, id, "");
}

void pipelined_in_pieces() {
  std::string all;
  for (const char* const body : {"11111", "22222", "33333", "44444"}) {
    all += fastcgi_request(post("echo", "5"), body, kept);
  }
  for (const std::size_t size : {11U, 100U, 4096U}) {
    CAPTURE(size);
    Peer peer;
    for (std::size_t at = 0; at < all.size(); at += size) {
      REQUIRE(peer.send(all.substr(at, size)));
    }
    for (const char* const body : {"11111", "22222", "33333", "44444"}) {
      CHECK_THAT(peer.good_output(), EndsWith(std::string("\r\n\r\n") + body));
    }
  }
}

void pipelined_with_unread_bodies() {
  const std::string request =
      fastcgi_request(post("ignores", "5000"), std::string(5000, 'u'), kept);
  Peer peer;
  peer.send(request + request + request);
  for (int i = 0; i < 3; ++i) {
    CHECK_THAT(peer.good_output(), EndsWith("not interested\n"));
  }
}

void last_of_a_pipeline_closes() {
  Peer peer;
  peer.send(fastcgi_request(post("echo", "5"), "12345", kept) +
            fastcgi_request(post("echo", "5"), "67890"));
  CHECK_THAT(peer.good_output(), EndsWith("\r\n\r\n12345"));
  CHECK_THAT(peer.good_output(), EndsWith("\r\n\r\n67890"));
  CHECK(peer.wait_for_end());
}

std::string values(const FastcgiVariables& names) {
  return fastcgi_record(fcgi_get_values, 0, fastcgi_pairs(names));
}

void check_values(Peer& peer, const std::string& content) {
  const auto record = peer.receive_record();
  REQUIRE(record);
  CHECK(record->type == fcgi_get_values_result);
  CHECK(record->content == content);
}

void values_between_requests() {
  Peer peer;
  const std::string result = fastcgi_pairs({{"FCGI_MPXS_CONNS", "0"}});
  for (int i = 0; i < 2; ++i) {
    peer.send(values({{"FCGI_MPXS_CONNS", ""}}));
    check_values(peer, result);
    peer.send(fastcgi_request(post("echo", "5"), "12345", kept));
    CHECK_THAT(peer.good_output(), EndsWith("\r\n\r\n12345"));
  }
}

void values_amid_the_body() {
  Peer peer;
  peer.send(fastcgi_begin() + params(1, post("echo", "10")) +
            fastcgi_record(fcgi_stdin, 1, "12345") +
            values({{"FCGI_MPXS_CONNS", ""}}));
  check_values(peer, fastcgi_pairs({{"FCGI_MPXS_CONNS", "0"}}));
  peer.send(fastcgi_record(fcgi_stdin, 1, "67890") +
            fastcgi_record(fcgi_stdin, 1, ""));
  CHECK_THAT(peer.good_output(), EndsWith("\r\n\r\n1234567890"));
}

void values_asked_twice() {
  Peer peer;
  peer.send(values({{"FCGI_MPXS_CONNS", ""}, {"FCGI_MPXS_CONNS", ""}}));
  check_values(peer, fastcgi_pairs({{"FCGI_MPXS_CONNS", "0"}}));
}

void values_of_nothing() {
  Peer peer;
  peer.send(values({}));
  check_values(peer, "");
}

void values_in_pieces() {
  Peer peer;
  for (const char byte : values({{"FCGI_MPXS_CONNS", ""}})) {
    REQUIRE(peer.send({&byte, 1}));
  }
  check_values(peer, fastcgi_pairs({{"FCGI_MPXS_CONNS", "0"}}));
}

void other_begin_amid_the_body() {
  Peer peer;
  peer.send(
      fastcgi_begin(1, fcgi_responder, true) + params(1, post("echo", "10")) +
      fastcgi_record(fcgi_stdin, 1, "12345") + fastcgi_begin(2) +
      params(2, post("echo", "5")) + fastcgi_record(fcgi_stdin, 2, "wrong") +
      fastcgi_record(fcgi_stdin, 2, "") +
      fastcgi_record(fcgi_stdin, 1, "67890") +
      fastcgi_record(fcgi_stdin, 1, ""));
  const auto refused = peer.receive_record();
  REQUIRE(refused);
  CHECK(refused->type == fcgi_end_request);
  CHECK(refused->id == 2);
  CHECK(refused->content[4] == fcgi_cant_mpx_conn);
  CHECK_THAT(peer.good_output(), EndsWith("\r\n\r\n1234567890"));
}

void check_closed(const std::string& bytes) {
  Peer peer;
  peer.send(bytes);
  peer.finish_sending();
  CHECK(peer.wait_for_end());
  CHECK_THAT(peer.received(), !Contains("Status: 200"));
}

void begin_again() {
  check_closed(fastcgi_begin() + fastcgi_begin() + params(1, get("string")));
}

void begin_without_id() {
  check_closed(fastcgi_begin(0) + params(0, get("string")));
}

void begin_of_wrong_length() {
  check_closed(fastcgi_record(1, 1, std::string("\0\1", 2)) +
               params(1, get("string")));
}

void no_fastcgi() {
  check_closed("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  check_closed(std::string(70'000, '\xFF'));
}

void stdin_amid_params() {
  check_closed(fastcgi_begin() +
               fastcgi_record(fcgi_params, 1, fastcgi_pairs(get("string"))) +
               fastcgi_record(fcgi_stdin, 1, "early") +
               fastcgi_record(fcgi_params, 1, ""));
}

void params_amid_the_body() {
  Peer peer;
  peer.send(fastcgi_begin() + params(1, post("echo", "10")) +
            fastcgi_record(fcgi_stdin, 1, "12345") +
            fastcgi_record(fcgi_params, 1, fastcgi_pairs({{"LATE", "1"}})) +
            fastcgi_record(fcgi_stdin, 1, "67890") +
            fastcgi_record(fcgi_stdin, 1, ""));
  CHECK_THAT(peer.good_output(), EndsWith("\r\n\r\n1234567890"));
}

void abort_amid_params() {
  Peer peer;
  peer.send(fastcgi_begin(7, fcgi_responder, true) +
            fastcgi_record(fcgi_params, 7, fastcgi_pairs(get("string"))) +
            fastcgi_record(fcgi_abort_request, 7, ""));
  const FastcgiResponse response = peer.receive(7);
  CHECK(response.complete);
  CHECK(response.output.empty());
}

/// It crosses with the end of the request.
void abort_of_a_kept_connection() {
  Peer peer;
  const auto variables = get("string");
  peer.send(fastcgi_begin(7, fcgi_responder, true) +
            fastcgi_stream(fcgi_params, 7, fastcgi_pairs(variables)) +
            fastcgi_record(fcgi_abort_request, 7, "") +
            fastcgi_record(fcgi_stdin, 7, "late") +
            fastcgi_record(fcgi_stdin, 7, ""));
  CHECK(peer.receive(7).protocol_status == test::fcgi_request_complete);
  peer.send(fastcgi_request(variables, "", kept));
  CHECK_THAT(peer.good_output(), EndsWith("a string\n"));
}

/// Nothing is read or written that would show it.
void abort_of_a_waiting_request() {
  for (const char* const application : {"waits-in-body", "waits-before-body"}) {
    Peer peer;
    CAPTURE(application);
    peer.send(fastcgi_request(get(application), "", kept));
    if (application == std::string("waits-in-body")) peer.read_until("first");
    peer.send(fastcgi_record(fcgi_abort_request, 1, ""));
    const FastcgiResponse response = peer.receive(1, test::Milliseconds(2000));
    CHECK(response.complete);
    CHECK(response.protocol_status == test::fcgi_request_complete);
    CHECK_THAT(response.output, !Catch::Matchers::Contains("too late"));
    peer.send(fastcgi_request(get("string"), "", kept));
    CHECK_THAT(peer.good_output(), EndsWith("a string\n"));
  }
}

void unknown_role_of_a_kept_connection() {
  Peer peer;
  const std::string request = fastcgi_request(
      post("echo", "5"), "12345", {.role = 3, .keep_connection = true});
  for (int i = 0; i < 3; ++i) {
    peer.send(request);
    CHECK(peer.receive().protocol_status == fcgi_unknown_role);
  }
  peer.send(request + fastcgi_request(post("echo", "5"), "67890", kept));
  CHECK(peer.receive().protocol_status == fcgi_unknown_role);
  CHECK_THAT(peer.good_output(), EndsWith("\r\n\r\n67890"));
}

void values_and_no_more() {
  Peer peer;
  peer.send(values({{"FCGI_MPXS_CONNS", ""}}));
  peer.finish_sending();
  check_values(peer, fastcgi_pairs({{"FCGI_MPXS_CONNS", "0"}}));
  CHECK(peer.wait_for_end(test::Milliseconds(2000)));
}

void late_abort() {
  Peer peer;
  peer.send(fastcgi_request(get("string"), "", kept));
  CHECK_THAT(peer.good_output(), EndsWith("a string\n"));
  peer.send(fastcgi_record(fcgi_abort_request, 1, "", 3) +
            fastcgi_request(get("string"), "", kept));
  CHECK_THAT(peer.good_output(), EndsWith("a string\n"));
}

void abort_of_another() {
  Peer peer;
  peer.send(fastcgi_begin() + params(1, post("echo", "5")) +
            fastcgi_record(fcgi_abort_request, 2, "") +
            fastcgi_stream(fcgi_stdin, 1, "12345") +
            fastcgi_record(fcgi_stdin, 1, ""));
  CHECK_THAT(peer.good_output(), EndsWith("\r\n\r\n12345"));
}

void body_byte_by_byte() {
  const std::string body(300, 'b');
  Peer peer;
  peer.send(fastcgi_begin() + params(1, post("echo", "300")) +
            fastcgi_stream(fcgi_stdin, 1, body, 1) +
            fastcgi_record(fcgi_stdin, 1, ""));
  CHECK_THAT(peer.good_output(), EndsWith("\r\n\r\n" + body));
}

void long_body() {
  std::string body;
  for (int i = 0; body.size() < 1'000'000; ++i) body += std::to_string(i);
  for (const std::size_t size : {8184U, 32768U, 65528U, 65535U}) {
    CAPTURE(size);
    Peer peer;
    peer.send(fastcgi_begin(1, fcgi_responder, true) +
              params(1, post("echo", std::to_string(body.size()))) +
              fastcgi_stream(fcgi_stdin, 1, body, size) +
              fastcgi_record(fcgi_stdin, 1, ""));
    CHECK(peer.good_output().ends_with("\r\n\r\n" + body));
    peer.send(fastcgi_request(get("string"), "", kept));
    CHECK_THAT(peer.good_output(), EndsWith("a string\n"));
  }
}

void empty_body() {
  CHECK_THAT(output_of(post("echo", "0"), ""), EndsWith("\r\n\r\n"));
}

void filter_role() {
  Peer peer;
  peer.send(fastcgi_request(get("string"), "", {.role = 3}));
  CHECK(peer.receive().protocol_status == fcgi_unknown_role);
}

void other_flags() {
  Peer peer;
  std::string request = fastcgi_request(get("string"), "");
  request[10] = '\xFE';  // all flags but KEEP_CONN
  request[7] = '\x7F';   // the reserved byte
  peer.send(request);
  CHECK_THAT(peer.good_output(), EndsWith("a string\n"));
  CHECK(peer.wait_for_end());
}

void lengths_of_pairs() {
  FastcgiVariables variables = get("environ");
  for (const std::size_t size : {0U, 1U, 127U, 128U, 255U, 256U, 16384U}) {
    variables.emplace_back("N" + std::string(size, 'n'),
                           std::string(size, 'v'));
  }
  const std::string output = output_of(variables, "");
  for (const std::size_t size : {1U, 127U, 128U, 255U, 256U, 16384U}) {
    CHECK_THAT(output, Contains('N' + std::string(size, 'n') + '=' +
                                std::string(size, 'v') + '\n'));
  }
}

void too_many_params() {
  FastcgiVariables variables = get("string");
  for (int i = 0; i < 1000; ++i) {
    variables.emplace_back("N" + std::to_string(i), "");
  }
  Peer peer;
  peer.send(fastcgi_request(variables, ""));
  peer.check_refused("431 ");
}

/// A length is judged before its bytes have come.
void announced_params() {
  Peer peer;
  peer.send(
      fastcgi_begin() +
      fastcgi_record(fcgi_params, 1, std::string("\x01\x84\x00\x00\x00X", 6)));
  peer.check_refused("431 ");
}

void long_announced_body() {
  const Service service(app(Kind::native), with_engine({"--max-body", "1000"}));
  FastcgiClient peer(service.endpoint());
  peer.send(fastcgi_begin() + params(1, post("echo", "1001")));
  CHECK_THAT(peer.receive().output, Catch::Matchers::StartsWith("Status: 413"));
  FastcgiClient unannounced(service.endpoint());
  unannounced.send(
      fastcgi_request(post("catches", ""), std::string(2000, 'u')));
  CHECK_THAT(unannounced.receive().output,
             EndsWith("caught a gateway error\n"));
}

void peer_leaves() {
  const std::string request = fastcgi_request(post("catches", "9"), "12345");
  for (std::size_t size = 1; size < request.size(); size += 13) {
    Peer peer;
    peer.send(request.substr(0, size));
  }
}

void body_in_both_directions() {
  Peer peer;
  peer.send(fastcgi_begin() + params(1, post("as-it-comes", "10")) +
            fastcgi_record(fcgi_stdin, 1, "12345"));
  peer.send(fastcgi_record(fcgi_stdin, 1, "67890") +
            fastcgi_record(fcgi_stdin, 1, ""));
  const std::string output = peer.good_output();
  CHECK_THAT(output, Contains("123") && Contains("90"));
}

}  // namespace

std::vector<FastcgiCase> further_cases() {
  return {
      {"46 a pipeline of requests, in pieces", pipelined_in_pieces},
      {"47 a pipeline with unread bodies", pipelined_with_unread_bodies},
      {"48 a pipeline whose last request closes", last_of_a_pipeline_closes},
      {"49 GET_VALUES between requests", values_between_requests},
      {"50 GET_VALUES amid the body", values_amid_the_body},
      {"51 GET_VALUES that asks twice", values_asked_twice},
      {"52 GET_VALUES that asks for nothing", values_of_nothing},
      {"53 GET_VALUES in pieces", values_in_pieces},
      {"54 another request amid the body", other_begin_amid_the_body},
      {"55 BEGIN_REQUEST again", begin_again},
      {"56 BEGIN_REQUEST without an id", begin_without_id},
      {"57 BEGIN_REQUEST of another length", begin_of_wrong_length},
      {"58 what is not FastCGI", no_fastcgi},
      {"59 STDIN amid PARAMS", stdin_amid_params},
      {"60 PARAMS amid the body", params_amid_the_body},
      {"61 ABORT_REQUEST amid PARAMS", abort_amid_params},
      {"62 ABORT_REQUEST that comes too late", late_abort},
      {"63 ABORT_REQUEST of another request", abort_of_another},
      {"64 STDIN records of one byte", body_byte_by_byte},
      {"65 a body of many records", long_body},
      {"66 an empty body", empty_body},
      {"67 the filter role", filter_role},
      {"68 flags and bytes that are reserved", other_flags},
      {"69 names and values of every form of length", lengths_of_pairs},
      {"70 more parameters than allowed", too_many_params},
      {"71 a value announced beyond the limit", announced_params},
      {"72 a body beyond --max-body", long_announced_body},
      {"73 a peer that leaves at any byte", peer_leaves},
      {"74 a body that is read as it comes", body_in_both_directions},
      {"75 ABORT_REQUEST amid PARAMS, connection kept",
       abort_of_a_kept_connection},
      {"76 an unknown role, connection kept",
       unknown_role_of_a_kept_connection},
      {"77 GET_VALUES, and then the end", values_and_no_more},
      {"78 ABORT_REQUEST while the application waits",
       abort_of_a_waiting_request}};
}

}  // namespace decant::conformance
