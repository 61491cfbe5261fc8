// SPDX-License-Identifier: MIT
#include "decant/server/runner.hpp"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "decant/cgi_variables.hpp"
#include "decant/error.hpp"
#include "decant/server/http/pipe.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/pipe.hpp"
#include "support/temporary_directory.hpp"

using namespace decant;
using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;
using cgi_variables::RequestVariables;
using cgi_variables::Target;
using runner::Form;
using runner::Request;
using test::Pipe;

namespace {

const Headers plain = {{"Content-Type", "text/plain"}};

/// A file in memory: holds more than a pipe, needs no second thread.
Descriptor make_file(std::string_view text = "") {
  Descriptor file(::memfd_create("test", MFD_CLOEXEC));
  if (!file || !write_all(file.get(), text)) {
    throw std::runtime_error("test: memfd_create failed");
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::string content(const Descriptor& file) {
  ::lseek(file.get(), 0, SEEK_SET);
  return test::read_to_end(file.get());
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++found;
  }
  return found;
}

/// The last value of a variable, "(absent)" when there is none.
std::string value(const RequestVariables& variables, std::string_view name) {
  std::string found = "(absent)";
  for (const auto& [key, text] : variables.view()) {
    if (key == name) found = text;
  }
  return found;
}

RequestVariables get(std::string_view text) {
  const auto target = Target::parse("GET", text);
  REQUIRE(target);
  return {"GET", *target, "HTTP/1.1", "127.0.0.1"};
}

/// Gives back the environ, a line for each variable, and the body.
Body dump(Environ& env, const StartResponse& start_response) {
  std::string text;
  for (const auto& [name, of] : env) {
    text += std::string(name) + '=' + std::string(of) + '\n';
  }
  text += "scheme=" + std::string(env.url_scheme()) + '\n';
  text += "body=" + env.input().read() + '\n';
  start_response("200 OK", plain);
  return text;
}

/// What a process that ran one request came to.
struct Ran {
  int status;
  std::string out;
};

constexpr int usage = 2;

Ran run(const Application& application, const runner::Options& options,
        std::string_view input = "", const Variables& environment = {}) {
  const Descriptor in = make_file(input);
  const Descriptor out = make_file();
  const Descriptor err = make_file();
  const int status = test::in_child([&] {
    ::dup2(in.get(), 0);
    ::dup2(out.get(), 1);
    ::dup2(err.get(), 2);
    ::clearenv();
    for (const auto& [name, text] : environment) {
      ::setenv(std::string(name).c_str(), std::string(text).c_str(), 1);
    }
    try {
      return runner::serve(application, options);
    } catch (const UsageError&) {
      return usage;
    }
  });
  return {status, content(out)};
}

Request request(std::string target, std::string method = "",
                std::vector<std::string> headers = {},
                std::optional<std::string> data = std::nullopt) {
  return {std::move(target), std::move(method), std::move(headers),
          std::move(data)};
}

Request request_with_data(std::string data) {
  return request("/", "", {}, std::move(data));
}

runner::Options asking(const Request& request, Form form = Form::body,
                       bool fail = false) {
  runner::Options options;
  options.request = request;
  options.form = form;
  options.fail = fail;
  return options;
}

Ran run_dump(const Request& request, std::string_view input = "") {
  return run(dump, asking(request), input, {{"SECRET", "1"}});
}

/// What a session with this input gives.
struct Talk {
  std::string out;
  http::SessionResult result;
};

Talk talk(const Application& application, std::string_view input) {
  const Descriptor in = make_file(input);
  const Descriptor out = make_file();
  const normaliser::Rules rules;
  // Complaints are not what is looked at.
  const Descriptor err(::dup(2));
  const Descriptor quiet = make_file();
  ::dup2(quiet.get(), 2);
  const auto result =
      http::serve_session(in.get(), out.get(), application, rules);
  ::dup2(err.get(), 2);
  return {content(out), result};
}

const std::string get_root = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Two chunks of unknown length.
class TwoChunks final : public BodySource {
 public:
  explicit TwoChunks(bool fails = false) : fails_(fails) {}
  bool next(std::string& chunk) override {
    if (++step_ == 3 && fails_) throw std::runtime_error("test: on purpose");
    chunk = step_ == 1 ? "hello " : "world";
    return step_ < 3;
  }

 private:
  bool fails_;
  int step_ = 0;
};

Body two_chunks(Environ&, const StartResponse& start_response) {
  start_response("200 OK", plain);
  return TwoChunks();
}

Body cut(Environ&, const StartResponse& start_response) {
  start_response("200 OK", plain);
  return TwoChunks(true);
}

Body no_reader(Environ&, const StartResponse& start_response) {
  start_response("200 OK", plain);
  return "done";
}

Body path(Environ& env, const StartResponse& start_response) {
  start_response("200 OK", plain);
  return std::string(env["PATH_INFO"]) + ' ' + env.input().read();
}

Body failing(Environ&, const StartResponse&) {
  throw std::runtime_error("test: on purpose");
}

}  // namespace

TEST_CASE("a target is a path with an optional query, or a URL") {
  const auto path_only = Target::parse("GET", "/a%20b?c=d?e");
  REQUIRE(path_only);
  CHECK(path_only->path == "/a%20b");
  CHECK(path_only->query == "c=d?e");
  CHECK(path_only->authority.empty());
  const auto url = Target::parse("GET", "HTTPS://example.org:8443?q#part");
  REQUIRE(url);
  CHECK(url->scheme == "HTTPS");
  CHECK(url->authority == "example.org:8443");
  CHECK(url->path == "/");
  CHECK(url->query == "q");
  for (const char* const bad :
       {"", "path", "path/x", "ftp://a/", "http://", "http:///x", "http://:80/",
        "http://user@a/", "http://a:b/", "http:/a", "://a/", "/a b", "/a\n",
        "*"}) {
    CAPTURE(bad);
    CHECK_FALSE(Target::parse("GET", bad));
  }
}

TEST_CASE("OPTIONS may ask about the server as a whole") {
  const auto target = Target::parse("OPTIONS", "*");
  REQUIRE(target);
  const RequestVariables variables("OPTIONS", *target, "HTTP/1.1", "::1");
  CHECK(value(variables, "PATH_INFO") == "/");
  CHECK(value(variables, "REQUEST_URI") == "*");
  CHECK(value(variables, "REMOTE_ADDR") == "::1");
}

TEST_CASE("a request that is made has the variables of a web server") {
  const RequestVariables variables = get("/a%20%62/%zz?c=%20d");
  CHECK(value(variables, "GATEWAY_INTERFACE") == "CGI/1.1");
  CHECK_THAT(value(variables, "SERVER_SOFTWARE"), StartsWith("decant/"));
  CHECK(value(variables, "SERVER_PROTOCOL") == "HTTP/1.1");
  CHECK(value(variables, "REQUEST_METHOD") == "GET");
  CHECK(value(variables, "SCRIPT_NAME").empty());
  CHECK(value(variables, "PATH_INFO") == "/a b/%zz");
  CHECK(value(variables, "QUERY_STRING") == "c=%20d");
  CHECK(value(variables, "REQUEST_URI") == "/a%20%62/%zz?c=%20d");
  CHECK(value(variables, "REMOTE_ADDR") == "127.0.0.1");
  CHECK(value(variables, "HTTP_HOST") == "(absent)");
  CHECK(value(variables, "HTTPS") == "(absent)");
  CHECK(value(get("/%2541"), "PATH_INFO") == "/%41");
}

TEST_CASE("a URL gives host, port and scheme; REQUEST_URI is without them") {
  RequestVariables variables = get("https://example.org:8443?q=1#part");
  variables.add_host("example.org:8443");
  CHECK(value(variables, "HTTP_HOST") == "example.org:8443");
  CHECK(value(variables, "SERVER_PORT") == "8443");
  CHECK(value(variables, "HTTPS") == "on");
  CHECK(value(variables, "REQUEST_URI") == "/?q=1");
  CHECK(value(get("http://[::1]:80/x"), "SERVER_PORT") == "80");
  CHECK(value(get("http://[::1]/x"), "SERVER_PORT") == "(absent)");
  CHECK(value(get("http://[::1]/x"), "REQUEST_URI") == "/x");
}

TEST_CASE("headers become variables, repeats are kept, one Host stays") {
  RequestVariables variables = get("/");
  variables.add_header("X-One", "1");
  variables.add_header("x-one", "2");
  variables.add_header("content-type", "text/plain");
  variables.add_header("Content-Length", "3");
  variables.add_host("");
  variables.add_host("first");
  variables.add_header("Host", "second");
  const Variables& view = variables.view();
  CHECK(std::count_if(view.begin(), view.end(), [](const Variable& v) {
          return v.name == "HTTP_X_ONE";
        }) == 2);
  CHECK(value(variables, "CONTENT_TYPE") == "text/plain");
  CHECK(value(variables, "CONTENT_LENGTH") == "3");
  CHECK(value(variables, "HTTP_HOST") == "first");
}

TEST_CASE("variables stay where they are when what holds them is moved") {
  RequestVariables first = get("/a-path-that-is-too-long-for-a-short-string");
  const auto second = std::make_unique<RequestVariables>(std::move(first));
  CHECK(value(*second, "PATH_INFO") ==
        "/a-path-that-is-too-long-for-a-short-string");
}

TEST_CASE("without a request it is run_with_cgi") {
  const Ran bare = run(dump, {}, "not read");
  CHECK(bare.status == 0);
  CHECK_THAT(bare.out, StartsWith("Status: 200 OK\r\n") &&
                           Contains("REQUEST_METHOD=GET\n") &&
                           Contains("SERVER_NAME=localhost\n") &&
                           Contains("SERVER_PORT=80\n") &&
                           Contains("SERVER_PROTOCOL=HTTP/1.1\n") &&
                           Contains("SCRIPT_NAME=\n") &&
                           Contains("PATH_INFO=/\n") && EndsWith("body=\n"));
  const Ran full = run(dump, {}, "hello and more",
                       {{"REQUEST_METHOD", "POST"},
                        {"CONTENT_LENGTH", "5"},
                        {"SCRIPT_NAME", "/x"},
                        {"SERVER_NAME", "example.org"}});
  CHECK_THAT(full.out, Contains("SERVER_NAME=example.org\n") &&
                           Contains("SCRIPT_NAME=/x\n") &&
                           Contains("PATH_INFO=\n") &&
                           EndsWith("body=hello\n"));
}

TEST_CASE("a request from the command line inherits no environment") {
  const Ran ran =
      run_dump(request("https://example.org/a%20b?c", "", {"A: 1"}));
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out,
             Contains("PATH_INFO=/a b\n") && Contains("QUERY_STRING=c\n") &&
                 Contains("HTTP_HOST=example.org\n") &&
                 Contains("SERVER_NAME=example.org\n") &&
                 Contains("SERVER_PORT=443\n") && Contains("HTTPS=on\n") &&
                 Contains("scheme=https\n") && Contains("HTTP_A=1\n") &&
                 Contains("REQUEST_METHOD=GET\n") && !Contains("SECRET"));
}

