// SPDX-License-Identifier: MIT
#include "integration/service_fixtures.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace fs = std::filesystem;

namespace decant::test {
namespace {

struct ProcessState {
  char state = 0;
  pid_t parent = 0;
};

std::optional<ProcessState> state_of(const fs::path& folder) {
  std::ifstream file(folder / "stat");
  std::string text;
  if (!std::getline(file, text)) return std::nullopt;
  // "PID (any ) name) S PARENT ..."
  const std::size_t end = text.rfind(')');
  if (end == std::string::npos) return std::nullopt;
  std::istringstream rest(text.substr(end + 1));
  ProcessState state;
  rest >> state.state >> state.parent;
  return state;
}

fs::path folder_of(pid_t pid) {
  return "/proc/" + std::to_string(pid);
}

}  // namespace

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    std::from_chars(name.data(), name.data() + name.size(), pid);
    if (pid == 0) continue;
    const auto state = state_of(entry.path());
    if (state && state->parent == parent) children.push_back(pid);
  }
  std::sort(children.begin(), children.end());
  return children;
}

std::size_t thread_count(pid_t pid) {
  const fs::directory_iterator tasks(folder_of(pid) / "task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

bool is_alive(pid_t pid) {
  const auto state = state_of(folder_of(pid));
  return state && state->state != 'Z' && state->state != 'X';
}

bool comes_to(const Service& service, std::size_t count) {
  return wait_until([&] { return children_of(service.pid()).size() == count; });
}

bool says(const Service& service, const std::string& text, std::size_t times) {
  return wait_until([&] { return count(service.log(), text) >= times; });
}

FastcgiResponse ask(const std::string& endpoint, const std::string& path) {
  FastcgiClient client(endpoint);
  client.send(fastcgi_request(get(path), ""));
  return client.receive();
}

std::string body_of(const std::string& endpoint, const std::string& path) {
  const std::string output = ask(endpoint, path).output;
  const std::size_t end = output.find("\r\n\r\n");
  return end == std::string::npos ? output : output.substr(end + 4);
}

std::string write_python(const TemporaryDirectory& directory,
                         const std::string& answer, const std::string& name) {
  // Written aside, so that nobody loads half of it.
  const std::string aside = directory.write(
      name + ".new",
      "import os\n"
      "import time\n"
      "\n"
      "def application(environ, start_response):\n"
      "    path = environ['PATH_INFO']\n"
      "    if path == '/sleep':\n"
      "        time.sleep(1000)\n"
      "    if path == '/spin':\n"
      "        while True:\n"
      "            pass\n"
      "    start_response('200 OK', [('Content-Type', 'text/plain')])\n"
      "    if path == '/half':\n"
      "        return halves()\n"
      "    if path == '/pid':\n"
      "        return [str(os.getpid()).encode()]\n"
      "    return [b'" +
          answer +
          "']\n"
          "\n"
          "def halves():\n"
          "    yield b'first'\n"
          "    time.sleep(1000)\n");
  fs::rename(aside, directory / name);
  return directory / name;
}

}  // namespace decant::test
