// SPDX-License-Identifier: MIT
// Paths, their methods and parameters, with <decant/web.hpp>.
//   decant run ./routes.so /users/7
#include <decant/web.hpp>
#include <string>
using namespace decant;

Application site() {
  web::Router router;
  router.get("/", [] { return "Hello world!\n"; });
  router.get("/users/{id:int}", [](int id) {
    return web::json("{\"id\": " + std::to_string(id) + "}\n");
  });
  router.post("/users", [](const web::Request& request) {
    return "Welcome, " + std::string(request.form()["name"]) + ".\n";
  });
  return router;
}

DECANT_APPLICATION(site())