TEST_CASE("a Host on the command line goes before that of the URL") {
  const Ran ran =
      run_dump(request("http://127.0.0.1:81/", "", {"Host: a.org"}));
  CHECK_THAT(ran.out, Contains("HTTP_HOST=a.org\n") &&
                          Contains("SERVER_NAME=127.0.0.1\n") &&
                          Contains("SERVER_PORT=81\n"));
}

TEST_CASE("data makes it a POST of a form, as curl does") {
  const Ran form = run_dump(request_with_data("a=b"));
  CHECK_THAT(form.out,
             Contains("REQUEST_METHOD=POST\n") &&
                 Contains("CONTENT_LENGTH=3\n") &&
                 Contains("CONTENT_TYPE=application/x-www-form-urlencoded\n") &&
                 EndsWith("body=a=b\n"));
  const Ran put = run_dump(request(
      "/", "PUT", {"Content-Type: text/plain", "Content-Length: 2"}, "abc"));
  CHECK_THAT(put.out, Contains("REQUEST_METHOD=PUT\n") &&
                          Contains("CONTENT_TYPE=text/plain\n") &&
                          Contains("CONTENT_LENGTH=2\n") &&
                          EndsWith("body=ab\n"));
}

TEST_CASE("data comes from a file or from standard input") {
  const test::TemporaryDirectory directory;
  const std::string file = directory.write("data", "of a file");
  CHECK_THAT(run_dump(request_with_data('@' + file)).out,
             Contains("CONTENT_LENGTH=9\n") && EndsWith("body=of a file\n"));
  CHECK_THAT(run_dump(request_with_data("@-"), "of stdin").out,
             Contains("CONTENT_LENGTH=8\n") && EndsWith("body=of stdin\n"));
  CHECK_THAT(run_dump(request_with_data("@/dev/null")).out,
             Contains("CONTENT_LENGTH=0\n"));
  CHECK_THAT(run_dump(request_with_data("@/proc/self/stat")).out,
             !Contains("CONTENT_LENGTH=0\n"));
  CHECK(run_dump(request_with_data('@' + directory.path())).status == usage);
  CHECK(run_dump(request_with_data("@/no/such/file")).status == usage);
}

