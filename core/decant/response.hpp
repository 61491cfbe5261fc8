// SPDX-License-Identifier: MIT
// What start_response, write and the body come to: the state of one response
// (PEP 3333, "The start_response() Callable").
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "decant/gateway.hpp"

namespace decant::detail {

/// Why a call of start_response is refused that follows on one without an
/// error, whether that one was taken or not.
inline constexpr char second_start_response[] =
    "start_response: called a second time without an error; only the exception "
    "being handled, as third argument, allows that";

/// What start_response and write do: the state of one response. It is shared
/// with the callables the application holds, so a call after the request has
/// ended meets a refusal and not freed memory.
class Response final : public StartResponseTarget,
                       public WriteTarget,
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
  /// The last hop-by-hop header that was dropped, if there was one.
  const std::optional<std::string>& dropped_header() const noexcept {
    return dropped_header_;
  }

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
  std::optional<std::string> dropped_header_;
};

}  // namespace decant::detail
