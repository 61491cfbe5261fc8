// SPDX-License-Identifier: MIT
// A guest book: a form, a cookie that remembers who wrote, a redirect after the
// post. The entries are in the SQLite file that GUEST_BOOK names, to which any
// number of processes may add.
//   GUEST_BOOK=/tmp/book.sqlite decant http ./guest_book.so
#include <chrono>
#include <decant/path.hpp>
#include <decant/random_text.hpp>
#include <decant/web.hpp>
#include <string>

#include "sqlite.hpp"
using namespace decant;

constexpr int most_shown = 100;
constexpr std::size_t most_name = 100;  // bytes
constexpr std::size_t most_text = 2000;

constexpr char top[] = "<!DOCTYPE html>\n<title>Guest book</title>\n";
constexpr char entry[] = "<p><b>{name}</b>, {time}: {text}</p>\n";
constexpr char form[] = R"(<form method="post" action="{action}">
<input type="hidden" name="token" value="{token}">
<input name="name" value="{name}" maxlength="100" required>
<textarea name="text" maxlength="2000" required></textarea>
<button>Write</button>
</form>
)";

/// A template in which "{name}" stands for a value. Whatever that is, it is
/// text and no HTML.
std::string fill(std::string_view text, const web::Fields& values) {
  std::string filled;
  for (;;) {
    const std::size_t open = text.find('{');
    filled += text.substr(0, open);
    if (open == std::string_view::npos) return filled;
    const std::size_t close = text.find('}', open);
    filled +=
        web::html_escaped(values[text.substr(open + 1, close - open - 1)]);
    text.remove_prefix(close + 1);
  }
}

Database open_book() {
  return {"GUEST_BOOK",
          "CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY,"
          " time TEXT DEFAULT CURRENT_TIMESTAMP, name TEXT, text TEXT)"};
}

/// Behind HTTPS no other host of the domain can set it in our place.
std::string token_cookie(const web::Request& request) {
  return request.scheme() == "https" ? "__Host-token" : "token";
}

/// The page of another site may have a browser send our form, but cannot read
/// the token that goes with it.
void check_token(const web::Request& request) {
  const std::string_view token = request.cookies()[token_cookie(request)];
  if (token.empty() ||
      !web::equal_in_constant_time(request.form()["token"], token)) {
    throw web::HttpError(403, "This form is not ours; load the page anew.\n");
  }
}

web::Response show(const web::Request& request) {
  std::string token(request.cookies()[token_cookie(request)]);
  const bool is_new = token.empty();
  if (is_new) token = random_text();
  std::string page = top;
  const Database book = open_book();
  Statement entries(book,
                    "SELECT name, time, text FROM entries"
                    " ORDER BY id DESC LIMIT ?",
                    most_shown);
  while (entries.step()) {
    page += fill(entry, {{"name", entries.text(0)},
                         {"time", entries.text(1)},
                         {"text", entries.text(2)}});
  }
  page += fill(form, {{"action", percent_encoded(request.script_name()) + "/"},
                      {"token", token},
                      {"name", form_decoded(request.cookies()["name"])}});
  web::Response response = web::html(page).header("Cache-Control", "no-store");
  if (is_new) {
    response.set_cookie({.name = token_cookie(request),
                         .value = token,
                         .secure = request.scheme() == "https"});
  }
  return response;
}

web::Response add(const web::Request& request) {
  check_token(request);
  const std::string name(request.form()["name"]);
  const std::string text(request.form()["text"]);
  if (name.empty() || text.empty()) {
    throw web::HttpError(422, "A name and a text, please.\n");
  }
  if (name.size() > most_name || text.size() > most_text) {
    throw web::HttpError(413, "That is too long.\n");
  }
  const Database book = open_book();
  Statement(book, "INSERT INTO entries (name, text) VALUES (?, ?)", name, text)
      .step();
  // 303, so that to reload the page does not write once more.
  return web::redirect(percent_encoded(request.script_name()) + "/", 303)
      .set_cookie({.name = "name",
                   .value = form_encoded(name),
                   .max_age = std::chrono::hours(24)});
}

Application site() {
  web::Router router(
      {.most_fields = 10, .most_files = 0, .most_field_bytes = 10000});
  // Not compressed: a secret, the token, stands beside what others write.
  router.get("/", show).post("/", add);
  return router;
}

DECANT_APPLICATION(site())
