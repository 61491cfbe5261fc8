// SPDX-License-Identifier: MIT
// start_response and write with what Python has beyond C++ (PEP 3333, "The
// start_response() Callable").
#include "conformance/python_rows.hpp"

namespace decant::conformance {
namespace {

std::string all_values() {
  std::string all;
  for (int byte = 0x21; byte <= 0xFF; ++byte) {
    if (byte != 0x7F) all += static_cast<char>(byte);
  }
  return all;
}

Row status_row(std::string name, std::string application, std::string status) {
  return {.name = std::move(name),
          .application = std::move(application),
          .check = [status = std::move(status)](Seen& seen) {
            seen.status(status);
            seen.body("taken\n");
          }};
}

void add_type_rows(Rows& rows) {
  const std::pair<const char*, const char*> wrong[] = {
      {"status", "a status that is no str raises TypeError"},
      {"headers", "headers that are no list raise TypeError"},
      {"header", "a header that is no pair raises TypeError"},
      {"name", "a header name that is no str raises TypeError"},
      {"value", "a header value that is no str raises TypeError"},
      {"exc_info", "exc_info that holds no exception raises TypeError"},
      {"number", "too few or too many arguments raise TypeError"}};
  for (const auto& [what, name] : wrong) {
    rows.push_back(
        checked_row(name, "wrong-types", {.target = std::string("/?") + what}));
  }
  rows.push_back(checked_row("characters beyond latin-1 raise ValueError",
                             "beyond-latin-1"));
  rows.push_back(
      checked_row("what is refused is named in the message, latin-1 too",
                  "refused-latin-1"));
  rows.push_back(
      checked_row("an unknown keyword raises TypeError", "wrong-keywords"));
  rows.push_back({.name = "write refuses what is no bytes",
                  .application = "writes-text",
                  .check = [](Seen& seen) { seen.body("only bytes\n"); }});
}

void add_call_rows(Rows& rows) {
  rows.push_back(
      status_row("start_response takes keywords", "keywords", "202 Accepted"));
  rows.push_back(status_row("start_response takes subclasses of list and str",
                            "subclasses", "203 Some"));
  rows.back().check = [](Seen& seen) {
    seen.status("203 Some");
    seen.header("X-A", "of a subclass");
  };
  rows.back().needs = {Need::given_reason};
  rows.push_back({.name = "each character of a header value is its byte",
                  .application = "all-values",
                  .check = [](Seen& seen) {
                    seen.body("sent\n");
                    seen.header("X-All", all_values());
                  }});
  rows.push_back({.name = "headers that change later are sent as announced",
                  .application = "changes-headers",
                  .check = [](Seen& seen) {
                    seen.body("unchanged\n");
                    seen.header("X-A", "as announced");
                  }});
}

void add_exc_info_rows(Rows& rows) {
  const std::pair<const char*, const char*> failures[] = {
      {"type", "after a TypeError a call with exc_info is taken"},
      {"value", "after a ValueError a call with exc_info is taken"},
      {"contract", "after an AssertionError a call with exc_info is taken"}};
  for (const auto& [what, name] : failures) {
    rows.push_back({.name = name,
                    .application = "recovers",
                    .request = {.target = std::string("/?") + what},
                    .check = [](Seen& seen) {
                      seen.status("409 Conflict");
                      seen.body("recovered\n");
                    }});
  }
  const std::pair<const char*, const char*> refused[] = {
      {"type", "after a TypeError a call without exc_info is refused"},
      {"value", "after a ValueError a call without exc_info is refused"},
      {"contract", "after an AssertionError a call without one is refused"}};
  for (const auto& [what, name] : refused) {
    rows.push_back(checked_row(name, "refused-counts",
                               {.target = std::string("/?") + what}));
  }
  rows.push_back(
      body_row("exc_info too late raises that very exception, with its "
               "traceback",
               "error-comes-back",
               "begun, the same from some_error, the same from some_error"));
  rows.push_back(cut_row("exc_info too late cuts the response when it escapes",
                         "error-too-late",
                         {", in culprit\n", "LookupError: of the culprit\n",
                          ": python: LookupError: of the culprit\n"}));
  rows.back().check = [](Seen& seen) {
    seen.cut();
    seen.body_lacks("never");
    seen.log(", in culprit\n");
    seen.log("LookupError: of the culprit\n", 2);
  };
}

}  // namespace

void add_python_head_rows(Rows& rows) {
  add_type_rows(rows);
  add_call_rows(rows);
  add_exc_info_rows(rows);
}

}  // namespace decant::conformance
