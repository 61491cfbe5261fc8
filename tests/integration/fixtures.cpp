// SPDX-License-Identifier: MIT
#include "integration/fixtures.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

namespace fs = std::filesystem;

namespace decant::test {
namespace {

/// Where a service says that it listens; empty before.
std::string endpoint_in(const std::string& log) {
  constexpr std::string_view words = "listening on ";
  const std::size_t at = log.find(words);
  if (at == std::string::npos || log.find('\n', at) == std::string::npos) {
    return "";
  }
  const std::size_t begin = at + words.size();
  std::string endpoint = log.substr(begin, log.find(',', begin) - begin);
  constexpr std::string_view scheme = "http://";
  if (endpoint.starts_with(scheme)) endpoint.erase(0, scheme.size());
  return endpoint;
}

Command service_command(const std::string& protocol, Words words,
                        const std::string& endpoint) {
  // What a test looks at is the process it started, unless it wants others.
  const bool chooses =
      std::find(words.begin(), words.end(), "--processes") != words.end();
  if (!chooses) words.insert(words.end(), {"--processes", "0"});
  words.insert(words.begin(), {decant_command(), protocol});
  if (!endpoint.empty()) words.insert(words.end(), {"--listen", endpoint});
  // A web server in a test may be another user.
  if (endpoint.starts_with("unix:")) {
    words.insert(words.end(), {"--mode", "0666"});
  }
  return {.words = words};
}

Command with_error_file(Command command, const std::string& file) {
  command.error_file = file;
  return command;
}

bool say_missing(const std::string& package) {
  std::cout << "skipped: " << package << " is not installed\n";
  return true;
}

}  // namespace

std::string decant_command() {
  return DECANT_COMMAND;
}

std::string hello_binary() {
  return DECANT_EXAMPLES "/hello";
}

std::string plugin(const std::string& name) {
  return DECANT_EXAMPLES "/" + name + ".so";
}

std::string application(const std::string& name) {
  return DECANT_TEST_APPLICATIONS ":" + name;
}

Ran run_clean(const Words& words, const std::string& input,
              const Pairs& variables) {
  Command command{.words = words,
                  .environment = variables,
                  .inherit_environment = false,
                  .input = input};
  command.environment.emplace_back("PATH", "/usr/bin:/bin");
  return run(std::move(command));
}

bool missing(const std::string& name, const std::string& package) {
  return find_tool(name).empty() && say_missing(package);
}

bool missing_file(const std::string& path, const std::string& package) {
  return !fs::exists(path) && say_missing(package);
}

std::string example(const std::string& name, const Pairs& words) {
  std::string text = read_file(DECANT_EXAMPLE_SOURCES "/" + name);
  for (const auto& [word, by] : words) {
    std::size_t at = text.find(word);
    if (at == std::string::npos) {
      throw std::runtime_error("test: no '" + word + "' in " + name);
    }
    for (; at != std::string::npos; at = text.find(word, at + by.size())) {
      text.replace(at, word.size(), by);
    }
  }
  return text;
}

std::string browser_content() {
  std::string bytes;
  for (unsigned i = 0; i < 300000; ++i) bytes += static_cast<char>(i * 7 % 251);
  return bytes;
}

Words browser_words(const std::string& profile) {
  return {find_tool("chromium"),
          "--headless",
          "--no-sandbox",
          "--disable-gpu",
          "--disable-dev-shm-usage",
          "--user-data-dir=" + profile};
}

std::string browse(const std::string& url) {
  const TemporaryDirectory profile;
  Words words = browser_words(profile.path());
  words.insert(words.end(), {"--virtual-time-budget=10000", "--dump-dom", url});
  return run({.words = words, .environment = {{"HOME", profile.path()}}},
             3 * patience)
      .out;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + part.size())) {
    ++found;
  }
  return found;
}

std::size_t open_descriptors(pid_t pid) {
  const fs::directory_iterator files("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

long memory_of(pid_t pid, const std::string& field) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string name; status >> name;) {
    long value = 0;
    if (name == field + ":" && status >> value) return value;
  }
  return -1;
}

std::string copy_programs(const TemporaryDirectory& directory) {
  let_all_enter(directory);
  const fs::path folder = directory / "programs";
  fs::create_directory(folder);
  fs::copy_file(decant_command(), folder / "decant");
  const std::string python = DECANT_TEST_PYTHON_MODULE;
  if (!python.empty()) {
    const fs::path modules = directory / DECANT_TEST_LIBRARY_FOLDER "/decant";
    fs::create_directories(modules);
    fs::copy_file(python, modules / fs::path(python).filename());
  }
  fs::copy_file(hello_binary(), folder / "hello");
  fs::copy_file(DECANT_TEST_APPLICATIONS, folder / "applications.so");
  return folder;
}

std::string make_cgi_bin(const TemporaryDirectory& directory) {
  const fs::path programs = copy_programs(directory);
  const fs::path cgi_bin = directory / "cgi-bin";
  fs::create_directory(cgi_bin);
  fs::copy_file(hello_binary(), cgi_bin / "hello");
  fs::copy_file(DECANT_EXAMPLE_SOURCES "/hello.py", cgi_bin / "hello.py");
  for (const std::string name : {"environ", "echo", "unread", "web_form"}) {
    std::ofstream(cgi_bin / name)
        << "#!/bin/sh\nexec " << programs.string() << "/decant cgi "
        << programs.string() << "/applications.so:" << name << '\n';
    fs::permissions(cgi_bin / name, fs::perms(0755));
  }
  return cgi_bin;
}

FastcgiVariables get(const std::string& path) {
  return {{"REQUEST_METHOD", "GET"},
          {"SCRIPT_NAME", ""},
          {"PATH_INFO", path},
          {"SERVER_PROTOCOL", "HTTP/1.1"}};
}

FastcgiVariables post(const std::string& path, const std::string& length) {
  FastcgiVariables variables = get(path);
  variables[0].second = "POST";
  variables.emplace_back("CONTENT_LENGTH", length);
  return variables;
}

Gate::Gate(std::string path) : path_(std::move(path)) {
  if (::mkfifo(path_.c_str(), 0666) != 0) {
    throw std::runtime_error("test: mkfifo failed");
  }
}

void Gate::await_reader() {
  // ENXIO until somebody has opened the FIFO for reading.
  const bool came =
      end_ || wait_until([this] {
        end_.reset(::open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
        return static_cast<bool>(end_);
      });
  if (!came) throw std::runtime_error("test: nobody came to the gate");
}

void Gate::open() {
  await_reader();
  end_.reset();
}

Service::Service(Words words, const std::string& endpoint,
                 const std::string& protocol)
    : Service(service_command(protocol, std::move(words), endpoint)) {}

Service::Service(Command command)
    : log_file_(directory_ / "log"),
      process_(with_error_file(std::move(command), log_file_)) {
  wait_until([this] {
    endpoint_ = endpoint_in(log());
    return !endpoint_.empty() || !process_.running();
  });
  if (endpoint_.empty()) {
    throw std::runtime_error("test: no service came up; it printed " + log());
  }
}

}  // namespace decant::test
