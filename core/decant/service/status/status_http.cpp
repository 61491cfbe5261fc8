// SPDX-License-Identifier: MIT
#include "decant/service/status/status_http.hpp"

#include <algorithm>
#include <array>

#include "decant/headers.hpp"
#include "decant/http/head.hpp"
#include "decant/service/status/metrics.hpp"
#include "decant/status.hpp"

namespace decant::service {
namespace {

struct Content {
  int status = 200;
  const char* type = "text/plain; charset=utf-8";
  std::string text;
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

std::string answer(const http::RequestHead& request, const Sources& sources) {
  const bool to_head = request.method == "HEAD";
  const auto page = std::find_if(
      pages.begin(), pages.end(),
      [&](const Page& it) { return it.path == request.target.path; });
  if (page == pages.end()) {
    return refusal(404, "there are /status, /status.txt, /metrics and /ping",
                   to_head);
  }
  if (!to_head && request.method != "GET") {
    return refusal(405, "this only answers GET and HEAD");
  }
  return response(page->make(sources), to_head);
}

}  // namespace

std::optional<std::string> answer_status(std::string_view bytes,
                                         const SnapshotSource& source,
                                         MeasureMemory measure) {
  using State = http::HeadScan::State;
  http::HeadParser parser;
  const http::HeadScan scan =
      parser.scan(bytes, {.most_bytes = most_status_head});
  switch (scan.state) {
    case State::incomplete:
      return std::nullopt;
    case State::refused:
      return refusal(scan.status, scan.why);
    case State::complete:
      break;
  }
  return answer(parser.head(), {source, measure});
}

}  // namespace decant::service
