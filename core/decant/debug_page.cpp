// SPDX-License-Identifier: MIT
#include "decant/debug_page.hpp"

#include <memory>
#include <string_view>
#include <utility>

#include "decant/error.hpp"
#include "decant/text.hpp"
#include "decant/trace.hpp"

namespace decant {
namespace {

constexpr std::string_view page_start =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"robots\" content=\"noindex\"><title>";

constexpr std::string_view style =
    "</title><style>"
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#222;"
    "background:#fff}"
    "header{background:#7a1f2b;color:#fff;padding:1rem 2rem}"
    "h1,h2{font-family:monospace;white-space:pre-wrap;overflow-wrap:anywhere}"
    "header h1{font-size:1.3rem;margin:0}"
    "header p{margin:.3rem 0 0;opacity:.85;overflow-wrap:anywhere}"
    "main{padding:1rem 2rem}"
    "h2{font-size:1.1rem}"
    "section{margin:0 0 1rem}"
    "section p{margin:0;font-family:monospace;overflow-wrap:anywhere}"
    "pre{margin:.2rem 0;padding:.4rem 0;background:#f4f1ec;overflow-x:auto}"
    "pre span{display:block;padding:0 .8rem}"
    "pre .here{background:#f3c9cd;font-weight:bold}"
    "footer{padding:0 2rem 2rem;color:#666}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}"
    "pre{background:#262626}pre .here{background:#5c2630}}"
    "</style></head><body>";

/// What is known of an exception; without frames where it carries none.
std::vector<Trace> traces_of(const std::exception& error) {
  const auto* const traced = dynamic_cast<const Traced*>(&error);
  if (traced != nullptr && !traced->traces().empty()) return traced->traces();
  return {{.what = error.what(), .frames = {}}};
}

/// Before a line of the source. All are as wide, or the source would be
/// indented by them.
std::string line_number(const TraceFrame& frame, int line) {
  const auto lines = static_cast<int>(frame.source.size());
  const std::string last = std::to_string(frame.first_line + lines - 1);
  std::string number = std::to_string(line) + "  ";
  number.insert(0, last.size() + 2 - number.size(), ' ');
  return number;
}

void append_frame(std::string& out, const TraceFrame& frame) {
  out += "<section><p>";
  append_html(out, frame.file);
  out += ", line " + std::to_string(frame.line);
  if (!frame.function.empty()) {
    out += ", in ";
    append_html(out, frame.function);
  }
  out += "</p>";
  if (!frame.source.empty()) {
    out += "<pre>";
    int line = frame.first_line;
    for (const std::string& text : frame.source) {
      out += line == frame.line ? "<span class=\"here\">" : "<span>";
      out += line_number(frame, line++);
      append_html(out, text);
      out += "</span>";
    }
    out += "</pre>";
  }
  out += "</section>";
}

std::string make_html(std::string_view request, const std::exception& error) {
  const std::vector<Trace> traces = traces_of(error);
  std::string out(page_start);
  append_html(out, traces.front().what);
  out += style;
  out += "<header><h1>";
  append_html(out, traces.front().what);
  out += "</h1><p>";
  append_html(out, request);
  out += "</p></header><main>";
  bool is_first = true;
  for (const Trace& trace : traces) {
    if (!std::exchange(is_first, false)) {
      out += "<h2>It came from: ";
      append_html(out, trace.what);
      out += "</h2>";
    }
    for (const TraceFrame& frame : trace.frames) append_frame(out, frame);
  }
  out +=
      "</main><footer>decant --debug shows this page; the most recent call "
      "is the last one.</footer></body></html>\n";
  return out;
}

/// For whoever asks by curl.
std::string make_text(std::string_view request, const std::exception& error) {
  std::string out(request);
  for (const Trace& trace : traces_of(error)) {
    out += "\n\n" + trace.what + '\n';
    for (const TraceFrame& frame : trace.frames) {
      out += "  " + frame.file + ", line " + std::to_string(frame.line) +
             (frame.function.empty() ? "" : ", in " + frame.function) + '\n';
      int line = frame.first_line;
      for (const std::string& text : frame.source) {
        out += (line == frame.line ? "  > " : "    ");
        out += line_number(frame, line++) + text + '\n';
      }
    }
  }
  return out + '\n';
}

/// Whether the request was made under a name of this machine's own. A page of
/// somebody else's may have its name lead here (DNS rebinding) and would then
/// read what the browser shows.
bool is_asked_locally(const Environ& env) {
  std::string_view host = env.get("HTTP_HOST", "");
  const std::size_t bracket = host.find(']');
  const std::size_t colon =
      host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  host = host.substr(0, colon);
  return host.empty() || host == "localhost" || host.ends_with(".localhost") ||
         host == "127.0.0.1" || host == "[::1]";
}

struct Page {
  Page(const Environ& env, const std::exception& error) {
    const std::string request = std::string(env["REQUEST_METHOD"])
                                    .append(" ")
                                    .append(env["SCRIPT_NAME"])
                                    .append(env["PATH_INFO"]);
    const bool wants_html =
        env.get("HTTP_ACCEPT", "").find("text/html") != std::string::npos;
    body = wants_html ? make_html(request, error) : make_text(request, error);
    headers = {{"Content-Type", wants_html ? "text/html; charset=utf-8"
                                           : "text/plain; charset=utf-8"},
               {"Content-Length", std::to_string(body.size())},
               {"Cache-Control", "no-store"}};
  }

