// SPDX-License-Identifier: MIT
#include "decant/application/program/conversation.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "decant/application/program/aftercare.hpp"
#include "decant/environ_access.hpp"
#include "decant/error.hpp"

namespace decant::program {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t block_size = 65536;
constexpr std::size_t largest_head = 65536;
/// Of the output, while the request body is still coming.
constexpr std::size_t most_held = 1 << 20;
/// After so long without a byte of the request body for the program, it is
/// taken not to want any before it is answered.
constexpr milliseconds input_pause{1000};
/// Between looks whether the web server has taken its request back.
constexpr milliseconds look_for_client{200};
/// Once the response is over, for the exit status to go along with it.
constexpr milliseconds status_patience{50};

std::string tag(const char* file, pid_t pid) {
  const std::string_view path = file;
  return std::string(path.substr(path.rfind('/') + 1)) + '[' +
         std::to_string(pid) + ']';
}

/// Where the empty line of a head ends, from a place before which there is
/// none; no value while it has not come.
std::optional<std::size_t> head_end(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find('\n', from); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    const std::string_view line = text.substr(at + 1);
    if (at == 0 || line.starts_with('\n')) return at + 1 + (at == 0 ? 0 : 1);
    if (line.starts_with("\r\n")) return at + 3;
  }
  if (text.starts_with("\r\n")) return 2;
  return std::nullopt;
}

