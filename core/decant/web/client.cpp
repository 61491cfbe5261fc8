// SPDX-License-Identifier: MIT
#include "decant/web/client.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include "decant/error.hpp"
#include "decant/gateway.hpp"
#include "decant/lint.hpp"
#include "decant/text.hpp"
#include "decant/web/multipart.hpp"
#include "decant/web/reference.hpp"
#include "decant/web/urlencoded.hpp"

namespace decant::web {
namespace {

class ReplyOutput final : public Output {
 public:
  explicit ReplyOutput(Reply& reply) : reply_(reply) {}
  void start(const ResponseHead& head, std::string_view chunk, bool) override {
    reply_.status = head.status.code();
    reply_.status_line = head.status.line();
    reply_.headers = head.headers;
    reply_.body = chunk;
  }
  void send(std::string_view chunk, bool) override { reply_.body += chunk; }

 private:
  Reply& reply_;
};

class ReplyLog final : public ErrorSink {
 public:
  explicit ReplyLog(Reply& reply) : reply_(reply) {}
  void write(std::string_view lines) noexcept override { reply_.log += lines; }

 private:
  Reply& reply_;
};

/// What is left of the way: the gateway itself.
class Gateway final : public Transport {
 public:
  explicit Gateway(Application application)
      : application_(std::move(application)) {}

  Reply ask(const Asked& asked) override {
    const cgi_variables::RequestVariables variables = variables_of(asked);
    Reply reply;
    MemorySource input(asked.body);
    ReplyOutput output(reply);
    ReplyLog log(reply);
    const normaliser::Rules rules;
    reply.outcome = gateway::run({.variables = variables.view(),
                                  .input = input,
                                  .output = output,
                                  .errors = log,
                                  .rules = rules,
                                  .concurrency = {}},
                                 application_);
    return reply;
  }

