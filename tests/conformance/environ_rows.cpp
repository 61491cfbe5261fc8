// SPDX-License-Identifier: MIT
// What an application finds in the environ (PEP 3333, "environ Variables").
#include "conformance/suite.hpp"

namespace decant::conformance {
namespace {

std::string_view word(bool value) {
  return value ? "true" : "false";
}

void add_request_rows(Rows& rows) {
  rows.push_back({.name = "REQUEST_METHOD is the method of the request",
                  .application = "environ",
                  .request = {.method = "PATCH"},
                  .check = [](Seen& seen) {
                    seen.status("200 OK");
                    seen.complete();
                    seen.exit_status(0);
                    seen.variable("REQUEST_METHOD", "PATCH");
                  }});
  rows.push_back({.name = "SERVER_NAME, SERVER_PORT and SERVER_PROTOCOL are "
                          "never empty",
                  .application = "environ",
                  .check = [](Seen& seen) {
                    seen.variable("SERVER_NAME", seen.facts().server_name);
                    seen.variable("SERVER_PROTOCOL", "HTTP/1.1");
                    seen.body_has("SERVER_PORT=");
                    seen.body_lacks("SERVER_PORT=\n");
                  }});
  rows.push_back({.name = "the root is an empty SCRIPT_NAME, a slash as "
                          "PATH_INFO and an empty QUERY_STRING",
                  .application = "environ",
                  .check = [](Seen& seen) {
                    seen.variable("SCRIPT_NAME", "");
                    seen.variable("PATH_INFO", "/");
                    seen.variable("QUERY_STRING", "");
                  }});
  rows.push_back({.name = "PATH_INFO is percent-decoded once",
                  .application = "environ",
                  .request = {.target = "/a%20b/%2541/caf%C3%A9/;p=1"},
                  .check = [](Seen& seen) {
                    seen.variable("PATH_INFO", "/a b/%41/caf\xC3\xA9/;p=1");
                  }});
  rows.push_back({.name = "QUERY_STRING stays encoded",
                  .application = "environ",
                  .request = {.target = "/path?a=b%20c&d=%2F+e&f"},
                  .check = [](Seen& seen) {
                    seen.variable("PATH_INFO", "/path");
                    seen.variable("QUERY_STRING", "a=b%20c&d=%2F+e&f");
                  }});
  rows.push_back(
      {.name = "REQUEST_URI is the target as it was sent",
       .application = "environ",
       .request = {.target = "/a%20b%2Fc?q=%31"},
       .check =
           [](Seen& seen) { seen.variable("REQUEST_URI", "/a%20b%2Fc?q=%31"); },
       .needs = {Need::slash_in_path}});
}

void add_header_rows(Rows& rows) {
  rows.push_back({.name = "type and length of the body are CONTENT_TYPE and "
                          "CONTENT_LENGTH alone",
                  .application = "environ",
                  .request = {.method = "POST",
                              .headers = {{"Content-Type", "text/x-test"}},
                              .body = "12345"},
                  .check = [](Seen& seen) {
                    seen.variable("CONTENT_TYPE", "text/x-test");
                    seen.variable("CONTENT_LENGTH", "5");
                    seen.no_variable("HTTP_CONTENT_TYPE");
                    seen.no_variable("HTTP_CONTENT_LENGTH");
                  }});
  rows.push_back({.name = "without a body both are absent",
                  .application = "environ",
                  .check =
                      [](Seen& seen) {
                        seen.no_variable("CONTENT_TYPE");
                        seen.no_variable("CONTENT_LENGTH");
                      },
                  .needs = {Need::absent_length}});
  rows.push_back({.name = "a request header is an HTTP_ variable",
                  .application = "environ",
                  .request = {.headers = {{"X-Some-Header", "some value"}}},
                  .check = [](Seen& seen) {
                    seen.variable("HTTP_X_SOME_HEADER", "some value");
                    seen.no_variable("HTTP_X_OTHER_HEADER");
                  }});
  rows.push_back(
      {.name = "an empty request header is there and empty",
       .application = "environ",
       .request = {.headers = {{"X-Empty", ""}}},
       .check = [](Seen& seen) { seen.variable("HTTP_X_EMPTY", ""); },
       .needs = {Need::empty_header}});
  rows.push_back({.name = "bytes above 0x7F in a request header are unaltered",
                  .application = "environ",
                  .request = {.headers = {{"X-Latin", "caf\xE9 \xFF."}}},
                  .check = [](Seen& seen) {
                    seen.variable("HTTP_X_LATIN", "caf\xE9 \xFF.");
                  }});
  rows.push_back(
      {.name = "repeated headers are joined by commas",
       .application = "environ",
       .request = {.headers = {{"X-Many", "a"},
                               {"X-Between", "b"},
                               {"X-Many", "c"}}},
       .check = [](Seen& seen) { seen.variable("HTTP_X_MANY", "a, c"); },
       .needs = {Need::repeated_variables}});
  rows.push_back(
      {.name = "repeated cookies are joined by semicolons",
       .application = "environ",
       .request = {.headers = {{"Cookie", "a=1"}, {"Cookie", "b=2"}}},
       .check = [](Seen& seen) { seen.variable("HTTP_COOKIE", "a=1; b=2"); },
       .needs = {Need::repeated_variables, Need::joined_cookies}});
  rows.push_back({.name = "a Proxy header never becomes HTTP_PROXY",
                  .application = "environ",
                  .request = {.headers = {{"Proxy", "http://evil.test/"}}},
                  .check = [](Seen& seen) {
                    seen.status("200 OK");
                    seen.no_variable("HTTP_PROXY");
                  }});
  rows.push_back({.name = "Authorization arrives",
                  .application = "environ",
                  .request = {.headers = {{"Authorization", "Basic Zm9v"}}},
                  .check = [](Seen& seen) {
                    seen.variable("HTTP_AUTHORIZATION", "Basic Zm9v");
                  }});
  rows.push_back(
      {.name = "REMOTE_USER is absent when nobody logged in",
       .application = "environ",
       .check = [](Seen& seen) { seen.no_variable("REMOTE_USER"); }});
}

void add_variable_rows(Rows& rows) {
  rows.push_back({.name = "Authorization is recovered from what a rewrite "
                          "rule saved",
                  .application = "environ",
                  .request = {.variables = {{"REDIRECT_HTTP_AUTHORIZATION",
                                             "Basic Zm9v"}}},
                  .check =
                      [](Seen& seen) {
                        seen.variable("HTTP_AUTHORIZATION", "Basic Zm9v");
                      },
                  .needs = {Need::given_variables}});
  rows.push_back(
      {.name = "SCRIPT_NAME is never a slash",
       .application = "environ",
       .request = {.variables = {{"SCRIPT_NAME", "/"}, {"PATH_INFO", ""}}},
       .check =
           [](Seen& seen) {
             seen.variable("SCRIPT_NAME", "");
             seen.variable("PATH_INFO", "/");
           },
       .needs = {Need::given_variables}});
  rows.push_back({.name = "SCRIPT_NAME and PATH_INFO are as the web server "
                          "split them",
                  .application = "environ",
                  .request = {.variables = {{"SCRIPT_NAME", "/cgi-bin/app"},
                                            {"PATH_INFO", "/a//b"}}},
                  .check =
                      [](Seen& seen) {
                        seen.variable("SCRIPT_NAME", "/cgi-bin/app");
                        seen.variable("PATH_INFO", "/a//b");
                      },
                  .needs = {Need::given_variables}});
  rows.push_back(
      {.name = "SERVER_NAME has no port",
       .application = "environ",
       .request = {.variables = {{"SERVER_NAME", "a.test:8080"}}},
       .check = [](Seen& seen) { seen.variable("SERVER_NAME", "a.test"); },
       .needs = {Need::given_variables}});
  rows.push_back({.name = "HTTPS makes the URL scheme https",
                  .application = "environ",
                  .request = {.variables = {{"HTTPS", "on"}}},
                  .check =
                      [](Seen& seen) {
                        seen.variable("wsgi.url_scheme", "https");
                        seen.variable("HTTPS", "on");
                      },
                  .needs = {Need::tls}});
  rows.push_back({.name = "a web server cannot set wsgi. keys",
                  .application = "environ",
                  .request = {.variables = {{"wsgi.url_scheme", "gopher"},
                                            {"decant.x", "y"}}},
                  .check =
                      [](Seen& seen) {
                        seen.variable("wsgi.url_scheme", "http");
                        seen.body_lacks("gopher");
                        seen.no_variable("decant.x");
                      },
                  .needs = {Need::given_variables}});
  rows.push_back({.name = "a request without a method is refused",
                  .application = "environ",
                  .request = {.variables = {{"REQUEST_METHOD", ""}},
                              .log = {"REQUEST_METHOD"}},
                  .check =
                      [](Seen& seen) {
                        seen.status("400 Bad Request");
                        seen.body("400 Bad Request\n");
                        seen.exit_status(0);
                        seen.log("REQUEST_METHOD");
                      },
                  .needs = {Need::given_variables}});
}

void add_key_rows(Rows& rows) {
  rows.push_back({.name = "wsgi.version is (1, 0) and the URL scheme http",
                  .application = "environ",
                  .check = [](Seen& seen) {
                    seen.variable("wsgi.version", "1.0");
                    seen.variable("wsgi.url_scheme", "http");
                  }});
  rows.push_back(
      {.name = "wsgi.multithread, multiprocess and run_once are true to the "
               "server side",
       .application = "environ",
       .check =
           [](Seen& seen) {
             const Concurrency& truth = seen.facts().concurrency;
             seen.variable("wsgi.multithread", word(truth.multithread));
             seen.variable("wsgi.multiprocess", word(truth.multiprocess));
             seen.variable("wsgi.run_once", word(truth.run_once));
           },
       .needs = {Need::resident}});
  rows.push_back(
      {.name = "a variable of the deployer is in every environ",
       .application = "environ",
       .check =
           [](Seen& seen) { seen.variable(deployed_name, deployed_value); },
       .needs = {Need::resident}});
  rows.push_back({.name = "the environ is a dictionary that may be changed",
                  .application = "dictionary",
                  .check = [](Seen& seen) { seen.body("as it should be\n"); }});
  rows.push_back({.name = "what one request changes the next does not see",
                  .application = "mutate",
                  .request = {.target = "/x?q", .times = 2},
                  .check = [](Seen& seen) {
                    seen.no_variable("MUTATED");
                    seen.variable("PATH_INFO", "/x");
                    seen.variable("QUERY_STRING", "q");
                  }});
  rows.push_back({.name = "middleware attaches objects to a request",
                  .application = "attached",
                  .request = {.times = 2},
                  .check = [](Seen& seen) { seen.body("42 visits\n"); }});
  rows.push_back(
      {.name = "middleware wraps start_response",
       .application = "wrapped",
       .check = [](Seen& seen) { seen.header("X-Added", "by middleware"); }});
}

void add_mount_rows(Rows& rows) {
  const auto add = [&rows](std::string name, std::string target,
                           std::string body) {
    rows.push_back(
        {.name = std::move(name),
         .application = "mounted",
         .request = {.target = std::move(target)},
         .check = [body = std::move(body)](Seen& seen) { seen.body(body); }});
  };
  add("mount moves its prefix into SCRIPT_NAME", "/shop/item",
      "/shop | /item\n");
  add("mounts nest", "/shop/admin/users", "/shop/admin | /users\n");
  add("a mount point itself leaves PATH_INFO empty", "/shop", "/shop | \n");
  add("a mount splits only at a slash", "/shopping", "outside\n");
}

}  // namespace

void add_environ_rows(Rows& rows) {
  add_request_rows(rows);
  add_header_rows(rows);
  add_variable_rows(rows);
  add_key_rows(rows);
  add_mount_rows(rows);
}

}  // namespace decant::conformance
