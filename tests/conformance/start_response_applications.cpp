// SPDX-License-Identifier: MIT
// Applications that call start_response and write, well and badly.
#include <mutex>
#include <optional>
#include <stdexcept>

#include "conformance/applications.hpp"

namespace decant::conformance {
namespace {

/// What an application may get wrong in a head.
struct Head {
  std::string status = "200 OK";
  Headers headers = plain_text();
};

const std::map<std::string, Head, std::less<>>& bad_heads() {
  static const std::map<std::string, Head, std::less<>> heads = {
      {"status-without-space", {.status = "200"}},
      {"status-of-two-digits", {.status = "20 OK"}},
      {"status-of-four-digits", {.status = "2000 OK"}},
      {"status-of-letters", {.status = "abc OK"}},
      {"status-with-newline", {.status = "200 OK\r\nX-Injected: 1"}},
      {"empty-status", {.status = ""}},
      {"interim-status", {.status = "103 Early Hints"}},
      {"empty-name", {.headers = {{"", "x"}}}},
      {"name-with-colon", {.headers = {{"X-A:", "x"}}}},
      {"name-with-space", {.headers = {{"X A", "x"}}}},
      {"name-with-newline", {.headers = {{"X-A\n", "x"}}}},
      {"value-with-newline", {.headers = {{"X-A", "x\r\nX-Injected: 1"}}}},
      {"value-with-zero", {.headers = {{"X-A", std::string("x\0y", 3)}}}},
      {"connection", {.headers = {{"Connection", "close"}}}},
      {"transfer-encoding", {.headers = {{"Transfer-Encoding", "chunked"}}}},
      {"upgrade", {.headers = {{"upgrade", "websocket"}}}},
      {"status-header", {.headers = {{"Status", "404 Not Found"}}}},
      {"two-lengths",
       {.headers = {{"Content-Length", "2"}, {"content-length", "2"}}}},
      {"length-of-letters", {.headers = {{"Content-Length", "two"}}}},
      {"negative-length", {.headers = {{"Content-Length", "-2"}}}}};
  return heads;
}

/// Announces the head that the query names and reacts to the complaint, which
/// only a call with the error may do (PEP 3333).
Body bad_head(Environ& env, const StartResponse& start_response) {
  const auto head = bad_heads().find(env["QUERY_STRING"]);
  if (head == bad_heads().end()) throw std::runtime_error("no such head");
  try {
    start_response(head->second.status, head->second.headers);
  } catch (const ApplicationError&) {
    bool refused_again = false;
    try {
      start_response("200 OK", plain_text());
    } catch (const ApplicationError&) {
      refused_again = true;
    }
    start_response("409 Conflict", plain_text(), std::current_exception());
    return refused_again ? "refused\n" : "taken at the second call\n";
  }
  return "taken\n";
}

/// The same without a reaction.
Body bad_head_ignored(Environ&, const StartResponse& start_response) {
  start_response("200 OK", {{"X-A", "x\r\nX-Injected: 1"}});
  return "taken\n";
}

Body twice(Environ&, const StartResponse& start_response) {
  start_response("201 Created", plain_text({{"X-Call", "first"}}));
  try {
    start_response("202 Accepted", plain_text({{"X-Call", "second"}}));
  } catch (const ApplicationError&) {
    return "the second call was refused\n";
  }
  return "the second call was taken\n";
}

std::exception_ptr some_error() {
  return std::make_exception_ptr(std::runtime_error("secret"));
}

Body replaces(Environ&, const StartResponse& start_response) {
  start_response("200 OK",
                 plain_text({{"X-Call", "first"}, {"Content-Length", "5"}}));
  start_response("503 Service Unavailable", plain_text({{"X-Other", "second"}}),
                 some_error());
  return "replaced\n";
}

/// The head has gone out: start_response must rethrow the very error.
Chunks replaces_late(Environ&, StartResponse start_response) {
  start_response("200 OK", plain_text());
  co_yield "head sent, ";
  std::string_view what = "the call was taken\n";
  try {
    start_response("500 Too Late", plain_text(), some_error());
  } catch (const std::runtime_error& error) {
    what = error.what() == std::string_view("secret") ? "the error came back\n"
                                                      : "another error\n";
  }
  co_yield what;
}

/// Empty chunks and empty writes leave the head where it is.
Chunks empty_chunks(Environ&, StartResponse start_response) {
  const Write write = start_response("200 OK", plain_text());
  write("");
  co_yield "";
  co_yield "";
  start_response("202 Accepted", plain_text(), some_error());
  co_yield "";
  co_yield "after nothing\n";
}

Chunks late(Environ&, StartResponse start_response) {
  start_response("200 OK", plain_text());
  co_yield "late, ";
  co_yield "but in time\n";
}

/// Calls what it kept of the request before.
Body keeps(Environ&, const StartResponse& start_response) {
  static std::mutex mutex;
  static std::optional<StartResponse> kept;
  static std::optional<Write> kept_write;
  const std::lock_guard lock(mutex);
  std::string out;
  if (kept) {
    try {
      (*kept)("200 OK", plain_text());
      out = "taken\n";
    } catch (const ApplicationError&) {
      out = "refused";
    }
    try {
      (*kept_write)("late");
      out += " and written\n";
    } catch (const ApplicationError&) {
      out += " and not written\n";
    }
  }
  kept = start_response;
  kept_write = start_response("200 OK", plain_text());
  return out;
}

Body writes_first(Environ&, const StartResponse& start_response) {
  const Write write = start_response("200 OK", plain_text());
  write("one ");
  write("two ");
  return {"three ", "four\n"};
}

Body writes_only(Environ&, const StartResponse& start_response) {
  const Write write = start_response("200 OK", plain_text());
  write("written\n");
  return {};
}

Body writes_and_returns_one(Environ&, const StartResponse& start_response) {
  const Write write = start_response("200 OK", plain_text());
  write("written ");
  return "and returned\n";
}

Body writes_past_length(Environ& env, const StartResponse& start_response) {
  const Write write =
      start_response("200 OK", plain_text({{"Content-Length", "5"}}));
  write("12345");
  try {
    write("6");
  } catch (const ApplicationError&) {
    env.errors().write("the sixth byte was refused\n");
  }
  return {};
}

}  // namespace

void add_start_response_applications(Applications& applications) {
  applications["bad-head"] = bad_head;
  applications["bad-head-ignored"] = bad_head_ignored;
  applications["twice"] = twice;
  applications["replaces"] = replaces;
  applications["replaces-late"] = replaces_late;
  applications["empty-chunks"] = empty_chunks;
  applications["late"] = late;
  applications["keeps"] = keeps;
  applications["never"] = [](Environ&, const StartResponse&) -> Body {
    return {};
  };
  applications["never-with-body"] = [](Environ&, const StartResponse&) -> Body {
    return "no head\n";
  };
  applications["status-without-reason"] =
      [](Environ&, const StartResponse& start_response) -> Body {
    start_response("299 ", plain_text());
    return "no reason\n";
  };
  applications["repeats"] = [](Environ&,
                               const StartResponse& start_response) -> Body {
    start_response("200 OK", {{"X-Order", "1"},
                              {"Set-Cookie", "a=1; Path=/"},
                              {"X-Order", "2"},
                              {"Set-Cookie", "b=2"},
                              {"Content-Type", "text/x-other"},
                              {"X-Order", "3"}});
    return "ordered\n";
  };
  applications["latin-header"] =
      [](Environ&, const StartResponse& start_response) -> Body {
    start_response("200 OK", plain_text({{"X-Latin", "caf\xE9 \xFF\t."}}));
    return "";
  };
  applications["writes-first"] = writes_first;
  applications["writes-only"] = writes_only;
  applications["writes-and-returns-one"] = writes_and_returns_one;
  applications["writes-past-length"] = writes_past_length;
}

}  // namespace decant::conformance
