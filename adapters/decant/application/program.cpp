// SPDX-License-Identifier: MIT
#include "decant/application/program.hpp"

#include "decant/error.hpp"

#ifdef DECANT_PROGRAM

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>

#include "decant/application/program/conversation.hpp"
#include "decant/application/program/environment.hpp"
#include "decant/application/program/location.hpp"
#include "decant/text.hpp"

#endif

namespace decant::program {

#ifndef DECANT_PROGRAM

Application load(const std::string&, const Options&) {
  throw LoadError(
      "program: this decant was built without CGI programs; build it with "
      "-DDECANT_PROGRAM=ON, or give a C++ plugin, as ./hello.so");
}

Application wrap(std::vector<std::string>, const Options& options) {
  return load("", options);
}

#else

namespace {

using Find = std::function<Location(const Environ&)>;

/// The application: one program of those that `find` knows per request.
class Host {
 public:
  Host(Find find, const Options& options)
      : find_(std::move(find)),
        environment_(options),
        timeout_(options.timeout),
        grace_(options.grace) {}

  Body operator()(Environ& env, const StartResponse& start_response) const {
    const Location location = find_(env);
    const std::string directory =
        location.file.substr(0, location.file.rfind('/') + 1);
    FirstInput first(env.input());
    // Without a length the body ends with the input. Programs know that from
    // Apache, which says it so.
    if (!first.text.empty() && !env.input().length()) {
      env.set_view("HTTP_TRANSFER_ENCODING", "chunked");
    }
    auto block = environment_.make(env, location.script_name,
                                   location.path_info, location.file);
    const Start start{.file = location.file.c_str(),
                      .directory = directory.c_str(),
                      .environment = block.get(),
                      .with_input = first.has_body};
    auto conversation = std::make_unique<Conversation>(
        env, start, std::move(first), timeout_, grace_);
    cgi_response::Head head = conversation->read_head();
    start_response(head.status.line(), for_gateway(std::move(head.headers)));
    return conversation;
  }

 private:
  /// What belongs to one connection is not the program's (RFC 3875 section
  /// 6.3.4); a body in a transfer coding would be taken for the content.
  static Headers for_gateway(Headers headers) {
    std::erase_if(headers, [](const auto& header) {
      const std::string_view name = header.first;
      return is_hop_by_hop(name) &&
             !equals_ignoring_case(name, "Transfer-Encoding");
    });
    if (find_header(headers, "Transfer-Encoding") != nullptr) {
      throw GatewayError(
          "program: it wrote Transfer-Encoding, which is the web server's; "
          "write the content as it is",
          502);
    }
    return headers;
  }

  Find find_;
  Environment environment_;
  std::chrono::seconds timeout_;
  std::optional<std::chrono::seconds> grace_;
};

Application make(Find find, const Options& options) {
  const auto host = std::make_shared<const Host>(std::move(find), options);
  return [host](Environ& env, const StartResponse& start_response) {
    return (*host)(env, start_response);
  };
}

std::string resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> text(
      ::realpath(path.c_str(), nullptr), &std::free);
  struct stat info {};
  if (text != nullptr && ::stat(text.get(), &info) == 0 &&
      !S_ISREG(info.st_mode)) {
    throw LoadError("program: " + decant::quoted(path) +
                    " is no file; a directory of programs is given with a / "
                    "at the end");
  }
  if (text == nullptr || ::access(text.get(), X_OK) != 0) {
    throw LoadError("program: " + decant::quoted(path) + ": " +
                    std::strerror(errno) +
                    (errno == EACCES ? "; make it executable (chmod +x)"
                                     : "; give the path of a program"));
  }
  return text.get();
}

}  // namespace

Application load(const std::string& path, const Options& options) {
  if (path.ends_with('/')) {
    const auto directory =
        std::make_shared<const Directory>(path, options.extensions);
    return make(
        [directory](const Environ& env) { return directory->find(env); },
        options);
  }
  return make(
      [file = resolved(path)](const Environ& env) {
        return Location{file, std::string(env["SCRIPT_NAME"]),
                        std::string(env["PATH_INFO"])};
      },
      options);
}

Application wrap(std::vector<std::string> allowed, const Options& options) {
  const auto programs = std::make_shared<const Anywhere>(std::move(allowed));
  return make([programs](const Environ& env) { return programs->find(env); },
              options);
}

#endif

}  // namespace decant::program
