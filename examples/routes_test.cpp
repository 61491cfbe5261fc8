// SPDX-License-Identifier: MIT
// How an application is tried without a web server: the client asks it through
// the gateway, in the same process. Any test framework will do, or none.
#include <cstdio>
#include <decant/web.hpp>
#include <string_view>
using namespace decant;

Application site();  // of routes.cpp

int failures = 0;

void expect(std::string_view what, const web::Reply& reply, int status,
            std::string_view body) {
  if (reply.status == status && reply.body == body) return;
  ++failures;
  std::printf("%s: %d %s\n%s", what.data(), reply.status, reply.body.c_str(),
              reply.log.c_str());
}

int main() {
  web::Client client(site());
  expect("a path", client.get("/"), 200, "Hello world!\n");
  expect("a parameter", client.get("/users/7"), 200, "{\"id\": 7}\n");
  expect("a form", client.post("/users", web::Payload::form({{"name", "Ann"}})),
         200, "Welcome, Ann.\n");
  const web::Reply missing = client.get("/users/x");
  expect("no number", missing, 404, missing.body);
  const web::Reply refused = client.del("/users/7");
  expect("another method", refused, 405, refused.body);
  return failures == 0 ? 0 : 1;
}