 private:
  const Application application_;
};

void check_header(std::string_view name, std::string_view value) {
  if (!is_token(name) || !is_field_value(value)) {
    throw UsageError("client: " + quoted(name) + ": " + quoted(value) +
                     " is no header; give a name and a value");
  }
}

std::string_view host_of(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  return authority.ends_with(']') ? authority : authority.substr(0, colon);
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 ||
         status == 308;
}

/// RFC 9110 section 15.4: what the next request does.
bool becomes_get(int status, std::string_view method) {
  if (method == "HEAD") return false;
  return status == 303 ||
         ((status == 301 || status == 302) && method == "POST");
}

/// One that does not occur in what it parts.
std::string boundary_for(const Fields& fields,
                         const std::vector<Upload>& files) {
  std::string boundary = "decant-boundary-0";
  const auto holds = [&boundary](std::string_view text) {
    return text.find(boundary) != std::string_view::npos;
  };
  for (unsigned count = 1;; ++count) {
    const bool taken =
        std::any_of(fields.begin(), fields.end(),
                    [&](const auto& it) { return holds(it.second); }) ||
        std::any_of(files.begin(), files.end(),
                    [&](const Upload& it) { return holds(it.content); });
    if (!taken) return boundary;
    boundary = "decant-boundary-" + std::to_string(count);
  }
}

}  // namespace

Payload Payload::form(const Fields& fields) {
  return {"application/x-www-form-urlencoded", urlencoded(fields)};
}

Payload Payload::multipart(const Fields& fields,
                           const std::vector<Upload>& files) {
  MultipartWriter writer(boundary_for(fields, files));
  for (const auto& [name, value] : fields) writer.add(name, value);
  for (const Upload& file : files) {
    writer.add_file(file.name, file.filename, file.content_type, file.content);
  }
  return {writer.content_type(), writer.text()};
}

Payload Payload::json(std::string text) {
  return {"application/json", std::move(text)};
}

Client::Client(Application application, const ClientOptions& options)
    : application_(options.lint ? lint()(std::move(application))
                                : std::move(application)),
      options_(options),
      transport_(through_gateway(application_)) {}

Client& Client::through(std::shared_ptr<Transport> transport) {
  transport_ = std::move(transport);
  return *this;
}

Reply Client::get(std::string_view target, const Headers& headers) {
  return request("GET", target, {}, headers);
}

Reply Client::head(std::string_view target, const Headers& headers) {
  return request("HEAD", target, {}, headers);
}

Reply Client::post(std::string_view target, const Payload& payload,
                   const Headers& headers) {
  return request("POST", target, payload, headers);
}

Reply Client::put(std::string_view target, const Payload& payload,
                  const Headers& headers) {
  return request("PUT", target, payload, headers);
}

Reply Client::patch(std::string_view target, const Payload& payload,
                    const Headers& headers) {
  return request("PATCH", target, payload, headers);
}

Reply Client::del(std::string_view target, const Headers& headers) {
  return request("DELETE", target, {}, headers);
}

std::string Client::location_of(const Reply& redirect) {
  if (!is_redirect(redirect.status) || redirect.header("Location").empty()) {
    throw UsageError("client: " + quoted(redirect.status_line) +
                     " leads nowhere; follow a redirect");
  }
  return resolve_reference(redirect.url, redirect.header("Location"));
}

Reply Client::request(std::string_view method, std::string_view target,
                      const Payload& payload, const Headers& headers) {
  std::string url = resolve_reference(options_.origin + '/', target);
  std::string next_method(method);
  const Payload nothing;
  const Payload* next_payload = &payload;
  for (int count = 0;; ++count) {
    Reply reply = ask(next_method, url, *next_payload, headers);
    const bool leads_on =
        is_redirect(reply.status) && !reply.header("Location").empty();
    if (options_.redirects == 0 || !leads_on) return reply;
    if (count == options_.redirects) {
      throw Error("client: more than " + std::to_string(count) +
                  " redirects, the last to " +
                  quoted(reply.header("Location")));
    }
    url = location_of(reply);
    if (becomes_get(reply.status, next_method)) {
      next_method = "GET";
      next_payload = &nothing;
    }
  }
}

Reply Client::ask(std::string_view method, const std::string& url,
                  const Payload& payload, const Headers& headers) {
  if (!is_token(method)) {
    throw UsageError("client: " + quoted(method) +
                     " is no method; give a word, as PUT");
  }
  const auto target = cgi_variables::Target::parse(method, url);
  if (!target || target->scheme.empty()) {
    throw UsageError("client: " + quoted(url) +
                     " cannot be asked for; give a path, as /, or a URL");
  }
  const std::string_view host = host_of(target->authority);
  const bool secure = equals_ignoring_case(target->scheme, "https");
  Headers sent = headers;
  const auto add = [&sent](std::string_view name, std::string value) {
    sent.emplace_back(name, std::move(value));
  };
  if (find_header(sent, "Host") == nullptr) {
    add("Host", std::string(target->authority));
  }
  const Fields cookies =
      cookies_.cookies_for(host, target->path, secure, std::time(nullptr));
  if (!cookies.empty()) add("Cookie", cookie_value(cookies));
  if (!payload.type.empty() && find_header(sent, "Content-Type") == nullptr) {
    add("Content-Type", payload.type);
  }
  if (!payload.data.empty() || !payload.type.empty()) {
    add("Content-Length", std::to_string(payload.data.size()));
  }
  for (const auto& [name, value] : sent) check_header(name, value);

  Reply reply = transport_->ask({.method = method,
                                 .target = *target,
                                 .headers = sent,
                                 .body = payload.data});
  reply.url = url;
  for (const auto& [name, value] : reply.headers) {
    if (equals_ignoring_case(name, "Set-Cookie")) {
      cookies_.set(value, host, target->path, std::time(nullptr));
    }
  }
  return reply;
}

std::shared_ptr<Transport> through_gateway(Application application) {
  return std::make_shared<Gateway>(std::move(application));
}

}  // namespace decant::web
