// SPDX-License-Identifier: MIT
// How fast <decant/web.hpp> reads forms, and what a route costs, all in one
// process:
//   bench_web [MEGABYTES]
#include "decant/web.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "decant/gateway.hpp"

using namespace decant;

namespace {

constexpr const char* boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
constexpr int rounds = 3;

/// The best of some rounds, in seconds: what others do on the machine only ever
/// makes it slower.
template <class Call>
double seconds_of(const Call& call) {
  double best = 1e9;
  for (int i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    call();
    const std::chrono::duration<double> took =
        std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count());
  }
  return best;
}

template <class Call>
void show_rate(const char* what, std::size_t bytes, const Call& call) {
  const double rate = static_cast<double>(bytes) / seconds_of(call) / 1e6;
  std::printf("%-44s %8.0f MB/s\n", what, rate);
}

web::ReadBytes reader(std::string_view text) {
  return [text](std::span<char> buffer) mutable {
    const std::size_t size = text.copy(buffer.data(), buffer.size());
    text.remove_prefix(size);
    return size;
  };
}

/// The body of a form with one file, whose content repeats `pattern`.
std::string form_with_file(std::size_t size, std::string_view pattern) {
  std::string content;
  content.reserve(size + pattern.size());
  while (content.size() < size) content += pattern;
  web::MultipartWriter writer(boundary);
  writer.add_file("file", "a.bin", "application/octet-stream", content);
  return writer.text();
}

void read_parts(std::string_view body) {
  web::MultipartReader parts(reader(body), boundary);
  while (parts.next_part() != nullptr) {
    while (!parts.read().empty()) continue;
  }
}

/// The peak of memory in KiB, or what is in use now.
long memory(const char* name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name)) {
      return std::strtol(line.c_str() + std::strlen(name), nullptr, 10);
    }
  }
  return 0;
}

void bench_forms(std::size_t size) {
  const std::string noise = [] {
    std::string bytes(4099, '\0');
    unsigned state = 1;
    for (char& c : bytes) {
      state = state * 1103515245U + 12345U;
      c = static_cast<char>(state >> 16U);
    }
    return bytes;
  }();
  const std::string binary = form_with_file(size, noise);
  show_rate("multipart, one file of noise", binary.size(),
            [&] { read_parts(binary); });
  const std::string lines = form_with_file(size, "\r\n--");
  show_rate("multipart, one file of CR LF - -", lines.size(),
            [&] { read_parts(lines); });
  std::ofstream("/proc/self/clear_refs") << '5';
  const long before = memory("VmRSS:");
  show_rate("multipart, the file to the disk", binary.size(), [&] {
    web::Form::read(std::string("multipart/form-data; boundary=") + boundary,
                    reader(binary), {.most_file_bytes = size * 2});
  });
  std::printf("%-44s %8ld KiB\n", "  more memory than before",
              memory("VmHWM:") - before);

  // As many as there may be, and one as large as can be.
  constexpr std::size_t most_fields = 10000;
  constexpr std::string_view field = "field=some+value%20with%C3%A9+in+it&";
  std::string fields;
  for (std::size_t i = 0; i < most_fields; ++i) fields += field;
  std::string area = fields;
  std::replace(area.begin(), area.end(), '&', '+');
  const std::size_t times = std::max<std::size_t>(size / fields.size() / 4, 1);
  const auto parse_often = [times](const std::string& text) {
    for (std::size_t i = 0; i < times; ++i) {
      web::parse_urlencoded(text, most_fields);
    }
  };
  show_rate("url-encoded, fields of 36 bytes", fields.size() * times,
            [&] { parse_often(fields); });
  show_rate("url-encoded, one field", area.size() * times,
            [&] { parse_often(area); });
}

struct Nothing final : InputSource, Output, ErrorSink {
  std::size_t read(std::span<char>) override { return 0; }
  void start(const ResponseHead&, std::string_view, bool) override {}
  void send(std::string_view, bool) override {}
  void write(std::string_view) noexcept override {}
};

void bench_route(const char* what, const Application& application) {
  constexpr int requests = 200000;
  Nothing nothing;
  const normaliser::Rules rules;
  const Variables variables = {
      {"REQUEST_METHOD", "GET"}, {"PATH_INFO", "/users/7"},
      {"SCRIPT_NAME", ""},       {"QUERY_STRING", ""},
      {"SERVER_NAME", "bench"},  {"SERVER_PORT", "80"},
      {"HTTP_HOST", "bench"},    {"SERVER_PROTOCOL", "HTTP/1.1"}};
  const double took = seconds_of([&] {
    for (int i = 0; i < requests; ++i) {
      gateway::run({.variables = variables,
                    .input = nothing,
                    .output = nothing,
                    .errors = nothing,
                    .rules = rules,
                    .concurrency = {}},
                   application);
    }
  });
  std::printf("%-44s %8.0f ns\n", what, took / requests * 1e9);
}

Body plain(Environ&, const StartResponse& start_response) {
  start_response("200 OK", {{"Content-Type", "application/json"}});
  return "{\"id\": 7}\n";
}

}  // namespace

int main(int argc, char** argv) {
  const long megabytes = argc > 1 ? std::atol(argv[1]) : 256;
  bench_forms(static_cast<std::size_t>(std::max(megabytes, 1L)) * 1000000);
  web::Router router;
  router.get("/", [] { return "home"; });
  router.get("/users", [] { return "users"; });
  router.get("/users/{id:int}", [](int id) {
    return web::json("{\"id\": " + std::to_string(id) + "}\n");
  });
  bench_route("a request, plain", plain);
  bench_route("a request, routed", router);
}
