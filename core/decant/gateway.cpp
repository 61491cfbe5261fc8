// SPDX-License-Identifier: MIT
#include "decant/gateway.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <typeinfo>

#include "decant/error.hpp"
#include "decant/error_page.hpp"
#include "decant/request_id.hpp"

namespace decant {
namespace {

/// From here on a file is worth more calls than a copy.
constexpr std::uint64_t large_file = 65536;

/// What start_response and write do: the state of one response. It is shared
/// with the callables the application holds, so a call after the request has
/// ended meets a refusal and not freed memory.
class Response final : public detail::StartResponseTarget,
                       public detail::WriteTarget,
                       public std::enable_shared_from_this<Response> {
 public:
  Response(Output& output, bool lenient)
      : output_(&output), lenient_(lenient) {}

  void set_head_only(bool head_only) noexcept { head_only_ = head_only; }
  /// The end may have to wait for what the application leaves in `env`.
  void set_environ(const Environ* env) noexcept { env_ = env; }

  Write start_response(std::string_view status, Headers headers,
                       std::exception_ptr error) override;
  void write(std::string_view chunk) override;

  /// Sends a body chunk by chunk: PEP 3333's loop.
  void transmit(Body& body);
  /// Replaces whatever was announced by an error page, if the head is still
  /// here; gives false when it has gone out.
  bool replace_by_error(int status);
  /// Refuses every later call.
  void end() noexcept { output_ = nullptr; }

  bool client_gone() const noexcept { return client_gone_; }
  /// True when a declared Content-Length has not been reached.
  bool is_short() const noexcept {
    return carries_content() && content_length_ && sent_ < *content_length_;
  }
  /// Bytes that the application gave although the response cannot have any
  /// (204, 304) or past Content-Length.
  std::uint64_t dropped() const noexcept { return dropped_; }
  std::optional<std::uint64_t> content_length() const noexcept {
    return content_length_;
  }
  std::uint64_t sent() const noexcept { return sent_; }
  const std::optional<Status>& status() const noexcept { return status_; }
  /// The last hop-by-hop header that was dropped; empty when there was none.
  const std::string& dropped_header() const noexcept { return dropped_header_; }

 private:
  void drop_hop_by_hop(Headers& headers);
  void require_open(std::string_view who) const;
  void require_started(std::string_view who) const;
  bool carries_content() const noexcept {
    return !head_only_ && status_->has_content();
  }
  bool transmit_file(const Body& body);
  void infer_content_length(std::uint64_t length);
  void emit(std::string_view chunk, bool last);
  template <class Send>
  void deliver(std::string_view chunk, const Send& send);
  void look_for_client();
  bool complete() const noexcept;

  Output* output_;
  const Environ* env_ = nullptr;
  std::optional<Status> status_;
  Headers headers_;
  std::optional<std::uint64_t> content_length_;
  std::uint64_t sent_ = 0;
  std::uint64_t dropped_ = 0;
  bool head_only_ = false;
  bool called_ = false;  // start_response, even if it threw
  bool head_sent_ = false;
  bool wrote_ = false;
  bool client_gone_ = false;
  const bool lenient_;
  std::string dropped_header_;
};

void Response::require_open(std::string_view who) const {
  if (output_ == nullptr) {
    throw ApplicationError(
        std::string(who) +
        ": called after the request has ended; keep nothing of "
        "a request beyond its close()");
  }
}

void Response::require_started(std::string_view who) const {
  if (!status_) {
    throw ApplicationError(std::string(who) +
                           " before start_response(); call start_response "
                           "first");
  }
}

Write Response::start_response(std::string_view status, Headers headers,
                               std::exception_ptr error) {
  require_open("start_response");
  if (error && head_sent_) std::rethrow_exception(error);
  if (!error && called_) {
    throw ApplicationError(
        "start_response: called a second time without an error; only the "
        "exception being handled, as third argument, allows that");
  }
  called_ = true;
  status_.reset();
  Status checked(status);
  if (lenient_) drop_hop_by_hop(headers);
  content_length_ = check_headers(headers);
  headers_ = std::move(headers);
  status_ = std::move(checked);
  return Write(std::shared_ptr<detail::WriteTarget>(shared_from_this()));
}

void Response::drop_hop_by_hop(Headers& headers) {
  std::erase_if(headers, [this](const auto& header) {
    if (!is_hop_by_hop(header.first)) return false;
    dropped_header_ = header.first;
    return true;
  });
}

void Response::write(std::string_view chunk) {
  require_open("write");
  require_started("write()");
  if (chunk.empty()) return;
  wrote_ = true;
  if (carries_content() && content_length_ &&
      chunk.size() > *content_length_ - sent_) {
    throw ApplicationError("write: " + std::to_string(sent_ + chunk.size()) +
                           " bytes are more than the Content-Length of " +
                           std::to_string(*content_length_));
  }
  emit(chunk, false);
}

bool Response::complete() const noexcept {
  if (!head_sent_) return false;
  return !carries_content() || (content_length_ && sent_ == *content_length_);
}

void Response::infer_content_length(std::uint64_t length) {
  if (content_length_ || !status_->has_content()) return;
  content_length_ = length;
  headers_.emplace_back("Content-Length", std::to_string(length));
}

void Response::emit(std::string_view chunk, bool last) {
  if (!status_->has_content()) {
    dropped_ += chunk.size();
    chunk = {};
  } else if (head_only_) {
    chunk = {};
  } else if (content_length_ && chunk.size() > *content_length_ - sent_) {
    const auto room = static_cast<std::size_t>(*content_length_ - sent_);
    dropped_ += chunk.size() - room;
    chunk = chunk.substr(0, room);
  }
  sent_ += chunk.size();
  // A body that ends before its Content-Length is not the last of anything:
  // the server side must be left to show that it was cut.
  last = !carries_content() ||
         (content_length_ ? sent_ == *content_length_ : last);
  // Nor is it the end while the exit status is still to come.
  if (env_ != nullptr && env_->exit_status()) last = false;
  if (head_sent_) {
    if (!chunk.empty()) deliver(chunk, [&] { output_->send(chunk, last); });
    return;
  }
  if (!status_->has_content()) {
    // RFC 9110 sections 8.6 and 15.3.5: no length and no type of nothing.
    remove_header(headers_, "Content-Length");
    remove_header(headers_, "Content-Type");
  }
  head_sent_ = true;
  const ResponseHead head{*status_, headers_, content_length_,
                          carries_content()};
  deliver(chunk, [&] { output_->start(head, chunk, last); });
}

void Response::look_for_client() {
  if (!output_->client_gone()) return;
  client_gone_ = true;
  throw ClientGone("the client left while the application waited");
}

/// Remembers that the client left: an application may catch what tells it.
template <class Send>
void Response::deliver(std::string_view chunk, const Send& send) {
  try {
    send();
  } catch (const ClientGone&) {
    client_gone_ = true;
    sent_ -= chunk.size();
    throw;
  }
}

/// A large file that the server side sends by itself; false when it does not.
bool Response::transmit_file(const Body& body) {
  const auto file = body.file();
  if (!file || file->size < large_file || !output_->sends_files() || wrote_ ||
      head_sent_) {
    return false;
  }
  require_started("the application returned a file");
  infer_content_length(file->size);
  emit({}, false);
  if (complete()) return true;
  detail::FileSpan span = *file;
  if (content_length_) span.size = std::min(span.size, *content_length_);
  const bool whole = !content_length_ || span.size == *content_length_;
  deliver({}, [&] { sent_ += output_->send_file(span, whole); });
  return true;
}

void Response::transmit(Body& body) {
  if (transmit_file(body)) return;
  std::size_t chunks = 0;
  for (std::string_view chunk; !complete() && body.next(chunk);) {
    ++chunks;
    if (chunk.empty()) {
      look_for_client();  // the application has nothing, and waits
      continue;
    }
    require_started("the body yielded a chunk");
    const bool only = body.length() == 1 && !wrote_;
    if (!head_sent_ && only) infer_content_length(chunk.size());
    if (!head_sent_ && body.size() && !wrote_) {
      infer_content_length(*body.size());
    }
    emit(chunk, body.length() == chunks || body.at_end());
  }
  if (head_sent_) return;
  require_started("the application returned and its body ended");
  // Nothing was sent and nothing will be: the length is known after all. Not
  // for HEAD, where GET might have given more.
  if (!head_only_) infer_content_length(0);
  emit({}, true);
}

bool Response::replace_by_error(int status) {
  if (head_sent_) return false;
  ErrorPage page(status);
  status_ = std::move(page.status);
  headers_ = std::move(page.headers);
  content_length_ = page.body.size();
  emit(page.body, true);
  return true;
}

std::string type_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return name ? name.get() : type.name();
}

/// The exception being handled, for the log.
std::string current_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error.what();
  } catch (const std::exception& error) {
    return type_name(typeid(error)) + ": " + error.what();
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return "an exception of type " + (type ? type_name(*type) : "unknown");
  }
}

