// SPDX-License-Identifier: MIT
#include "decant/lint.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "decant/error.hpp"
#include "decant/headers.hpp"
#include "decant/status.hpp"
#include "decant/text.hpp"

namespace decant {
namespace {

constexpr std::array rules = std::to_array<Rule>({
    // What an application is given.
    {"method", "REQUEST_METHOD is present and is a token."},
    {"server",
     "SERVER_NAME, SERVER_PORT and SERVER_PROTOCOL are present and not "
     "empty."},
    {"script-name",
     "SCRIPT_NAME is empty or begins with a slash, and is never a slash "
     "alone."},
    {"path-info", "PATH_INFO is empty or begins with a slash."},
    {"path", "SCRIPT_NAME and PATH_INFO are not both empty."},
    {"content-variables",
     "HTTP_CONTENT_TYPE and HTTP_CONTENT_LENGTH are absent, because "
     "CONTENT_TYPE and CONTENT_LENGTH say it."},
    {"content-length-variable",
     "CONTENT_LENGTH is absent or a number of bytes in digits."},
    {"url-scheme", "The URL scheme is http or https."},
    // What it may do.
    {"environ-kept",
     "The application may change the environ, but REQUEST_METHOD, "
     "SERVER_NAME and SERVER_PORT stay in it."},
    {"start-response-first",
     "The application calls start_response before it yields its first "
     "non-empty chunk."},
    {"start-response-called",
     "The application calls start_response before its body ends, even when "
     "the body has no chunks."},
    {"start-response-once",
     "The application calls start_response once; only the exception that it "
     "is handling, as third argument, allows a further call."},
    {"status",
     "The status is three digits, one space and a reason that may be empty, "
     "without control characters."},
    {"status-final", "The status is a final one, from 200 on."},
    {"headers",
     "The name of each header is a token other than Status and no "
     "hop-by-hop header, its value holds no control character, and "
     "Content-Length comes at most once and in digits."},
    {"content-type",
     "The headers give a Content-Type, unless the status is 204 or 304."},
    {"no-content-type",
     "The headers give no Content-Type when the status is 204 or 304."},
    {"no-content",
     "The application sends no bytes when the status is 204 or 304."},
    {"content-length-most",
     "The application sends no more bytes than its Content-Length."},
    {"content-length-least",
     "The application sends no fewer bytes than its Content-Length, unless "
     "the request method is HEAD."},
    {"write-before-body",
     "The application calls write before it returns its body, never from "
     "within the body."},
    {"closed",
     "The application calls neither start_response nor write once its body "
     "is closed."},
});

/// The rule of that name; an unknown name does not compile.
consteval const Rule& rule(std::string_view id) {
  for (const Rule& candidate : rules) {
    if (candidate.id == id) return candidate;
  }
  throw "there is no such rule";
}

[[noreturn]] void broken(const Rule& rule, const std::string& seen) {
  throw ApplicationError("lint: " + std::string(rule.text) + " Seen: " + seen +
                         " [" + std::string(rule.id) + ']');
}

std::string shown(const Environ& env, std::string_view name) {
  return std::string(name) +
         (env.contains(name) ? " is " + quoted(env[name]) : " is absent");
}

/// The environ as the server side must deliver it (PEP 3333, "environ
/// Variables").
void check_environ(const Environ& env) {
  const auto require = [&env](bool kept, const Rule& rule,
                              std::string_view name) {
    if (!kept) broken(rule, shown(env, name));
  };
  require(is_token(env["REQUEST_METHOD"]), rule("method"), "REQUEST_METHOD");
  for (const auto name : {"SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL"}) {
    require(!env[name].empty(), rule("server"), name);
  }
  const std::string_view script_name = env["SCRIPT_NAME"];
  const std::string_view path_info = env["PATH_INFO"];
  require(script_name.empty() ||
              (script_name.starts_with('/') && script_name.size() > 1),
          rule("script-name"), "SCRIPT_NAME");
  require(path_info.empty() || path_info.starts_with('/'), rule("path-info"),
          "PATH_INFO");
  require(!script_name.empty() || !path_info.empty(), rule("path"),
          "PATH_INFO");
  for (const auto name : {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"}) {
    require(!env.contains(name), rule("content-variables"), name);
  }
  require(!env.contains("CONTENT_LENGTH") ||
              parse_content_length(env["CONTENT_LENGTH"]),
          rule("content-length-variable"), "CONTENT_LENGTH");
  if (env.url_scheme() != "http" && env.url_scheme() != "https") {
    broken(rule("url-scheme"), quoted(env.url_scheme()));
  }
}

void check_environ_kept(const Environ& env) {
  for (const auto name : {"REQUEST_METHOD", "SERVER_NAME", "SERVER_PORT"}) {
    if (!env.contains(name)) broken(rule("environ-kept"), shown(env, name));
  }
}

Status checked_status(std::string_view line) {
  try {
    return Status(line);
  } catch (const ApplicationError&) {
    broken(rule("status"), quoted(line));
  }
}

std::optional<std::uint64_t> checked_length(const Headers& headers) {
  try {
    return check_headers(headers);
  } catch (const ApplicationError& error) {
    broken(rule("headers"), error.what());
  }
}

/// What the application has done so far with one request. Shared with the
/// callables it holds, which may outlive the request.
class Conduct : public std::enable_shared_from_this<Conduct> {
 public:
  Conduct(StartResponse inner, bool head_only)
      : inner_(std::move(inner)), head_only_(head_only) {}

  Write start_response(std::string_view status, Headers headers,
                       const std::exception_ptr& error) {
    check_open("start_response");
    if (called_ && !error) {
      broken(rule("start-response-once"),
             "a further call with " + quoted(status) + " and no exception");
    }
    called_ = true;
    const Status checked = checked_status(status);
    if (checked.code() < 200) broken(rule("status-final"), quoted(status));
    const auto length = checked_length(headers);
    check_content_type(checked, headers);
    // With an error after the head this throws and nothing is replaced.
    Write write = inner_(status, std::move(headers), error);
    has_content_ = checked.has_content();
    content_length_ = length;
    started_ = true;
    return [self = shared_from_this(),
            write = std::move(write)](std::string_view chunk) {
      self->check_open("write");
      if (self->returned_) {
        broken(rule("write-before-body"), "a call from within the body");
      }
      self->count(chunk);
      write(chunk);
    };
  }

  /// A chunk of the body or of write.
  void count(std::string_view chunk) {
    if (chunk.empty()) return;
    const std::string bytes = std::to_string(chunk.size()) + " bytes";
    if (!started_) {
      broken(rule("start-response-first"), bytes + " before it");
    }
    if (!has_content_) broken(rule("no-content"), bytes);
    sent_ += chunk.size();
    if (content_length_ && sent_ > *content_length_) {
      broken(rule("content-length-most"), sent_of_length());
    }
  }

  void returned() noexcept { returned_ = true; }

  /// The body has ended by itself.
  void ended() const {
    if (!started_) broken(rule("start-response-called"), "the end without it");
    if (has_content_ && !head_only_ && content_length_ &&
        sent_ < *content_length_) {
      broken(rule("content-length-least"), sent_of_length());
    }
  }

  void closed() noexcept { closed_ = true; }

 private:
  void check_open(std::string_view callable) const {
    if (closed_) broken(rule("closed"), "a call of " + std::string(callable));
  }

  static void check_content_type(const Status& status, const Headers& headers) {
    const std::string* const type = find_header(headers, "Content-Type");
    if (status.has_content() && type == nullptr) {
      broken(rule("content-type"), quoted(status.line()) + " without one");
    }
    if (!status.has_content() && type != nullptr) {
      broken(rule("no-content-type"),
             quoted(status.line()) + " with " + quoted(*type));
    }
  }

  std::string sent_of_length() const {
    return std::to_string(sent_) + " bytes with a Content-Length of " +
           std::to_string(*content_length_);
  }

  StartResponse inner_;
  bool head_only_;
  std::optional<std::uint64_t> content_length_;
  std::uint64_t sent_ = 0;
  bool has_content_ = true;
  bool called_ = false;   // start_response, even when it threw
  bool started_ = false;  // it was called without a complaint
  bool returned_ = false;
  bool closed_ = false;
};

/// The body of the application, watched. It also owns the start_response that
/// the application was given by reference: a coroutine may still use that.
class WatchedBody final : public detail::ChunkStream {
 public:
  WatchedBody(Environ& env, const StartResponse& start_response)
      : env_(env),
        conduct_(std::make_shared<Conduct>(start_response,
                                           env["REQUEST_METHOD"] == "HEAD")),
        start_response_([conduct = conduct_](std::string_view status,
                                             Headers headers,
                                             const std::exception_ptr& error) {
          return conduct->start_response(status, std::move(headers), error);
        }) {}
  ~WatchedBody() override { conduct_->closed(); }

  void call(const Application& application) {
    body_ = application(env_, start_response_);
    conduct_->returned();
    check_environ_kept(env_);
  }

  const Body& body() const noexcept { return body_; }

  bool next(std::string_view& chunk) override {
    if (body_.next(chunk)) {
      conduct_->count(chunk);
      return true;
    }
    conduct_->ended();
    check_environ_kept(env_);
    return false;
  }

  void close() override {
    conduct_->closed();
    body_.close();
  }

 private:
  Environ& env_;
  std::shared_ptr<Conduct> conduct_;
  StartResponse start_response_;
  Body body_;  // last: it goes first
};

}  // namespace

std::span<const Rule> lint_rules() {
  return rules;
}

Middleware lint() {
  return [](Application application) -> Application {
    return [application = std::move(application)](
               Environ& env, const StartResponse& start_response) -> Body {
      check_environ(env);
      auto watched = std::make_unique<WatchedBody>(env, start_response);
      watched->call(application);
      const auto length = watched->body().length();
      const auto size = watched->body().size();
      return Body(std::move(watched), length, size);
    };
  };
}

}  // namespace decant
