// SPDX-License-Identifier: MIT
#include "decant/service/status/status_http.hpp"

#include <algorithm>
#include <array>

#include "decant/error.hpp"
#include "decant/headers.hpp"
#include "decant/service/status/metrics.hpp"
#include "decant/status.hpp"

namespace decant::service {
namespace {

struct Content {
  int status = 200;
  const char* type = "text/plain; charset=utf-8";
  std::string text;
};

struct Request {
  std::string_view method;
  std::string_view path;
};

/// What a page is made of.
struct Sources {
  const SnapshotSource& look;
  MeasureMemory measure;

  Snapshot measured() const {
    Snapshot snapshot = look();
    measure(snapshot);
    return snapshot;
  }
};

Content ping(const Sources& sources) {
  const Snapshot snapshot = sources.look();
  const bool ready = std::any_of(
      snapshot.workers.begin(), snapshot.workers.end(),
      [](const auto& it) { return it.state == WorkerState::ready; });
  if (ready) return {.text = "ok\n"};
  return {.status = 503, .text = "no worker is ready\n"};
}

struct Page {
  std::string_view path;
  Content (*make)(const Sources& sources);
};

constexpr std::array<Page, 4> pages = {{
    {"/status",
     [](const Sources& sources) {
       return Content{.type = "application/json",
                      .text = status_json(sources.measured())};
     }},
    {"/status.txt",
     [](const Sources& sources) {
       return Content{.text = status_text(sources.measured())};
     }},
    {"/metrics",
     [](const Sources& sources) {
       return Content{.type = open_metrics_type,
                      .text = open_metrics(sources.measured())};
     }},
    {"/ping", ping},
}};

/// The next line, which is removed, without its end: CRLF, or LF by itself as
/// RFC 9112 section 2.2 lets a server take it.
std::optional<std::string_view> take_line(std::string_view& bytes) {
  const std::size_t end = bytes.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = bytes.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  bytes.remove_prefix(end + 1);
  return line;
}

/// The path of a request target in origin-form or absolute-form (RFC 9112
/// section 3.2); empty for another one.
std::string_view path_of(std::string_view target) {
  constexpr std::string_view scheme = "http://";
  if (equals_ignoring_case(target.substr(0, scheme.size()), scheme)) {
    target.remove_prefix(scheme.size());
    target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
    if (!target.starts_with('/')) return "/";
  }
  if (!target.starts_with('/')) return {};
  return target.substr(0, target.find('?'));
}

/// "HTTP/1.1" and its like: the two digits.
std::optional<std::pair<int, int>> parse_version(std::string_view text) {
  constexpr std::string_view name = "HTTP/";
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != name.size() + 3 || !text.starts_with(name) ||
      !is_digit(text[5]) || text[6] != '.' || !is_digit(text[7])) {
    return std::nullopt;
  }
  return std::pair(text[5] - '0', text[7] - '0');
}

/// A head that is complete. Throws GatewayError.
Request parse_head(std::string_view line, std::string_view fields) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    throw GatewayError("the request line is not METHOD PATH HTTP/1.1");
  }
  const Request request{line.substr(0, first),
                        path_of(line.substr(first + 1, last - first - 1))};
  const auto version = parse_version(line.substr(last + 1));
  if (!is_token(request.method) || request.path.empty() || !version ||
      request.path.find(' ') != std::string_view::npos ||
      !is_field_value(line)) {
    throw GatewayError("the request line is not METHOD PATH HTTP/1.1");
  }
  if (version->first != 1) throw GatewayError("this is HTTP/1.1", 505);
  int hosts = 0;
  while (!fields.empty()) {
    const std::string_view field = *take_line(fields);
    if (field.empty()) break;
    const std::size_t colon = field.find(':');
    if (colon == std::string_view::npos || !is_token(field.substr(0, colon)) ||
        !is_field_value(field.substr(colon + 1))) {
      throw GatewayError("a header line is not NAME: VALUE");
    }
    if (equals_ignoring_case(field.substr(0, colon), "Host")) ++hosts;
  }
  // RFC 9112 section 3.2
  if (hosts > 1 || (hosts == 0 && version->second > 0)) {
    throw GatewayError("there must be one Host");
  }
  return request;
}

std::string response(const Content& content, bool to_head) {
  std::string out;
  Headers headers{{"Content-Type", content.type},
                  {"Content-Length", std::to_string(content.text.size())},
                  {"Cache-Control", "no-store"},
                  {"X-Content-Type-Options", "nosniff"},
                  {"Connection", "close"}};
  if (content.status == 405) headers.emplace_back("Allow", "GET, HEAD");
  append_head(out, "HTTP/1.1 ", standard_status(content.status), headers);
  if (!to_head) out += content.text;
  return out;
}

std::string refusal(int status, std::string_view why, bool to_head = false) {
  return response(
      {.status = status,
       .text = standard_status(status) + ": " + std::string(why) + '\n'},
      to_head);
}

std::string answer(const Request& request, const Sources& sources) {
  const bool to_head = request.method == "HEAD";
  const auto page =
      std::find_if(pages.begin(), pages.end(),
                   [&](const Page& it) { return it.path == request.path; });
  if (page == pages.end()) {
    return refusal(404, "there are /status, /status.txt, /metrics and /ping",
                   to_head);
  }
  if (!to_head && request.method != "GET") {
    return refusal(405, "this only answers GET and HEAD");
  }
  return response(page->make(sources), to_head);
}

/// True once the empty line that ends a head has come.
bool has_whole_head(std::string_view bytes) {
  while (const auto line = take_line(bytes)) {
    if (line->empty()) return true;
  }
  return false;
}

/// What no head may hold: another protocol speaks, whose peer would wait for
/// an answer to a head that never ends.
bool is_no_text(std::string_view bytes) {
  return std::any_of(bytes.begin(), bytes.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\r' && c != '\n' && c != '\t') || byte == 0x7F;
  });
}

}  // namespace

std::optional<std::string> answer_status(std::string_view bytes,
                                         const SnapshotSource& source,
                                         MeasureMemory measure) {
  // RFC 9112 section 2.2: an empty line before the request is ignored.
  if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
  std::string_view head = bytes.substr(0, most_status_head);
  try {
    if (!has_whole_head(head)) {
      if (is_no_text(head)) throw GatewayError("this is HTTP/1.1");
      if (bytes.size() < most_status_head) return std::nullopt;
      throw GatewayError("the head of the request is too large", 431);
    }
    const std::string_view line = *take_line(head);
    return answer(parse_head(line, head), {source, measure});
  } catch (const GatewayError& error) {
    return refusal(error.status(), error.what());
  }
}

}  // namespace decant::service
