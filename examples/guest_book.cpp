// SPDX-License-Identifier: MIT
// A guest book: a form, a cookie that remembers who wrote, a redirect after the
// post. The entries are lines of the file that GUEST_BOOK names, each as a form
// would send it, so that any number of processes may add to it.
//   GUEST_BOOK=/tmp/book decant http ./guest_book.so
#include <chrono>
#include <cstdlib>
#include <decant/path.hpp>
#include <decant/web.hpp>
#include <fstream>
#include <string>
using namespace decant;

std::string book() {
  const char* const file = std::getenv("GUEST_BOOK");
  return file != nullptr ? file : "guest_book.txt";
}

std::string entries() {
  std::string list;
  std::ifstream file(book());
  for (std::string line; std::getline(file, line);) {
    const web::Fields entry = web::parse_urlencoded(line, 2);
    list += "<p><b>" + web::html_escaped(entry["name"]) +
            "</b>: " + web::html_escaped(entry["text"]) + "</p>\n";
  }
  return list;
}

web::Response show(const web::Request& request) {
  return web::html(
      "<!DOCTYPE html>\n<title>Guest book</title>\n" + entries() +
      "<form method=\"post\">\n<input name=\"name\" value=\"" +
      web::html_escaped(form_decoded(request.cookies()["name"])) +
      "\">\n<input name=\"text\">\n<button>Write</button>\n</form>\n");
}

web::Response add(const web::Request& request) {
  const std::string name(request.form()["name"]);
  const std::string text(request.form()["text"]);
  if (name.empty() || text.empty()) {
    return web::Response("A name and a text, please.\n").status(422);
  }
  // Encoded, an entry has no line of its own.
  std::ofstream(book(), std::ios::app)
      << web::urlencoded({{"name", name}, {"text", text}}) + "\n";
  // 303, so that to reload the page does not write once more.
  return web::redirect(std::string(request.script_name()) + "/", 303)
      .set_cookie({.name = "name",
                   .value = form_encoded(name),
                   .max_age = std::chrono::hours(24)});
}

Application site() {
  web::Router router({.most_fields = 10, .most_field_bytes = 10000});
  router.get("/", show).post("/", add);
  return web::compress()(router);
}

DECANT_APPLICATION(site())