TEST_CASE("data through a pipe is read to its end, so that it has a length") {
  Pipe pipe;
  REQUIRE(write_all(pipe.write.get(), "piped"));
  pipe.write.reset();
  const Descriptor out = make_file();
  const int status = test::in_child([&] {
    ::dup2(pipe.read.get(), 0);
    ::dup2(out.get(), 1);
    return runner::serve(dump, asking(request_with_data("@-")));
  });
  CHECK(status == 0);
  CHECK_THAT(content(out),
             Contains("CONTENT_LENGTH=5\n") && EndsWith("body=piped\n"));
}

TEST_CASE("a request that cannot be made is a usage error") {
  CHECK(run_dump(request("path")).status == usage);
  CHECK(run_dump(request("/", "A B")).status == usage);
  for (const char* const header :
       {"no colon", ": value", "A B: c", "A: b\nC: d", "A: b\rc", "A : b"}) {
    CAPTURE(header);
    CHECK(run_dump(request("/", "", {header})).status == usage);
  }
}

TEST_CASE("a response is printed as CGI, as HTTP or as its body alone") {
  const auto as = [](Form form) {
    return run(no_reader, asking(request("/"), form)).out;
  };
  const std::string rest =
      "Content-Type: text/plain\r\nContent-Length: 4\r\n\r\ndone";
  CHECK(as(Form::cgi) == "Status: 200 OK\r\n" + rest);
  CHECK(as(Form::http) == "HTTP/1.1 200 OK\r\n" + rest);
  CHECK(as(Form::body) == "done");
  CHECK_THAT(run(two_chunks, asking(request("/"), Form::http)).out,
             EndsWith("\r\n\r\nhello world") && !Contains("chunked"));
}

