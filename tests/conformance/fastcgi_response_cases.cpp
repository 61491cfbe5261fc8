// SPDX-License-Identifier: MIT
// How responses leave: the records that the service writes.
#include <poll.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>

#include "conformance/fastcgi_matrix.hpp"
#include "support/temporary_directory.hpp"

namespace decant::conformance {

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using test::fastcgi_request;
using test::FastcgiClient;
using test::FastcgiRecord;
using test::FastcgiResponse;
using test::fcgi_abort_request;
using test::fcgi_end_request;
using test::fcgi_stderr;
using test::fcgi_stdout;

namespace {

/// Everything up to END_REQUEST or the end of the connection, record by
/// record.
std::vector<FastcgiRecord> records_of(FastcgiClient& peer) {
  std::vector<FastcgiRecord> all;
  while (auto record = peer.receive_record()) {
    all.push_back(std::move(*record));
    if (all.back().type == fcgi_end_request) break;
  }
  return all;
}

std::string content_of(const std::vector<FastcgiRecord>& records, int type) {
  std::string all;
  for (const FastcgiRecord& record : records) {
    if (record.type == type) all += record.content;
  }
  return all;
}

void streams_end_empty() {
  Peer peer;
  peer.send(fastcgi_request(get("string"), ""));
  const std::vector<FastcgiRecord> records = records_of(peer);
  REQUIRE(records.size() >= 3);
  CHECK(records.back().type == fcgi_end_request);
  CHECK(records.back().content == std::string(8, '\0'));
  const FastcgiRecord& last = records[records.size() - 2];
  CHECK(last.type == fcgi_stdout);
  CHECK(last.content.empty());
}

/// Of one write a peer gets all with one read.
void one_write() {
  Peer peer;
  peer.send(fastcgi_request(get("string"), "", kept));
  pollfd polled{peer.fd(), POLLIN, 0};
  REQUIRE(::poll(&polled, 1, 10'000) == 1);
  std::string all(65536, '\0');
  const ssize_t got = ::recv(peer.fd(), all.data(), all.size(), 0);
  REQUIRE(got > 24);
  all.resize(static_cast<std::size_t>(got));
  const std::string end =
      test::fastcgi_record(fcgi_end_request, 1, std::string(8, '\0'));
  CHECK_THAT(all, Contains("a string\n") && EndsWith(end));
}

void head_only() {
  Peer peer;
  test::FastcgiVariables variables = get("string");
  variables[0].second = "HEAD";
  peer.send(fastcgi_request(variables, ""));
  CHECK_THAT(peer.good_output(), EndsWith("\r\n\r\n"));
}

void long_body() {
  Peer peer;
  peer.send(fastcgi_request(get("mebibyte"), "", kept));
  CHECK_THAT(peer.good_output(),
             EndsWith("\r\n\r\n" + std::string(1 << 20, 'm')));
  peer.send(fastcgi_request(get("string"), "", kept));
  CHECK_THAT(peer.good_output(), EndsWith("a string\n"));
}

void long_chunks() {
  std::string expected = "\r\n\r\n";
  for (const char c : {'a', 'b', 'c', 'd'}) expected.append(70'000, c);
  CHECK_THAT(output_of(get("large-chunks"), ""), EndsWith(expected));
}

/// A peer that reads nothing until everything is stuck.
void slow_peer() {
  Peer peer;
  const int small = 4096;
  REQUIRE(::setsockopt(peer.fd(), SOL_SOCKET, SO_RCVBUF, &small,
                       sizeof small) == 0);
  peer.send(fastcgi_request(get("mebibyte"), ""));
  CHECK_THAT(output_of(get("string"), ""), EndsWith("a string\n"));
  CHECK_THAT(peer.good_output(), EndsWith(std::string(1 << 20, 'm')));
}

void file() {
  CHECK_THAT(output_of(get("file"), ""),
             Contains("Content-Length: 20000\r\n") &&
                 EndsWith("\r\n\r\n" + std::string(20'000, 'f')));
}

void part_of_a_file() {
  CHECK_THAT(output_of(get("file-from-position"), ""),
             EndsWith("\r\n\r\nread\n") || EndsWith("\r\n\r\nand read\n"));
  CHECK_THAT(output_of(get("file-within-length"), ""),
             EndsWith("\r\n\r\nread"));
}

void large_file() {
  CHECK_THAT(output_of(get("large-file"), ""),
             Contains("Content-Length: 300000\r\n") &&
                 EndsWith("\r\n\r\n" + std::string(300'000, 'f')));
  CHECK_THAT(output_of(get("part-of-a-large-file"), ""),
             EndsWith("\r\n\r\n" + std::string(50'000, 'a') +
                      std::string(50'000, 'b')));
  test::FastcgiVariables head = get("large-file");
  head[0].second = "HEAD";
  CHECK_THAT(output_of(head, ""), EndsWith("\r\n\r\n"));
}

/// It has no end that a peer could take for a good one.
void file_that_shrinks() {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "file";
  std::ofstream(path) << std::string(8'000'000, 's');
  Peer peer;
  peer.send(fastcgi_request(with(get("file-named"), "QUERY_STRING", path), ""));
  // Unread, so that the service is stuck long before the end of the file.
  pollfd polled{peer.fd(), POLLIN, 0};
  REQUIRE(::poll(&polled, 1, 10'000) == 1);
  std::filesystem::resize_file(path, 100'000);
  const FastcgiResponse response = peer.receive();
  CHECK((!response.complete || response.application_status != 0));
  CHECK(response.output.size() < 8'000'000);
}

void errors() {
  const Service service(app(Kind::native), with_engine({"--errors-to-server"}));
  FastcgiClient peer(service.endpoint());
  peer.send(fastcgi_request(get("complains"), "", kept));
  const std::vector<FastcgiRecord> records = records_of(peer);
  CHECK_THAT(content_of(records, fcgi_stderr),
             Contains("one line\ntwo parts\n\\x1b[31mred"));
  CHECK_THAT(content_of(records, fcgi_stdout), EndsWith("complained\n"));
  // In one buffer with the head, as nginx reads it, they left it no room.
  CHECK(records.at(0).type == fcgi_stdout);
  peer.send(fastcgi_request(get("string"), "", kept));
  CHECK_THAT(peer.receive().output, EndsWith("a string\n"));
}

void failure_before_the_head() {
  Peer peer;
  peer.send(fastcgi_request(get("fails-first"), "", kept));
  const FastcgiResponse response = peer.receive();
  CHECK(response.complete);
  CHECK(response.application_status == 0);
  CHECK_THAT(response.output, StartsWith("Status: 500 "));
  peer.send(fastcgi_request(get("string"), "", kept));
  CHECK_THAT(peer.good_output(), EndsWith("a string\n"));
}

void failure_within_a_length() {
  Peer peer;
  peer.send(fastcgi_request(get("fails-within-length"), "", kept));
  const FastcgiResponse response = peer.receive();
  CHECK(response.complete);
  CHECK(response.application_status == 1);
  peer.finish_sending();
  CHECK(peer.wait_for_end());
}

void failure_without_a_length() {
  Peer peer;
  peer.send(fastcgi_request(get("fails-midway"), "", kept));
  const FastcgiResponse response = peer.receive();
  CHECK_FALSE(response.complete);
  CHECK_THAT(response.output, StartsWith("Status: 200 "));
  CHECK(peer.ended());
}

void peer_leaves_amid_the_response() {
  for (const char* const application : {"mebibyte", "endless", "file"}) {
    Peer peer;
    peer.send(fastcgi_request(get(application), ""));
    REQUIRE(peer.read_until("Status: 200"));
    peer.close();
  }
}

/// The application is told at its next chunk; the connection lives on.
void abort_amid_the_response() {
  Peer peer;
  peer.send(fastcgi_request(get("endless"), "", kept));
  REQUIRE(peer.read_until("first\n"));
  const std::size_t log = matrix_service().log_size();
  peer.send(test::fastcgi_record(fcgi_abort_request, 1, ""));
  CHECK(peer.receive().complete);
  CHECK_THAT(matrix_service().log(log, {"closed endless"}),
             Contains("closed endless"));
  peer.send(fastcgi_request(get("string"), "", kept));
  CHECK_THAT(peer.good_output(), EndsWith("a string\n"));
}

void answer_before_the_body() {
  Peer peer;
  const std::string request =
      fastcgi_request(post("ignores", "70000"), std::string(70'000, 'u'), kept);
  peer.send(request.substr(0, request.size() - 30'000));
  CHECK_THAT(peer.good_output(), EndsWith("not interested\n"));
  peer.send(request.substr(request.size() - 30'000));
  peer.send(fastcgi_request(post("echo", "5"), "12345", kept));
  CHECK_THAT(peer.good_output(), EndsWith("\r\n\r\n12345"));
}

}  // namespace

std::vector<FastcgiCase> response_cases() {
  return {{"29 streams end with an empty record", streams_end_empty},
          {"30 a small response leaves in one write", one_write},
          {"31 the response to HEAD", head_only},
          {"32 a body of a mebibyte", long_body},
          {"33 chunks longer than a record", long_chunks},
          {"34 a peer that reads late", slow_peer},
          {"35 a file", file},
          {"36 part of a file", part_of_a_file},
          {"37 a file of many records", large_file},
          {"38 a file that becomes shorter", file_that_shrinks},
          {"39 wsgi.errors in STDERR records", errors},
          {"40 a failure before the head", failure_before_the_head},
          {"41 a failure within a Content-Length", failure_within_a_length},
          {"42 a failure without a Content-Length", failure_without_a_length},
          {"43 a peer that leaves amid the response",
           peer_leaves_amid_the_response},
          {"44 ABORT_REQUEST amid the response", abort_amid_the_response,
           "the library looks at what arrives only when the application reads"},
          {"45 an answer before the body has come", answer_before_the_body}};
}

}  // namespace decant::conformance