  std::string body;
  Headers headers;
};

/// To be called where an exception is handled: says what it was and announces
/// the page about it. Throws the exception again when the head has gone out.
std::string start_page(Environ& env, const StartResponse& start_response,
                       const std::exception& error) {
  Page page(env, error);
  start_response("500 Internal Server Error", std::move(page.headers),
                 std::current_exception());
  // A traced one has been written there with its traceback.
  if (dynamic_cast<const Traced*>(&error) == nullptr) {
    env.errors().write(std::string(error.what()) + '\n');
  }
  return std::move(page.body);
}

/// The body of the application, until it fails.
class WatchedBody final : public detail::ChunkStream {
 public:
  WatchedBody(Environ& env, const StartResponse& start_response)
      : env_(env), start_response_(start_response) {}

  void call(const Application& application) {
    guard([&] { body_ = application(env_, start_response_); });
  }
  const Body& body() const noexcept { return body_; }
  bool has_failed() const noexcept { return failed_; }

  bool next(std::string_view& chunk) override {
    bool more = false;
    if (!failed_) guard([&] { more = body_.next(chunk); });
    if (more) return true;
    if (!failed_ || std::exchange(sent_, true)) return false;
    chunk = page_;
    return true;
  }
  bool at_end() const noexcept override {
    return failed_ ? sent_ : body_.at_end();
  }
  std::optional<detail::FileSpan> file() const override {
    return failed_ ? std::nullopt : body_.file();
  }
  void close() override { body_.close(); }

 private:
  template <class Act>
  void guard(const Act& act) {
    try {
      act();
    } catch (const ClientGone&) {
      throw;
    } catch (const GatewayError&) {  // the request was at fault
      throw;
    } catch (const std::exception& error) {
      if (!is_asked_locally(env_)) throw;
      page_ = start_page(env_, start_response_, error);
      failed_ = true;
    }
  }

  Environ& env_;
  StartResponse start_response_;
  std::string page_;
  bool failed_ = false;
  bool sent_ = false;
  Body body_;  // last: it goes first
};

}  // namespace

Middleware debug_pages() {
  return [](Application application) -> Application {
    return [application = std::move(application)](
               Environ& env, const StartResponse& start_response) -> Body {
      auto watched = std::make_unique<WatchedBody>(env, start_response);
      watched->call(application);
      if (watched->has_failed()) return Body(std::move(watched), 1, {});
      const auto length = watched->body().length();
      const auto size = watched->body().size();
      return Body(std::move(watched), length, size);
    };
  };
}

Application failed_application(const std::exception& error) {
  // It is kept as it was thrown.
  return [kept = std::current_exception(), what = std::string(error.what())](
             Environ& env, const StartResponse& start_response) -> Body {
    try {
      if (kept) std::rethrow_exception(kept);
      throw LoadError(what);
    } catch (const std::exception& again) {
      if (!is_asked_locally(env)) throw;
      return start_page(env, start_response, again);
    }
  };
}

}  // namespace decant
