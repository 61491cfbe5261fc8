// SPDX-License-Identifier: MIT
// The applications of the integration tests, in one plugin, each named after
// what it does: native:applications.so:NAME. What a test tells them comes by
// --env in variables that begin with "test.".
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <decant/decant.hpp>
#include <decant/descriptor.hpp>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace decant;

namespace {

const Headers plain_text = {{"Content-Type", "text/plain"}};

/// Waits until the test closes its end of the FIFO of "test.gate".
void wait_at_gate(const Environ& env) {
  const std::string gate(env["test.gate"]);
  const Descriptor fifo(::open(gate.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1> byte{};
  if (!fifo || read_some(fifo.get(), byte) < 0) {
    throw std::runtime_error("test: no gate at " + gate);
  }
}

/// Leaves the file of "test.mark", from the moment it is destroyed.
class Mark {
 public:
  explicit Mark(const Environ& env) : path_(env["test.mark"]) {}
  Mark(const Mark&) = delete;
  Mark& operator=(const Mark&) = delete;
  ~Mark() { std::ofstream(path_) << "closed\n"; }

 private:
  std::string path_;
};

Chunks gated_stream(Environ& env, StartResponse start_response) {
  start_response("200 OK", plain_text);
  co_yield "first\n";
  wait_at_gate(env);
  co_yield "second\n";
}

Chunks endless_stream(Environ& env, StartResponse start_response) {
  start_response("200 OK", plain_text);
  const Mark mark(env);
  const std::string chunk(4096, 'x');
  for (;;) {
    co_yield chunk;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

Chunks cut_with_length(Environ&, StartResponse start_response) {
  Headers headers = plain_text;
  headers.emplace_back("Content-Length", "1000");
  start_response("200 OK", headers);
  co_yield "the beginning\n";
  throw std::runtime_error("cut on purpose");
}

Chunks cut_without_length(Environ&, StartResponse start_response) {
  start_response("200 OK", plain_text);
  co_yield "the beginning\n";
  throw std::runtime_error("cut on purpose");
}

/// Answers QUERY_STRING bytes.
Chunks download(Environ& env, StartResponse start_response) {
  auto left = std::stoull(std::string(env["QUERY_STRING"]));
  start_response("200 OK", plain_text);
  const std::string block(65536, 'd');
  for (; left > block.size(); left -= block.size()) {
    co_yield block;
  }
  co_yield std::string_view(block).substr(0, left);
}

Body gated(Environ& env, const StartResponse& start_response) {
  wait_at_gate(env);
  start_response("200 OK", plain_text);
  return "through the gate\n";
}

Body failing(Environ&, const StartResponse&) {
  throw std::runtime_error("failed on purpose");
}

/// Writes QUERY_STRING bytes, or two lines, to wsgi.errors.
Body complaining(Environ& env, const StartResponse& start_response) {
  const std::string size(env["QUERY_STRING"]);
  env.errors().write(size.empty() ? "one line\nanother\n"
                                  : std::string(std::stoul(size), 'E') + '\n');
  start_response("200 OK", plain_text);
  return "complained\n";
}

Body echo(Environ& env, const StartResponse& start_response) {
  std::string body = env.input().read();
  start_response("200 OK", plain_text);
  return body;
}

Body unread(Environ&, const StartResponse& start_response) {
  start_response("200 OK", plain_text);
  return "not read\n";
}

Body environ_dump(Environ& env, const StartResponse& start_response) {
  start_response("200 OK", plain_text);
  std::string text;
  for (const auto& [name, value] : env) {
    text.append(name).append("=").append(value).append("\n");
  }
  return text;
}

/// What --env set in the process before this plugin was loaded.
const std::string greeting_at_load = [] {
  const char* const value = std::getenv("GREETING");
  return std::string(value != nullptr ? value : "none");
}();

Body greeting(Environ&, const StartResponse& start_response) {
  start_response("200 OK", plain_text);
  return greeting_at_load + "\n";
}

/// Prints by every way a C++ application has.
Body chatty(Environ&, const StartResponse& start_response) {
  std::printf("printf was here\n");
  std::fflush(stdout);
  std::cout << "cout was here" << std::endl;
  const char written[] = "write was here\n";
  if (::write(STDOUT_FILENO, written, sizeof written - 1) < 0) return {};
  if (std::system("echo a child was here; cat") != 0) return {};
  start_response("200 OK", plain_text);
  return "the response\n";
}

std::string output_of(const char* command) {
  const std::unique_ptr<std::FILE, decltype(&::pclose)> pipe(
      ::popen(command, "r"), &::pclose);
  std::string output;
  std::array<char, 256> line{};
  while (std::fgets(line.data(), line.size(), pipe.get()) != nullptr) {
    output += line.data();
  }
  return output;
}

/// The descriptors a child has: a shell's, which ls looks at from outside.
Body descriptors(Environ&, const StartResponse& start_response) {
  start_response("200 OK", plain_text);
  return output_of("ls /proc/$$/fd; true");
}

Body process_environment(Environ&, const StartResponse& start_response) {
  start_response("200 OK", plain_text);
  return output_of("env");
}

/// Breaks a rule that only lint checks: no Content-Type.
Body typeless(Environ&, const StartResponse& start_response) {
  start_response("200 OK", {});
  return "typeless\n";
}

Body not_found(Environ&, const StartResponse& start_response) {
  start_response("404 Not Found", plain_text);
  return "not here\n";
}

[[noreturn]] void wait_for_ever() {
  for (;;) std::this_thread::sleep_for(std::chrono::seconds(1000));
}

Chunks halves(Environ&, StartResponse start_response) {
  start_response("200 OK", plain_text);
  co_yield "first";
  wait_for_ever();
}

/// Memory that is used and never given back.
void leak(std::size_t bytes) {
  static std::vector<std::string> kept;
  kept.emplace_back(bytes, 'x');
}

/// Does what its path says.
Body obedient(Environ& env, const StartResponse& start_response) {
  const std::string path(env["PATH_INFO"]);
  if (path == "/gate") wait_at_gate(env);
  if (path == "/sleep") wait_for_ever();
  if (path == "/half") return halves(env, start_response);
  if (path == "/crash") ::raise(SIGSEGV);
  if (path == "/exit") ::_exit(0);
  if (path == "/leak") leak(std::size_t{32} << 20);
  if (path == "/fork") {
    const pid_t child = ::fork();
    if (child > 0) ::waitpid(child, nullptr, 0);
  }
  if (path.starts_with("/nap")) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  start_response("200 OK", plain_text);
  if (path.ends_with("/pid")) return std::to_string(::getpid());
  return "ok";
}

/// What came of the head of a request, and its body.
std::string told(Environ& env) {
  std::string text = "method=" + std::string(env["REQUEST_METHOD"]) +
                     "\nuri=" + std::string(env["REQUEST_URI"]) +
                     "\npath=" + std::string(env["PATH_INFO"]) +
                     "\nquery=" + std::string(env["QUERY_STRING"]) +
                     "\nhost=" + std::string(env["HTTP_HOST"]) +
                     "\nscheme=" + std::string(env.url_scheme()) +
                     "\nbody=" + env.input().read() + '\n';
  for (const auto& [name, value] : env) {
    if (name.starts_with("HTTP_") || name == "CONTENT_TYPE" ||
        name.starts_with("REMOTE_") || name.starts_with("SERVER_") ||
        name == "SCRIPT_NAME") {
      text += std::string(name) + '=' + std::string(value) + '\n';
    }
  }
  return text;
}

Chunks broken_off(StartResponse start_response, Headers headers) {
  start_response("200 OK", headers);
  co_yield "first";
  throw std::runtime_error("test: as it was told");
}

Chunks streamed(StartResponse start_response) {
  start_response("200 OK", plain_text);
  co_yield "one";
  co_yield "two";
}

/// Answers in every way that HTTP frames differently.
Body http_echo(Environ& env, const StartResponse& start_response) {
  const std::string path(env["PATH_INFO"]);
  if (path == "/stream") return streamed(start_response);
  if (path == "/cut-stream") return broken_off(start_response, plain_text);
  if (path == "/cut-known") {
    return broken_off(start_response, {{"Content-Length", "9"}});
  }
  if (path == "/fails") throw std::runtime_error("test: as it was told");
  if (path == "/204") {
    start_response("204 No Content", {});
    return {};
  }
  if (path == "/304") {
    start_response("304 Not Modified", {{"ETag", "\"x\""}});
    return {};
  }
  if (path == "/103") {
    start_response("103 Early Hints", {});
    return {};
  }
  if (path == "/dated") {
    start_response("200 OK", {{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"},
                              {"Server", "mine"}});
    return "dated";
  }
  if (path == "/known" || path == "/unread") {
    start_response("200 OK", plain_text);
    return "known";
  }
  std::string text = told(env);
  start_response("200 OK", plain_text);
  return text;
}

/// Its last line goes out when another request has been made, which the reader
/// of the first line makes.
class Relay {
 public:
  Chunks stream(StartResponse start_response) {
    start_response("200 OK", plain_text);
    co_yield "first ";
    std::unique_lock lock(mutex_);
    const bool seen = changed_.wait_for(lock, std::chrono::seconds(10),
                                        [this] { return is_seen_; });
    co_yield seen ? "seen" : "late";
  }

  void see() {
    const std::lock_guard lock(mutex_);
    is_seen_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_seen_ = false;
};

/// What a page in a browser asks for.
Body browser_site(Environ& env, const StartResponse& start_response) {
  static Relay relay;
  const std::string path(env["PATH_INFO"]);
  if (path == "/stream") return relay.stream(start_response);
  if (path == "/seen") relay.see();
  if (path == "/upload") {
    const std::string form = env.input().read();
    const std::size_t file = form.find("filename=\"file.bin\"");
    const bool whole =
        file != std::string::npos &&
        form.find("\r\n\r\n" + std::string(100'000, 'x') + "\r\n--", file) !=
            std::string::npos;
    const std::size_t said = std::min(form.find("SAID"), form.size());
    env.errors().write(
        "upload of " + std::string(env["CONTENT_TYPE"].substr(0, 20)) +
        (whole ? " whole: " : " broken: ") +
        form.substr(said, form.find("\r\n", said) - said) + '\n');
  }
  start_response("200 OK", plain_text);
  return "ok";
}

/// Dies as soon as it is loaded, where it is told to.
[[maybe_unused]] const bool is_alive_at_load = [] {
  if (std::getenv("TEST_EXIT_AT_LOAD") != nullptr) ::_exit(7);
  if (std::getenv("TEST_CRASH_AT_LOAD") != nullptr) ::raise(SIGSEGV);
  return true;
}();

}  // namespace

DECANT_APPLICATION_AS(gated_stream, gated_stream)
DECANT_APPLICATION_AS(endless_stream, endless_stream)
DECANT_APPLICATION_AS(cut_with_length, cut_with_length)
DECANT_APPLICATION_AS(cut_without_length, cut_without_length)
DECANT_APPLICATION_AS(download, download)
DECANT_APPLICATION_AS(gated, gated)
DECANT_APPLICATION_AS(failing, failing)
DECANT_APPLICATION_AS(complaining, complaining)
DECANT_APPLICATION_AS(echo, echo)
DECANT_APPLICATION_AS(unread, unread)
DECANT_APPLICATION_AS(environ, environ_dump)
DECANT_APPLICATION_AS(browser_site, browser_site)
DECANT_APPLICATION_AS(http_echo, http_echo)
DECANT_APPLICATION_AS(greeting, greeting)
DECANT_APPLICATION_AS(chatty, chatty)
DECANT_APPLICATION_AS(descriptors, descriptors)
DECANT_APPLICATION_AS(process_environment, process_environment)
DECANT_APPLICATION_AS(typeless, typeless)
DECANT_APPLICATION_AS(not_found, not_found)
DECANT_APPLICATION_AS(obedient, obedient)
