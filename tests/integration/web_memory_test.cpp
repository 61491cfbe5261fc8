// SPDX-License-Identifier: MIT
// A large upload goes through in constant memory.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "integration/fixtures.hpp"
#include "support/catch.hpp"
#include "support/nginx.hpp"

using namespace decant::test;

namespace {

constexpr long most_kib = 4096;

/// A file of zeros that takes no room.
std::string sparse_file(const TemporaryDirectory& directory,
                        const std::string& name, std::uintmax_t size) {
  std::filesystem::resize_file(directory.write(name, ""), size);
  return directory / name;
}

std::string send(const std::string& file, const std::string& url) {
  return run_clean({find_tool("curl"), "-sS", "--max-time", "60", "-F",
                    "file=@" + file, url})
      .out;
}

/// The service, which is one process, has at no moment more than it had after
/// a small file.
void check_memory(const Service& service, const std::string& url) {
  const TemporaryDirectory directory;
  CHECK(send(sparse_file(directory, "small", 1000), url) ==
        "file: 1000 bytes in memory\n");
  CHECK(send(sparse_file(directory, "medium", 1 << 20), url) ==
        "file: 1048576 bytes in a file\n");
  const long before = memory_of(service.pid(), "VmRSS");
  REQUIRE(before > 0);
  CHECK(send(sparse_file(directory, "large", 64 << 20), url) ==
        "file: 67108864 bytes in a file\n");
  CHECK(memory_of(service.pid(), "VmHWM") - before <= most_kib);
}

}  // namespace

TEST_CASE("a large upload takes no memory over HTTP", "[web-memory]") {
  if (missing("curl", "curl")) return;
  const Service service({application("web_keeper")}, "127.0.0.1:0", "http");
  check_memory(service, "http://" + service.endpoint() + "/");
}

TEST_CASE("a large upload takes no memory over FastCGI", "[web-memory]") {
  if (missing("curl", "curl") || missing("nginx", "nginx-light")) return;
  const TemporaryDirectory directory;
  const Service service({application("web_keeper")}, "unix:" + directory / "s");
  const Nginx nginx(
      "client_max_body_size 0;\nfastcgi_request_buffering off;\n"
      "location / { include fastcgi_params; fastcgi_pass " +
      service.endpoint() + "; }\n");
  check_memory(service,
               "http://127.0.0.1:" + std::to_string(nginx.port()) + "/");
}