TEST_CASE("the exit status tells a failure, and with fail a bad status") {
  const auto missing = [](Environ&, const StartResponse& start_response) {
    start_response("404 Not Found", plain);
    return Body("no");
  };
  const auto status = [](const Application& application, bool fail) {
    return run(application, asking(request("/"), Form::cgi, fail)).status;
  };
  CHECK(status(missing, false) == 0);
  CHECK(status(missing, true) == 22);
  CHECK(status(no_reader, true) == 0);
  CHECK(status(failing, false) == 1);
  CHECK(status(failing, true) == 1);
  CHECK(status(cut, true) == 1);
}

TEST_CASE("three pipelined requests give three responses") {
  const Talk three =
      talk(path,
           "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
           "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
           "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
           "2\r\nwo\r\n3\r\nrld\r\n0\r\n\r\n");
  CHECK(count(three.out, "HTTP/1.1 200 OK\r\n") == 3);
  CHECK_THAT(three.out,
             Contains("\r\n\r\n/1 HTTP") && Contains("\r\n\r\n/2 helloHTTP") &&
                 EndsWith("\r\n\r\n/3 world") && !Contains("Connection:"));
  CHECK_FALSE(three.result.failed);
  CHECK(three.result.largest_status == 200);
}

TEST_CASE("no requests are no responses and no failure") {
  const Talk none = talk(path, "");
  CHECK(none.out.empty());
  CHECK(none.result.largest_status == 0);
}

