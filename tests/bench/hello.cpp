// SPDX-License-Identifier: MIT
// The application that the benchmarks serve: a hello, an upload that is
// counted, a download of as many bytes as the query says, a file.
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <decant/decant.hpp>
#include <string>
using namespace decant;

namespace {

constexpr std::size_t block = 65536;
/// What one record of FastCGI holds, as the hand-written peer sends it.
constexpr std::size_t record = 65528;

/// The same bytes over and over, as large.py has them.
Chunks blocks(std::uint64_t size) {
  const std::string bytes(record, 'd');
  for (; size > record; size -= record) {
    co_yield bytes;
  }
  co_yield std::string_view(bytes).substr(0, static_cast<std::size_t>(size));
}

Body upload(Environ& env, const StartResponse& start_response) {
  std::array<char, block> buffer;
  std::uint64_t total = 0;
  while (const std::size_t got = env.input().read_some(buffer)) total += got;
  start_response("200 OK", {{"Content-Type", "text/plain"}});
  return "got=" + std::to_string(total) + "\n";
}

Body download(Environ& env, const StartResponse& start_response) {
  const std::string_view query = env["QUERY_STRING"];
  std::uint64_t size = 0;
  std::from_chars(query.data(), query.data() + query.size(), size);
  start_response("200 OK", {{"Content-Type", "application/octet-stream"},
                            {"Content-Length", std::to_string(size)}});
  return blocks(size);
}

/// The file that the query names.
Body file(Environ& env, const StartResponse& start_response) {
  const std::string name(env["QUERY_STRING"]);
  start_response("200 OK", {{"Content-Type", "application/octet-stream"}});
  return env.file_wrapper(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
}

}  // namespace

Body bench_application(Environ& env, const StartResponse& start_response) {
  const std::string_view path = env["PATH_INFO"];
  if (path == "/upload") return upload(env, start_response);
  if (path == "/download") return download(env, start_response);
  if (path == "/file") return file(env, start_response);
  start_response("200 OK",
                 {{"Content-Type", "text/plain"}, {"Content-Length", "14"}});
  return "Hello, World!\n";
}

DECANT_APPLICATION(bench_application)
