// SPDX-License-Identifier: MIT
// The conformance table: one row is a request, an application and what must be
// seen of the response, whichever server side lies between.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conformance/kind.hpp"
#include "conformance/need.hpp"
#include "decant/environ.hpp"
#include "decant/headers.hpp"
#include "support/temporary_directory.hpp"

namespace decant::conformance {

/// Variables with their memory.
using Pairs = std::vector<std::pair<std::string, std::string>>;

/// A request as an HTTP client would make it.
struct Request {
  std::string method = "GET";
  std::string target = "/";
  Headers headers = {};
  std::string body = {};
  /// Announced instead of the size of `body`.
  std::optional<std::string> content_length = {};
  /// Its length is not announced.
  bool chunked = false;
  /// What the web server says instead of what the suite would; for server
  /// sides that are given variables.
  Pairs variables = {};

  /// Sent so many times, one after the other; the last response is checked.
  int times = 1;
  /// Called with all that has been received, whenever there is more.
  std::function<void(std::string_view)> on_received = {};
  /// The client leaves once it has received this.
  std::string leave_after = {};
  /// Lines that are waited for in the log, which may come after the response.
  std::vector<std::string> log = {};
};

/// A response as a client and the person who reads the log see it.
struct Response {
  std::string status;  ///< "200 OK"
  Headers headers;
  std::string body;
  /// False when it was seen to be cut short.
  bool complete = false;
  /// Of a process that served nothing else.
  std::optional<int> exit_status;
  std::string log;
};

/// What a server side promises to an application.
struct Facts {
  Concurrency concurrency;
  std::string server_name = "conformance.test";
  /// Of a response that is cut before its head was passed on, nothing may come.
  bool may_lose_the_head = false;
  /// What has come as a whole before its head was passed on gets a length.
  bool adds_length = false;
};

/// A line of the log that each language words in its own way.
struct Message {
  std::string native;
  std::string python;

  const std::string& of(Kind kind) const {
    return kind == Kind::native || kind == Kind::program ? native : python;
  }
};

/// A response being judged: each expectation that is not met is a complaint.
class Seen {
 public:
  Seen(const Response& response, const Facts& facts, Kind kind)
      : response_(response), facts_(facts), kind_(kind) {}

  const Response& response() const { return response_; }
  const Facts& facts() const { return facts_; }

  void status(std::string_view expected);
  void body(std::string_view expected);
  void body_has(std::string_view text);
  void body_lacks(std::string_view text);
  /// The first header of that name.
  void header(std::string_view name, std::string_view value);
  void no_header(std::string_view name);
  /// The Content-Length that the gateway infers, unless the kind of application
  /// hides it.
  void inferred_length(std::string_view length);
  /// All values of the header, in order.
  void headers(std::string_view name, const std::vector<std::string>& values);
  /// "NAME=VALUE" is a line of the body.
  void variable(std::string_view name, std::string_view value);
  void no_variable(std::string_view name);
  /// The log has `text` so many times.
  void log(std::string_view text, std::size_t times = 1);
  void log(const Message& message) { log(message.of(kind_)); }
  /// The gateway did not complain; it may have remarked that the client left.
  void quiet();
  void complete();
  /// It was seen to be cut short.
  void cut();
  /// The exit status of a process that served nothing else.
  void exit_status(int expected);
  /// The gateway's own page, which tells nothing of the failure.
  void error_page();
  void expect(bool met, std::string_view complaint);

  /// Empty when every expectation was met.
  const std::string& complaints() const { return complaints_; }

 private:
  void equal(std::string_view what, std::string_view actual,
             std::string_view expected);

  const Response& response_;
  const Facts& facts_;
  Kind kind_;
  std::string complaints_;
};

struct Row {
  std::string name;
  std::string application;
  Request request = {};
  std::function<void(Seen&)> check = {};
  Needs needs = {};
  /// Waited for in the log, as Request::log.
  std::vector<Message> logged = {};
  /// Completes the request with what lies in a directory.
  std::function<void(Request&, const test::TemporaryDirectory&)> prepare = {};
};

using Rows = std::vector<Row>;

/// The whole table.
const Rows& table();
/// What is particular to Python; without the validator, which refuses most of
/// it.
const Rows& python_table();

// Its chapters.
void add_environ_rows(Rows& rows);
void add_input_rows(Rows& rows);
void add_start_response_rows(Rows& rows);
void add_write_rows(Rows& rows);
void add_body_rows(Rows& rows);
void add_length_rows(Rows& rows);
void add_failure_rows(Rows& rows);
void add_log_rows(Rows& rows);
void add_streaming_rows(Rows& rows);

// The chapters on Python.
void add_python_request_rows(Rows& rows);
void add_python_head_rows(Rows& rows);
void add_python_result_rows(Rows& rows);
void add_python_file_rows(Rows& rows);
void add_python_error_rows(Rows& rows);
void add_python_thread_rows(Rows& rows);

/// What the deployer sets in every service (PEP 3333: "a server may let its
/// deployer set variables").
inline constexpr std::string_view deployed_name = "test.deployed";
inline constexpr std::string_view deployed_value = "by the deployer";

}  // namespace decant::conformance