TEST_CASE("an HTTP response has a Date and a Server, each once") {
  const std::string out = talk(no_reader, get_root).out;
  const std::size_t date = out.find("\r\nDate: ");
  REQUIRE(date != std::string::npos);
  tm parts{};
  const char* const rest = ::strptime(
      out.c_str() + date, "\r\nDate: %a, %d %b %Y %H:%M:%S GMT", &parts);
  REQUIRE(rest != nullptr);
  CHECK_THAT(rest, StartsWith("\r\n"));
  CHECK_THAT(out, Contains("\r\nServer: decant\r\n"));
  const auto own = [](Environ&, const StartResponse& start_response) {
    start_response("200 OK", {{"date", "today"}, {"SERVER", "mine"}});
    return Body("x");
  };
  const std::string kept = talk(own, get_root).out;
  CHECK_THAT(kept, Contains("date: today\r\n") &&
                       Contains("SERVER: mine\r\n") && !Contains("Date:") &&
                       !Contains("decant"));
}

TEST_CASE("a response of unknown length is chunked in HTTP/1.1") {
  const std::string out = talk(two_chunks, get_root + get_root).out;
  CHECK(count(out,
              "\r\nTransfer-Encoding: chunked\r\n\r\n"
              "6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n") == 2);
  CHECK_THAT(out, !Contains("Content-Length"));
}

TEST_CASE("in HTTP/1.0 it ends with the connection") {
  const std::string request =
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  const std::string out = talk(two_chunks, request + request).out;
  CHECK(count(out, "HTTP/1.1 200 OK\r\n") == 1);
  CHECK_THAT(out, Contains("\r\nConnection: close\r\n") &&
                      EndsWith("\r\n\r\nhello world") && !Contains("chunked"));
  const std::string kept = talk(no_reader, request + request).out;
  CHECK(count(kept, "Connection: keep-alive\r\n") == 2);
}

TEST_CASE("a chunk's size is hexadecimal") {
  const auto large = [](Environ&, const StartResponse& start_response) {
    const Write write = start_response("200 OK", plain);
    write(std::string(43981, 'x'));
    return Body();
  };
  CHECK_THAT(talk(large, get_root).out,
             Contains("\r\n\r\nabcd\r\nxxx") && EndsWith("xxx\r\n0\r\n\r\n"));
}

TEST_CASE("a response without content is neither chunked nor has any") {
  const auto with = [](const char* status) {
    return [status](Environ&, const StartResponse& start_response) -> Body {
      start_response(status, {});
      return TwoChunks();
    };
  };
  const std::string head = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const std::string& out :
       {talk(with("200 OK"), head + head).out,
        talk(with("204 No Content"), get_root + get_root).out,
        talk(with("304 Not Modified"), get_root + get_root).out}) {
    CHECK(count(out, "HTTP/1.1 ") == 2);
    CHECK_THAT(out, EndsWith("\r\n\r\n") && !Contains("chunked") &&
                        !Contains("hello") && !Contains("Connection"));
  }
}

