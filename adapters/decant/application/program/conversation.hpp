// SPDX-License-Identifier: MIT
// One request with one running program: its input, its output and its errors,
// all at the same time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "decant/application/program/child.hpp"
#include "decant/application/program/error_lines.hpp"
#include "decant/body.hpp"
#include "decant/cgi_response.hpp"
#include "decant/environ.hpp"

namespace decant::program {

/// What has come of the request body before its program is started.
struct FirstInput {
  /// Takes what is there. Most requests turn out to have no body; one of no
  /// known length is waited for, a second at most.
  explicit FirstInput(InputStream& input);

  std::unique_ptr<char[]> memory;
  std::string_view text;
  bool has_body;
};

/// The body of a program's response. A program whose response is whole may go
/// on when it has closed its output; any other ends with the response: by
/// itself, or by TERM and, two seconds later, KILL.
class Conversation final : public BodySource {
 public:
  /// Starts the program. Borrows `env`. With `grace` it is not waited for
  /// once its response is over: see look_after().
  Conversation(Environ& env, const Start& start, FirstInput first,
               std::chrono::seconds timeout,
               std::optional<std::chrono::seconds> grace);
  ~Conversation() override;

  /// The head of its response. Throws GatewayError: 502 for one that is missing
  /// or malformed, 504 for one that does not come in time; ClientGone.
  cgi_response::Head read_head();

  bool next(std::string& chunk) override;
  void close() override;

 private:
  using Clock = std::chrono::steady_clock;

  void step();
  bool wait();
  std::chrono::milliseconds patience();
  void read_input();
  void write_input();
  void end_input() noexcept;
  void read_output();
  void read_errors();
  void log_end();
  void note(const std::string& text) noexcept;

  bool may_answer();
  bool given_all() const;
  void finish();
  bool part();
  Clock::time_point parting_time() const;
  void terminate() noexcept;
  void reap() noexcept;
  [[noreturn]] void refuse(const std::string& why, int status) const;
  [[noreturn]] void time_out();

  Environ& env_;
  std::chrono::seconds timeout_;
  const std::optional<std::chrono::seconds> grace_;
  std::unique_ptr<char[]> buffer_;  // output as it is read
  std::unique_ptr<char[]> input_;   // taken from the client, and
  std::string_view unwritten_;      // not yet by the program
  Child child_;
  ErrorLines errors_;
  Clock::time_point last_sign_;   // of life
  Clock::time_point last_input_;  // for the program, or taken by it

  std::string output_;  // read, and not yet given to the gateway
  bool output_ended_ = false;
  bool process_ended_ = false;
  bool answering_ = false;
  bool whole_ = false;    // its response: nobody waits for more
  bool parting_ = false;  // whether it ends soon is looked at
  bool parted_ = false;   // others look after it
  Clock::time_point output_end_;

  std::optional<std::uint64_t> length_;  // of the body, as the program says
  bool has_content_ = true;
  std::uint64_t given_ = 0;
  int status_ = 0;  // of the process, as wait(2) has it
};

}  // namespace decant::program
