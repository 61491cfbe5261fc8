// SPDX-License-Identifier: MIT
#include "conformance/service.hpp"

#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

#include "conformance/server_side.hpp"
#include "support/ports.hpp"
#include "support/socket_client.hpp"

namespace decant::conformance {
namespace {

test::Command command(const test::TemporaryDirectory& directory,
                      const std::string& endpoint, const std::string& app,
                      const test::Words& options, const std::string& protocol) {
  test::Words words = {
      decant_command(),
      protocol,
      app,
      "--listen",
      endpoint,
      "--processes",
      "1",
      "--threads",
      "4",
      "--env",
      std::string(deployed_name) + '=' + std::string(deployed_value)};
  words.insert(words.end(), options.begin(), options.end());
  return {.words = words, .error_file = directory / "log"};
}

/// By TCP where a response that is cut can be seen by a reset alone.
std::string endpoint_for(const std::string& protocol,
                         const test::TemporaryDirectory& directory) {
  return protocol == "scgi" || protocol == "uwsgi"
             ? "127.0.0.1:" + std::to_string(test::free_port())
             : "unix:" + directory / "socket";
}

}  // namespace

Service::Service(const std::string& app, const test::Words& options,
                 const std::string& protocol)
    : endpoint_(endpoint_for(protocol, directory_)),
      process_(command(directory_, endpoint_, app, options, protocol)) {
  const bool ready = test::wait_until(
      [this] { return test::accepts(endpoint_) || !running(); });
  if (!ready || !running()) {
    throw std::runtime_error("the service does not start: " + log(0, {}));
  }
}

Service::~Service() {
  process_.signal(SIGTERM);
  const auto status = process_.wait();
  if (status == 0) return;
  std::cerr << "the service ended with "
            << (status ? std::to_string(*status) : "nothing in time") << ":\n"
            << log(0, {}) << std::flush;
  std::_Exit(1);
}

std::size_t Service::log_size() const {
  std::error_code none;
  const auto size = std::filesystem::file_size(directory_ / "log", none);
  return none ? 0 : static_cast<std::size_t>(size);
}

std::string Service::log(std::size_t offset,
                         const std::vector<std::string>& awaited) const {
  std::string text;
  test::wait_until([&] {
    std::ifstream file(directory_ / "log", std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    std::ostringstream all;
    all << file.rdbuf();
    text = all.str();
    return std::all_of(awaited.begin(), awaited.end(),
                       [&text](const std::string& line) {
                         return text.find(line) != std::string::npos;
                       });
  });
  return text;
}

}  // namespace decant::conformance