TEST_CASE("the session ends when the client or the response closes") {
  const std::string out =
      talk(no_reader,
           "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + get_root)
          .out;
  CHECK(count(out, "HTTP/1.1 200 OK\r\n") == 1);
  CHECK_THAT(out, Contains("\r\nConnection: close\r\n"));
}

TEST_CASE("a response that is cut has no last chunk and is the last one") {
  const Talk broken = talk(cut, get_root + get_root);
  CHECK(count(broken.out, "HTTP/1.1 200 OK\r\n") == 1);
  CHECK_THAT(broken.out, EndsWith("5\r\nworld\r\n"));
  CHECK(broken.result.failed);
}

TEST_CASE("an application that fails before the head costs one response") {
  const Talk both = talk(failing, get_root + get_root);
  CHECK(count(both.out, "HTTP/1.1 500 Internal Server Error\r\n") == 2);
  CHECK(both.result.failed);
  CHECK(both.result.largest_status == 500);
}

TEST_CASE("an unread body is drained, and the next request served") {
  const std::string post =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n";
  const Talk two = talk(no_reader, post + std::string(100000, 'x') + get_root);
  CHECK(count(two.out, "HTTP/1.1 200 OK\r\n") == 2);
}

TEST_CASE("an unread body that is too long to drain ends the session") {
  const std::size_t size = (16 << 20) + 65536;
  const Talk one = talk(
      no_reader,
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) +
          "\r\n\r\n" + std::string(size, 'x') + get_root);
  CHECK(count(one.out, "HTTP/1.1 200 OK\r\n") == 1);
}

TEST_CASE("100 Continue goes out at the first read, and only then") {
  const std::string post =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
      "Expect: 100-continue\r\n\r\n";
  const std::string read = talk(path, post + "hello" + get_root).out;
  CHECK_THAT(read, StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK") &&
                       Contains("/ hello") && !Contains("Connection: close"));
  CHECK(count(read, "100 Continue") == 1);
  CHECK(count(read, "200 OK") == 2);
  // What follows may be the body or not.
  const std::string unread = talk(no_reader, post + get_root).out;
  CHECK_THAT(unread, StartsWith("HTTP/1.1 200 OK\r\n") &&
                         Contains("Connection: close\r\n"));
  CHECK(count(unread, "HTTP/1.1 ") == 1);
}

TEST_CASE("a malformed request is answered well-formed and is the last one") {
  const Talk bad = talk(no_reader, get_root + "BAD\r\n\r\n" + get_root);
  CHECK(count(bad.out, "HTTP/1.1 200 OK\r\n") == 1);
  CHECK(count(bad.out, "HTTP/1.1 ") == 2);
  CHECK_THAT(bad.out, Contains("HTTP/1.1 400 Bad Request\r\n") &&
                          Contains("Connection: close\r\n") &&
                          EndsWith("\r\n\r\n400 Bad Request\n"));
  CHECK_FALSE(bad.result.failed);
  CHECK(bad.result.largest_status == 400);
}

