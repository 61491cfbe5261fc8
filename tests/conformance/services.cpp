// SPDX-License-Identifier: MIT
// The server sides that are a service: FastCGI by itself and behind nginx.
#include <stdexcept>

#include "conformance/server_side.hpp"
#include "conformance/service.hpp"
#include "support/fastcgi_client.hpp"
#include "support/http_client.hpp"
#include "support/nginx.hpp"

namespace decant::conformance {
namespace {

constexpr Concurrency threads = {
    .multithread = true, .multiprocess = false, .run_once = false};

/// The client's part while a response arrives; true when it is to leave.
bool attend(const Request& request, const std::string& received) {
  if (request.on_received) request.on_received(received);
  return !request.leave_after.empty() &&
         received.find(request.leave_after) != std::string::npos;
}

class Fastcgi final : public ServerSide {
 public:
  Fastcgi(const std::string& app, const std::string& engine)
      : service_(app, {"--engine", engine}) {}

  Facts facts() const override { return {threads}; }

  Response serve(const Request& request) override {
    const std::size_t log_begin = service_.log_size();
    test::FastcgiClient client(service_.endpoint());
    client.send(test::fastcgi_request(cgi_variables(request), request.body));
    const test::FastcgiResponse got = receive(client, request);
    client.close();
    Response response = parse_cgi_response(got.output);
    // A program may fail and have sent all that it announced.
    const std::string* const length =
        find_header(response.headers, "Content-Length");
    const bool whole =
        length != nullptr && *length == std::to_string(response.body.size());
    response.complete = got.complete &&
                        (got.application_status == 0 || whole) &&
                        got.protocol_status == test::fcgi_request_complete;
    response.log = service_.log(log_begin, request.log);
    return response;
  }

 private:
  static test::FastcgiResponse receive(test::FastcgiClient& client,
                                       const Request& request) {
    test::FastcgiResponse all;
    while (const auto record = client.receive_record()) {
      if (record->type == test::fcgi_stdout) all.output += record->content;
      if (record->type == test::fcgi_end_request) {
        test::add_end(all, record->content);
        return all;
      }
      if (attend(request, all.output)) return all;
    }
    if (!client.ended()) throw std::runtime_error("no answer came in time");
    return all;
  }

  Service service_;
};

class BehindNginx final : public ServerSide {
 public:
  explicit BehindNginx(const std::string& app) : service_(app) {}

  Facts facts() const override {
    return {.concurrency = threads, .may_lose_the_head = true};
  }

  Response serve(const Request& request) override {
    const std::size_t log_begin = service_.log_size();
    test::HttpClient client(nginx_.port());
    client.send(http_text(request));
    const bool left = client.receive_until(
        [&] { return attend(request, client.received()); });
    if (!left && !client.ended()) {
      throw std::runtime_error("no answer came in time");
    }
    const auto http = test::parse_http_response(client.received(), true,
                                                request.method == "HEAD");
    client.close();
    return {http->status_line,
            http->headers,
            http->body,
            http->complete,
            {},
            service_.log(log_begin, request.log)};
  }

 private:
  static std::string http_text(const Request& request) {
    Headers headers = request.headers;
    headers.emplace_back("Connection", "close");
    if (request.chunked) {
      return test::http_chunked_request(request.method, request.target,
                                        request.body, 1000, headers);
    }
    if (request.content_length) {
      headers.emplace_back("Content-Length", *request.content_length);
    }
    return test::http_request(request.method, request.target, request.body,
                              headers);
  }

  Service service_;
  test::Nginx nginx_{
      "    server_name conformance.test;\n"
      "    client_max_body_size 16m;\n"
      "    location / {\n"
      "      include fastcgi_params;\n"
      "      fastcgi_pass " +
      service_.endpoint() +
      ";\n"
      "      fastcgi_buffering off;\n"
      "    }\n"};
};

}  // namespace

std::unique_ptr<ServerSide> make_fastcgi(Kind kind) {
  return std::make_unique<Fastcgi>(app(kind), "libfcgi");
}
std::unique_ptr<ServerSide> make_fastcgi_records(Kind kind) {
  return std::make_unique<Fastcgi>(app(kind), "records");
}
std::unique_ptr<ServerSide> make_nginx(Kind kind) {
  return std::make_unique<BehindNginx>(app(kind));
}

}  // namespace decant::conformance
