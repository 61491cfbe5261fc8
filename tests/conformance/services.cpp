// SPDX-License-Identifier: MIT
// The server sides that are a service: FastCGI by itself and behind nginx,
// HTTP, SCGI and uwsgi.
#include <optional>
#include <stdexcept>
#include <string>

#include "conformance/server_side.hpp"
#include "conformance/service.hpp"
#include "support/fastcgi_client.hpp"
#include "support/http_client.hpp"
#include "support/nginx.hpp"
#include "support/variables_wire.hpp"
#include "support/web_server.hpp"

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

std::string http_text(const Request& request, bool keeps_connection) {
  Headers headers = request.headers;
  if (!keeps_connection) headers.emplace_back("Connection", "close");
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

/// One request by HTTP to `service`, which lies behind the client or further
/// away.
Response serve_http(test::HttpClient client, const Request& request,
                    const Service& service, bool keeps_connection) {
  const std::size_t log_begin = service.log_size();
  client.send(http_text(request, keeps_connection));
  if (request.content_length) client.finish_sending();
  const bool to_head = request.method == "HEAD";
  std::optional<test::HttpResponse> http;
  const bool left = client.receive_until([&] {
    http = test::parse_http_response(client.received(), false, to_head);
    return attend(request, client.received()) || (keeps_connection && http);
  });
  if (!left && !client.ended()) {
    throw std::runtime_error("no answer came in time");
  }
  http = test::parse_http_response(client.received(), true, to_head);
  client.close();
  return {http->status_line,
          http->headers,
          http->body,
          http->complete,
          {},
          service.log(log_begin, request.log)};
}

class Http final : public ServerSide {
 public:
  explicit Http(const std::string& app) : service_(app, {}, "http") {}

  Facts facts() const override {
    return {.concurrency = threads, .server_name = "localhost"};
  }

  Response serve(const Request& request) override {
    return serve_http(test::HttpClient(service_.endpoint()), request, service_,
                      true);
  }

 private:
  Service service_;
};

class BehindNginx final : public ServerSide {
 public:
  /// Its modules are called as the protocols are, but for fastcgi.
  BehindNginx(const std::string& app, const std::string& protocol,
              const std::string& module)
      : service_(app, {}, protocol), nginx_(location(module)) {}

  Facts facts() const override {
    return {.concurrency = threads, .may_lose_the_head = true};
  }

  Response serve(const Request& request) override {
    return serve_http(test::HttpClient(nginx_.port()), request, service_,
                      false);
  }

 private:
  std::string location(const std::string& module) const {
    // The others as nginx has them.
    const std::string folder = module == "fastcgi" ? "" : "/etc/nginx/";
    return "    server_name conformance.test;\n"
           "    client_max_body_size 16m;\n"
           "    location / {\n"
           "      include " +
           folder + module + "_params;\n      " + module + "_pass " +
           service_.endpoint() + ";\n      " + module +
           "_buffering off;\n"
           "    }\n";
  }

  Service service_;
  test::Nginx nginx_;
};

test::WebServer apache_with_uwsgi(const test::TemporaryDirectory& directory,
                                  const std::string& endpoint) {
  return test::start_apache(
      directory, {"proxy", "proxy_uwsgi"},
      "ServerName conformance.test\nAllowEncodedSlashes NoDecode\n"
      "ProxyPass \"/\" \"uwsgi://" +
          endpoint + "/\" flushpackets=on\n");
}

test::WebServer lighttpd_with_scgi(const test::TemporaryDirectory& directory,
                                   const std::string& endpoint) {
  return test::start_lighttpd_with(
      directory,
      "server.modules = (\"mod_scgi\")\nserver.bind = \"127.0.0.1\"\n"
      "server.port = PORT\nserver.document-root = \"" +
          directory.path() +
          "\"\nserver.stream-response-body = 2\n"
          "scgi.server = (\"/\" => ((\"host\" => \"127.0.0.1\", \"port\" => " +
          endpoint.substr(endpoint.rfind(':') + 1) +
          ", \"check-local\" => \"disable\","
          " \"fix-root-scriptname\" => \"enable\")))\n");
}

/// Apache and lighttpd, by what they have beside FastCGI.
class BehindServer final : public ServerSide {
 public:
  using Start = test::WebServer (*)(const test::TemporaryDirectory& directory,
                                    const std::string& endpoint);

  BehindServer(const std::string& app, const std::string& protocol, Start start)
      : service_(app, {}, protocol),
        server_(start(directory_, service_.endpoint())) {}

  Facts facts() const override {
    return {
        .concurrency = threads, .may_lose_the_head = true, .adds_length = true};
  }

  Response serve(const Request& request) override {
    return serve_http(test::HttpClient(server_.port()), request, service_,
                      false);
  }

 private:
  Service service_;
  test::TemporaryDirectory directory_;
  test::WebServer server_;
};

/// SCGI and uwsgi: variables, then the body; the answer ends with the
/// connection.
class Plain final : public ServerSide {
 public:
  using Encode = std::string (*)(const Pairs& variables, std::string_view body);

  Plain(const std::string& app, const std::string& protocol, Encode encode)
      : service_(app, {}, protocol), encode_(encode) {}

  Facts facts() const override { return {threads}; }

  Response serve(const Request& request) override {
    const std::size_t log_begin = service_.log_size();
    test::SocketClient client(service_.endpoint());
    client.send(encode_(cgi_variables(request), request.body));
    if (request.content_length) client.finish_sending();
    const bool left = client.receive_until(
        [&] { return attend(request, client.received()); });
    if (!left && !client.ended()) {
      throw std::runtime_error("no answer came in time");
    }
    std::string text = client.received();
    constexpr std::string_view lead = "HTTP/1.1 ";
    if (text.starts_with(lead)) text.replace(0, lead.size(), "Status: ");
    Response response = parse_cgi_response(text);
    const std::string* const length =
        find_header(response.headers, "Content-Length");
    const bool has_all = length == nullptr || request.method == "HEAD" ||
                         *length == std::to_string(response.body.size());
    response.complete = has_all && !client.was_reset() && !text.empty();
    client.close();
    response.log = service_.log(log_begin, request.log);
    return response;
  }

 private:
  Service service_;
  Encode encode_;
};

}  // namespace