TEST_CASE("a request that is cut short is answered with 400") {
  CHECK_THAT(talk(no_reader, "GET / HTTP/1.1\r\nHo").out,
             StartsWith("HTTP/1.1 400 "));
  const Talk body =
      talk(path, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell");
  CHECK_THAT(body.out,
             StartsWith("HTTP/1.1 400 ") && Contains("Connection: close\r\n"));
  CHECK_FALSE(body.result.failed);
}

TEST_CASE("a malformed body closes the session even when that is caught") {
  const auto tolerant = [](Environ& env, const StartResponse& start_response) {
    std::string text = "read";
    try {
      env.input().read();
    } catch (const GatewayError&) {
      text = "caught";
    }
    start_response("200 OK", plain);
    return Body(text);
  };
  const std::string out =
      talk(tolerant,
           "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
           "x\r\n\r\n" +
               get_root)
          .out;
  CHECK_THAT(out, Contains("Connection: close\r\n") && EndsWith("caught"));
  CHECK(count(out, "HTTP/1.1 ") == 1);
}

TEST_CASE("targets that name no resource are refused") {
  const auto status = [](const std::string& line) {
    return talk(no_reader, line + " HTTP/1.1\r\nHost: a\r\n\r\n")
        .result.largest_status;
  };
  CHECK(status("CONNECT a:80") == 501);
  CHECK(status("GET *") == 400);
  CHECK(status("GET path") == 400);
  CHECK(status("GET ftp://a/") == 400);
  CHECK(status("GET /a#part") == 400);
  CHECK(status("OPTIONS *") == 200);
}

TEST_CASE("an absolute target outranks Host and makes nothing secure") {
  const std::string out =
      talk(dump, "GET https://b:81/x?y HTTP/1.1\r\nHost: a\r\n\r\n").out;
  CHECK_THAT(out, Contains("HTTP_HOST=b:81\n") && Contains("SERVER_NAME=b\n") &&
                      Contains("PATH_INFO=/x\n") &&
                      Contains("REQUEST_URI=/x?y\n") &&
                      Contains("scheme=http\n") && !Contains("HTTPS="));
}

TEST_CASE("the environ of an HTTP request holds what it may") {
  const std::string out =
      talk(dump,
           "POST / HTTP/1.0\r\nHost: a:81\r\nX_Y: spoofed\r\nX-Z: 1\r\nX-Z: 2"
           "\r\nProxy: evil\r\nContent-Type: text/x\r\nContent-Length: 2\r\n"
           "\r\nhi")
          .out;
  CHECK_THAT(out, Contains("SERVER_PROTOCOL=HTTP/1.0\n") &&
                      Contains("SERVER_NAME=a\n") &&
                      Contains("HTTP_X_Z=1, 2\n") &&
                      Contains("CONTENT_TYPE=text/x\n") &&
                      Contains("CONTENT_LENGTH=2\n") &&
                      Contains("REMOTE_ADDR=127.0.0.1\n") &&
                      EndsWith("body=hi\n") && !Contains("HTTP_X_Y") &&
                      !Contains("HTTP_PROXY") && !Contains("HTTP_CONTENT"));
}

TEST_CASE("REMOTE_ADDR is the peer of a connection") {
  const Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::inet_addr("127.0.0.2");
  REQUIRE(::bind(client.get(), any, size) == 0);
  address.sin_addr.s_addr = ::inet_addr("127.0.0.1");
  address.sin_port = 0;
  REQUIRE(::bind(listener.get(), any, size) == 0);
  REQUIRE(::listen(listener.get(), 1) == 0);
  REQUIRE(::getsockname(listener.get(), any, &size) == 0);
  REQUIRE(::connect(client.get(), any, size) == 0);
  const Descriptor accepted(::accept(listener.get(), nullptr, nullptr));
  REQUIRE(write_all(client.get(), get_root));
  REQUIRE(::shutdown(client.get(), SHUT_WR) == 0);
  const Descriptor out = make_file();
  http::serve_session(accepted.get(), out.get(), dump, {});
  CHECK_THAT(content(out), Contains("REMOTE_ADDR=127.0.0.2\n"));
}

TEST_CASE("a reader that has left ends the session without a signal") {
  const int status = test::in_child([] {
    const Descriptor in = make_file(get_root + get_root);
    Pipe pipe;
    pipe.read.reset();
    ::dup2(in.get(), 0);
    ::dup2(pipe.write.get(), 1);
    return http::serve_pipe(no_reader, {});
  });
  CHECK(status == 0);
}

TEST_CASE("a session's exit status tells a failure, and with fail a status") {
  const auto status = [](const Application& application,
                         const std::string& input, bool fail) {
    return test::in_child([&] {
      const Descriptor in = make_file(input);
      const Descriptor out = make_file();
      for (const int fd : {1, 2}) ::dup2(out.get(), fd);
      ::dup2(in.get(), 0);
      return http::serve_pipe(application, {{}, fail});
    });
  };
  CHECK(status(no_reader, get_root, true) == 0);
  CHECK(status(no_reader, "BAD\r\n\r\n", false) == 0);
  CHECK(status(no_reader, "BAD\r\n\r\n", true) == 22);
  CHECK(status(failing, get_root, false) == 1);
}
