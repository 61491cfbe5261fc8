// SPDX-License-Identifier: MIT
// What a request says: its parameters and the length of its body.
#include "conformance/fastcgi_matrix.hpp"

namespace decant::conformance {

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using test::fastcgi_begin;
using test::fastcgi_pairs;
using test::fastcgi_record;
using test::fastcgi_request;
using test::FastcgiResponse;
using test::FastcgiVariables;
using test::fcgi_params;
using test::fcgi_responder;
using test::fcgi_stdin;

namespace {

void plain_post() {
  CHECK_THAT(output_of(post("echo", "5"), "12345"), EndsWith("\r\n\r\n12345"));
}

void pair_in_two_records() {
  const std::string pairs = fastcgi_pairs(get("environ"));
  for (std::size_t cut = 1; cut < pairs.size(); cut += 7) {
    CAPTURE(cut);
    Peer peer;
    peer.send(
        fastcgi_begin() + fastcgi_record(fcgi_params, 1, pairs.substr(0, cut)) +
        fastcgi_record(fcgi_params, 1, pairs.substr(cut)) +
        fastcgi_record(fcgi_params, 1, "") + fastcgi_record(fcgi_stdin, 1, ""));
    CHECK_THAT(peer.good_output(),
               Contains("REQUEST_METHOD=GET\n") && Contains("PATH_INFO=/\n"));
  }
}

void large_value() {
  const std::string value(70'000, 'v');
  CHECK_THAT(output_of(with(get("environ"), "LARGE", value), ""),
             Contains("LARGE=" + value + "\n"));
  Peer beyond;
  beyond.send(fastcgi_request(
      with(get("environ"), "LARGE", std::string(300'000, 'v')), ""));
  beyond.check_refused("431 ");
}

void short_body() {
  CHECK_THAT(output_of(post("catches", "10"), "123"),
             EndsWith("caught a gateway error\n"));
}

void long_body() {
  CHECK_THAT(output_of(post("echo", "3"), "0123456789"),
             EndsWith("\r\n\r\n012"));
}

void no_length() {
  FastcgiVariables variables = post("echo", "");
  variables.pop_back();
  CHECK_THAT(output_of(variables, "12345"), EndsWith("\r\n\r\n12345"));
}

void empty_length() {
  CHECK_THAT(output_of(post("echo", ""), "12345"), EndsWith("\r\n\r\n12345"));
}

void repeated_names() {
  FastcgiVariables variables = get("environ");
  for (const char* const value : {"1", "2"}) {
    variables.emplace_back("REPEATED", value);
    variables.emplace_back("HTTP_X_REPEATED", value);
  }
  CHECK_THAT(output_of(variables, ""), Contains("\nREPEATED=2\n") &&
                                           !Contains("\nREPEATED=1\n") &&
                                           Contains("HTTP_X_REPEATED=1, 2\n"));
}

void bad_names() {
  for (const std::string& name : {std::string("A=B"), std::string("A\0B", 3),
                                  std::string("A\nB"), std::string()}) {
    Peer peer;
    peer.send(fastcgi_request(with(get("environ"), name, "value"), ""));
    peer.check_refused("400 ");
  }
}

void truncated_pair() {
  Peer peer;
  const std::string pairs = fastcgi_pairs(get("environ"));
  peer.send(fastcgi_begin(1, fcgi_responder, true) +
            fastcgi_record(fcgi_params, 1, pairs.substr(0, pairs.size() - 3)) +
            fastcgi_record(fcgi_params, 1, ""));
  const FastcgiResponse response = peer.receive();
  CHECK(response.complete);
  CHECK(response.output.empty());
  peer.finish_sending();
  CHECK(peer.wait_for_end());
}

void no_params() {
  Peer peer;
  peer.send(fastcgi_request({}, ""));
  peer.check_refused("400 ");
}

}  // namespace

std::vector<FastcgiCase> request_cases() {
  return {{"01 a POST of 5 bytes", plain_post},
          {"07 a pair in two PARAMS records", pair_in_two_records},
          {"08 a value of 70,000 bytes, and one beyond the limit", large_value},
          {"16 a body shorter than CONTENT_LENGTH", short_body},
          {"17 a body longer than CONTENT_LENGTH", long_body},
          {"18 a body without CONTENT_LENGTH", no_length},
          {"19 an empty CONTENT_LENGTH", empty_length},
          {"20 repeated names", repeated_names},
          {"21 names that are none", bad_names},
          {"22 a truncated pair", truncated_pair},
          {"23 no parameters", no_params}};
}

}  // namespace decant::conformance