std::unique_ptr<ServerSide> make_fastcgi(Kind kind) {
  return std::make_unique<Fastcgi>(app(kind), "libfcgi");
}
std::unique_ptr<ServerSide> make_fastcgi_records(Kind kind) {
  return std::make_unique<Fastcgi>(app(kind), "records");
}
std::unique_ptr<ServerSide> make_http(Kind kind) {
  return std::make_unique<Http>(app(kind));
}
std::unique_ptr<ServerSide> make_nginx(Kind kind) {
  return std::make_unique<BehindNginx>(app(kind), "fcgi", "fastcgi");
}
std::unique_ptr<ServerSide> make_nginx_scgi(Kind kind) {
  return std::make_unique<BehindNginx>(app(kind), "scgi", "scgi");
}
std::unique_ptr<ServerSide> make_nginx_uwsgi(Kind kind) {
  return std::make_unique<BehindNginx>(app(kind), "uwsgi", "uwsgi");
}
std::unique_ptr<ServerSide> make_apache_uwsgi(Kind kind) {
  return std::make_unique<BehindServer>(app(kind), "uwsgi", apache_with_uwsgi);
}
std::unique_ptr<ServerSide> make_lighttpd_scgi(Kind kind) {
  return std::make_unique<BehindServer>(app(kind), "scgi", lighttpd_with_scgi);
}
std::unique_ptr<ServerSide> make_scgi(Kind kind) {
  return std::make_unique<Plain>(app(kind), "scgi", test::scgi_request);
}
std::unique_ptr<ServerSide> make_uwsgi(Kind kind) {
  return std::make_unique<Plain>(app(kind), "uwsgi", test::uwsgi_request);
}

}  // namespace decant::conformance