/// One run of the algorithm: the steps and the one funnel for what fails.
class Run {
 public:
  Run(const Exchange& exchange, const Application& application)
      : exchange_(exchange),
        application_(application),
        errors_(exchange.errors),
        response_(std::make_shared<Response>(exchange.output,
                                             exchange.rules.lenient)) {}

  Outcome operator()() {
    Outcome outcome = Outcome::complete;
    try {
      outcome = serve();
    } catch (...) {
      outcome = fail();
    }
    response_->end();
    if (outcome == Outcome::client_gone && !complained_) {
      errors_.flush();
      exchange_.errors.remark(about("the client left after " +
                                    std::to_string(response_->sent()) +
                                    " bytes of the response"));
    }
    return outcome;
  }

 private:
  Outcome serve() {
    const std::string_view method =
        exchange_.variables.last(detail::known("REQUEST_METHOD"));
    response_->set_head_only(method == "HEAD");
    const auto length = cgi_request::body_length(
        exchange_.variables, exchange_.framing, exchange_.rules);
    InputStream input(exchange_.input, length, exchange_.rules.max_body);
    Environ env(input, errors_, exchange_.concurrency, exchange_.variables);
    env.set_client(&exchange_.output);
    cgi_request::normalise(exchange_.framing, exchange_.rules, env);
    exchange_.input.prepare(length);
    return call(env);
  }