int exit_status(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

FirstInput::FirstInput(InputStream& input) {
  if (!input.exhausted()) {
    memory = std::make_unique_for_overwrite<char[]>(block_size);
    bool ready = input.ready();
    if (!ready && !input.length()) {
      // Whether there is a body is about to be said.
      pollfd poll{input.descriptor(), POLLIN, 0};
      ::poll(&poll, 1, static_cast<int>(input_pause.count()));
      ready = input.ready();
    }
    if (ready) {
      text = {memory.get(), input.read_some({memory.get(), block_size})};
    }
  }
  has_body = !text.empty() || !input.exhausted();
}

Conversation::Conversation(Environ& env, const Start& start, FirstInput first,
                           seconds timeout, std::optional<seconds> grace)
    : env_(env),
      timeout_(timeout),
      grace_(grace),
      buffer_(std::make_unique_for_overwrite<char[]>(block_size)),
      input_(std::move(first.memory)),
      unwritten_(first.text),
      child_(start),
      errors_(tag(start.file, child_.pid())),
      last_sign_(Clock::now()),
      last_input_(last_sign_) {
  detail::EnvironAccess::await_exit_status(env_);
  if (child_.input) write_input();
}

Conversation::~Conversation() {
  if (!child_.reaped()) terminate();
}

void Conversation::refuse(const std::string& why, int status) const {
  throw GatewayError("program: " + errors_.name() + ' ' + why, status);
}

void Conversation::note(const std::string& text) noexcept {
  try {
    env_.errors().flush();
    env_.errors().write("decant: program: " + errors_.name() + ' ' + text +
                        '\n');
  } catch (...) {  // a log line less
  }
}

cgi_response::Head Conversation::read_head() {
  std::size_t searched = 0;
  std::optional<std::size_t> end;
  for (;;) {
    end = head_end(output_, searched);
    if (end || output_ended_) break;
    if (output_.size() > largest_head) {
      refuse(
          "wrote a head of more than 64 KiB, or none: a head ends with an "
          "empty line",
          502);
    }
    // The end of a line may have come without the empty one.
    searched = output_.size() - std::min<std::size_t>(output_.size(), 3);
    step();
  }
  if (!end) {
    finish();
    refuse((output_.empty() ? "wrote no response, and "
                            : "wrote no empty line after its head, and ") +
               (parted_ ? "closed its output" : end_in_words(status_)),
           502);
  }
  try {
    auto head =
        cgi_response::parse_head(std::string_view(output_).substr(0, *end));
    output_.erase(0, *end);
    const std::string* const length =
        find_header(head->headers, "Content-Length");
    if (length != nullptr) length_ = parse_content_length(*length);
    has_content_ =
        head->status.has_content() && env_["REQUEST_METHOD"] != "HEAD";
    return *std::move(head);
  } catch (const GatewayError& error) {
    std::string_view why = error.what();
    constexpr std::string_view component = "program: ";
    if (why.starts_with(component)) why.remove_prefix(component.size());
    refuse("wrote what is no CGI response: " + std::string(why), 502);
  }
}

/// A web server may stop sending the request body, or lose it, once a response
/// comes, as nginx does; and programs that answer before they have read all of
/// it, as git's, were made for servers that read the answer last. So the answer
/// waits for the body, unless it is large or the program leaves the body alone.
bool Conversation::may_answer() {
  if (answering_) return true;
  answering_ =
      !child_.input || output_ended_ || process_ended_ ||
      output_.size() >= most_held ||
      (!unwritten_.empty() && Clock::now() - last_input_ >= input_pause);
  return answering_;
}

/// As far as the gateway asks for more.
bool Conversation::given_all() const {
  return !has_content_ || (length_ && given_ >= *length_);
}

bool Conversation::next(std::string& chunk) {
  while (output_.empty() || !may_answer()) {
    if (output_ended_ && output_.empty()) break;
    step();
  }
  if (!output_.empty()) {
    chunk.swap(output_);
    given_ += chunk.size();
    return true;
  }
  finish();
  if (WIFSIGNALED(status_) && !given_all()) {
    refuse(end_in_words(status_) + " before its response was whole", 502);
  }
  log_end();
  return false;
}

void Conversation::close() {
  if (child_.reaped()) return;
  try {
    // The gateway asks for no more than the response has; the program may not
    // be done.
    if (given_all()) {
      whole_ = true;
      while (!output_ended_) {
        step();
        output_.clear();
      }
      finish();
      log_end();
    }
  } catch (const ClientGone&) {  // then it is ended
  } catch (const std::exception& error) {
    note(std::string("is ended: ") + error.what());
  }
  if (!child_.reaped()) terminate();
}

/// Waits until there is something to do, and does it.
void Conversation::step() {
  if (child_.input && unwritten_.empty()) read_input();
  if (!wait()) time_out();
}

void Conversation::time_out() {
  const std::string time = std::to_string(timeout_.count()) + " seconds";
  if (child_.input && unwritten_.empty()) {
    throw GatewayError("program: nothing of the request body came for " + time,
                       408);
  }
  refuse(
      "neither took input nor gave output for " + time + " (--program-timeout)",
      504);
}

/// How long a wait may be; negative: for ever.
milliseconds Conversation::patience() {
  // More input may lie in the memory of the server side.
  const bool hungry = child_.input && unwritten_.empty();
  if (process_ended_ || (hungry && env_.input().ready())) {
    return milliseconds(0);
  }
  auto time = milliseconds::max();
  if (timeout_ > seconds(0)) {
    time =
        std::chrono::ceil<milliseconds>(last_sign_ + timeout_ - Clock::now());
    time = std::max(time, milliseconds(0));
  }
  const bool held_back = !output_.empty() && !answering_;
  if (!hungry && child_.input && held_back) {
    time = std::min(time, input_pause);
  }
  if (child_.descriptor() < 0) time = std::min(time, look_again);
  if (!whole_ && env_.connection() >= 0) time = std::min(time, look_for_client);
  if (parting_) {
    time =
        std::min(time, std::chrono::ceil<milliseconds>(std::max(
                           Clock::duration(0), parting_time() - Clock::now())));
  }
  if (time == milliseconds::max()) return milliseconds(-1);
  return std::min(time, milliseconds(1 << 30));
}

/// Waits for one event or more and does what is to be done; false when the
/// program's time is up.
bool Conversation::wait() {
  enum { input, source, output, errors, process, connection, count };
  const bool hungry = child_.input && unwritten_.empty();
  std::array<pollfd, count> polled{};
  polled[input] = {child_.input.get(), hungry ? short{0} : short{POLLOUT}, 0};
  polled[source] = {hungry ? env_.input().descriptor() : -1, POLLIN, 0};
  polled[output] = {child_.output.get(), POLLIN, 0};
  polled[errors] = {child_.errors.get(), POLLIN, 0};
  polled[process] = {child_.descriptor(), POLLIN, 0};
  polled[connection] = {whole_ ? -1 : env_.connection(), 0, 0};
  const int time = static_cast<int>(patience().count());
  const int ready = ::poll(polled.data(), polled.size(), time);
  if (ready < 0) return true;  // interrupted
  // Who has a whole response may leave while the program goes on.
  if (!whole_ && (polled[connection].revents != 0 || env_.client_gone())) {
    throw ClientGone("program: the client left while " + errors_.name() +
                     " ran");
  }
  if (polled[process].revents != 0 ||
      (child_.descriptor() < 0 && child_.has_ended())) {
    process_ended_ = true;
  }
  if (polled[errors].revents != 0) read_errors();
  if (polled[output].revents != 0 || process_ended_) read_output();
  if ((polled[input].revents & POLLERR) != 0) {
    end_input();
  } else if (polled[input].revents != 0) {
    write_input();
  }
  const bool late = timeout_ > seconds(0) && !process_ended_ &&
                    Clock::now() >= last_sign_ + timeout_;
  return ready > 0 || !late;
}

void Conversation::read_input() {
  InputStream& input = env_.input();
  if (!input.ready()) return;
  unwritten_ = {input_.get(), input.read_some({input_.get(), block_size})};
  last_sign_ = last_input_ = Clock::now();
  write_input();
}

void Conversation::write_input() {
  while (!unwritten_.empty()) {
    const ssize_t written =
        ::write(child_.input.get(), unwritten_.data(), unwritten_.size());
    if (written < 0 && errno == EAGAIN) return;
    if (written < 0) return end_input();  // it does not want it
    unwritten_.remove_prefix(static_cast<std::size_t>(written));
    last_sign_ = last_input_ = Clock::now();
  }
  if (env_.input().exhausted()) end_input();
}

void Conversation::end_input() noexcept {
  child_.input.reset();
  unwritten_ = {};
}

/// Once the process has ended, what a child of it may still write is not waited
/// for.
void Conversation::read_output() {
  if (output_ended_) return;
  const ssize_t got = ::read(child_.output.get(), buffer_.get(), block_size);
  if (got > 0) {
    output_.append(buffer_.get(), static_cast<std::size_t>(got));
    last_sign_ = Clock::now();
  } else if (got == 0 || errno != EAGAIN || process_ended_) {
    output_ended_ = true;
    child_.output.reset();
  }
}

void Conversation::read_errors() {
  if (!child_.errors) return;
  const ssize_t got = ::read(child_.errors.get(), buffer_.get(), block_size);
  if (got > 0) {
    last_sign_ = Clock::now();
    errors_.add({buffer_.get(), static_cast<std::size_t>(got)}, env_.errors());
  } else if (got == 0 || errno != EAGAIN) {
    child_.errors.reset();
  }
}

void Conversation::log_end() {
  if (status_ != 0) note(end_in_words(status_));
}

/// Until then the exit status is waited for. Not while the program reads.
Conversation::Clock::time_point Conversation::parting_time() const {
  return std::max(output_end_, last_input_) + status_patience;
}

/// Its output having ended, waits for the end of the process, which may still
/// read; or leaves a program that goes on to others.
void Conversation::finish() {
  whole_ = true;
  parting_ = grace_.has_value();
  output_end_ = Clock::now();
  while (!process_ended_) {
    if (child_.input && unwritten_.empty()) read_input();
    if (parting_ && Clock::now() >= parting_time()) {
      if (part()) return;
      parting_ = false;
    }
    if (wait()) continue;
    note(silence_in_words(timeout_));
    terminate();
    status_ = 0;  // its response was whole
    return;
  }
  read_errors();
  reap();
}

/// False when there are too many already that are looked after.
bool Conversation::part() {
  end_input();
  if (!look_after(child_, errors_, timeout_, *grace_)) return false;
  process_ended_ = parted_ = true;
  detail::EnvironAccess::set_exit_status(env_, 0);
  return true;
}

/// TERM and KILL, to all of its group. Those that share its output and errors
/// get the same time as the program itself.
void Conversation::terminate() noexcept {
  child_.signal(SIGTERM);
  end_input();
  const auto end = Clock::now() + term_patience;
  try {
    while (!process_ended_ || child_.output || child_.errors) {
      const auto left =
          std::chrono::ceil<milliseconds>(end - Clock::now()).count();
      if (left <= 0) break;
      std::array<pollfd, 3> polled = {
          {{child_.output.get(), POLLIN, 0},
           {child_.errors.get(), POLLIN, 0},
           {process_ended_ ? -1 : child_.descriptor(), POLLIN, 0}}};
      const bool blind = child_.descriptor() < 0;
      const auto time = blind ? std::min(left, look_again.count()) : left;
      ::poll(polled.data(), polled.size(), static_cast<int>(time));
      if (polled[2].revents != 0 || (blind && child_.has_ended())) {
        process_ended_ = true;
      }
      if (polled[0].revents != 0 &&
          ::read(child_.output.get(), buffer_.get(), block_size) == 0) {
        child_.output.reset();
      }
      if (polled[1].revents != 0) read_errors();
    }
  } catch (...) {  // no memory to log with
  }
  child_.signal(SIGKILL);
  reap();
}

void Conversation::reap() noexcept {
  end_input();
  child_.output.reset();
  child_.errors.reset();
  status_ = child_.reap();
  process_ended_ = output_ended_ = true;
  detail::EnvironAccess::set_exit_status(env_, exit_status(status_));
  try {
    errors_.finish(env_.errors());
  } catch (...) {  // a log line less
  }
}

}  // namespace decant::program