  Outcome call(Environ& env) {
    const StartResponse start_response(
        (std::shared_ptr<detail::StartResponseTarget>(response_)));
    response_->set_environ(&env);
    Outcome outcome = Outcome::complete;
    try {
      outcome = transmit(application_(env, start_response));
    } catch (...) {
      outcome = fail();
    }
    response_->set_environ(nullptr);
    if (!response_->dropped_header().empty()) warn_of_dropped_header();
    if (env.exit_status()) exchange_.output.exit_status(*env.exit_status());
    return outcome == Outcome::complete ? verdict() : outcome;
  }

  /// The body and the environ live until both ways out have closed the body: a
  /// generator reads them in its destructors.
  Outcome transmit(Body body) {
    Outcome outcome = Outcome::complete;
    try {
      response_->transmit(body);
    } catch (...) {
      outcome = fail();
    }
    try {
      body.close();
    } catch (...) {
      log("close: " + current_error());
    }
    return outcome;
  }

  void warn_of_dropped_header() {
    static std::atomic<bool> warned{false};
    if (warned.exchange(true)) return;
    errors_.flush();
    exchange_.errors.complain(
        about(response_->dropped_header() +
              ", a hop-by-hop header, was dropped, as --lenient wants it; this "
              "is said once"));
  }

  /// A response that ran to its end, but may not be what it announced.
  Outcome verdict() {
    if (response_->dropped() != 0) {
      log("the application gave " + std::to_string(response_->dropped()) +
          (response_->status()->has_content()
               ? " bytes more than its Content-Length; they were cut off"
               : " bytes with " + response_->status()->line() +
                     ", which has no content; they were dropped"));
    }
    if (response_->client_gone()) return Outcome::client_gone;
    if (!response_->is_short()) return Outcome::complete;
    log("the application gave " + std::to_string(response_->sent()) +
        " of the " + std::to_string(*response_->content_length()) +
        " bytes of its Content-Length; the response was cut short");
    return Outcome::cut_short;
  }

  /// The funnel: every failure ends here, with the exception in flight.
  Outcome fail() {
    int status = 500;
    try {
      throw;
    } catch (const ClientGone&) {
      return Outcome::client_gone;
    } catch (const GatewayError& error) {
      status = error.status();
      log(error.what());
    } catch (...) {
      log(current_error());
    }
    try {
      if (!response_->replace_by_error(status)) return Outcome::cut_short;
    } catch (...) {
      return Outcome::client_gone;
    }
    return status < 500 ? Outcome::refused : Outcome::failed;
  }

  void log(const std::string& message) {
    complained_ = true;
    errors_.flush();
    exchange_.errors.complain(about(message));
  }

  /// "[id] GET /path: message"
  std::string about(const std::string& message) const {
    const auto [method, target] =
        cgi_request::request_line(exchange_.variables);
    std::string line;
    if (exchange_.id != 0) {
      line.append("[").append(RequestIdText(exchange_.id).view()) += "] ";
    }
    line.append(method).append(" ").append(target).append(": ");
    return line + message;
  }

  const Exchange& exchange_;
  const Application& application_;
  ErrorStream errors_;
  std::shared_ptr<Response> response_;
  bool complained_ = false;
};

}  // namespace

Outcome gateway::run(const Exchange& exchange, const Application& application) {
  return Run(exchange, application)();
}

}  // namespace decant
