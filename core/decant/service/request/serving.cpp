// SPDX-License-Identifier: MIT
#include "decant/service/request/serving.hpp"

#include <sys/socket.h>

#include <chrono>
#include <string>

#include "decant/descriptor.hpp"
#include "decant/error.hpp"
#include "decant/service/log/log.hpp"
#include "decant/service/loop/forked_child.hpp"
#include "decant/service/request/body_input.hpp"
#include "decant/service/request/writer.hpp"

namespace decant::service {
namespace {

/// What the output buffer may keep from one request to the next.
constexpr std::size_t most_kept = 1 << 18;

/// Resets a connection, which no peer takes for an orderly end: now, since a
/// socket that lingers would end in order first.
void reset(int fd) {
  sockaddr none{};
  none.sa_family = AF_UNSPEC;
  ::connect(fd, &none, sizeof none);
}

/// A request that a codec speaks for.
class CodecRequest final : public ServedRequest {
 public:
  CodecRequest(BodyInput& input, Writer writer, int fd,
               std::string_view protocol, const Limits& limits)
      : ServedRequest(fd, protocol, limits), input_(input), writer_(writer) {}

  std::size_t read(std::span<char> buffer) override;
  bool ready() override { return finished_ || input_ended_ || input_.ready(); }
  void start(const ResponseHead& head, std::string_view chunk,
             bool last) override;
  void send(std::string_view chunk, bool last) override;
  bool sends_files() const noexcept override { return true; }
  std::uint64_t send_file(const detail::FileSpan& file, bool last) override;
  void finish(bool was_cut) override;
  void cut() override;

 private:
  bool look_for_abort() override {
    input_.look_for_abort();
    return input_.aborted();
  }
  bool send_errors(std::string_view lines) override;
  Writer::End end_if(bool last);
  void require_peer();

  BodyInput& input_;
  Writer writer_;
};

[[noreturn]] void bad_body(const char* what) {
  throw GatewayError(std::string("input: ") + what);
}

std::size_t CodecRequest::read(std::span<char> buffer) {
  if (finished_) gone();
  if (input_.aborted()) aborted();
  if (input_ended_) return 0;
  std::size_t size = 0;
  switch (input_.read(buffer, size)) {
    case BodyInput::State::more:
      return size;
    case BodyInput::State::ended:
      if (input_.aborted()) aborted();
      break;
    case BodyInput::State::gone:
      if (input_.is_framed()) bad_body("the request body is cut short");
      break;
    case BodyInput::State::late:
      if (input_.is_framed()) input_.give_up();
      waited_in_vain(input_.is_framed());
    case BodyInput::State::unsound:
      if (input_.is_framed()) bad_body("the request body is malformed");
      gone();
    case BodyInput::State::broken:
      gone();
  }
  input_ended_ = true;
  return 0;
}

Writer::End CodecRequest::end_if(bool last) {
  if (!last) return std::nullopt;
  finished_ = true;
  return application_status(false);
}

void CodecRequest::start(const ResponseHead& head, std::string_view chunk,
                         bool last) {
  require_peer();
  claim_head(head);
  const bool ends_later = last && holds_errors();
  if (!writer_.start(head, chunk, end_if(last && !ends_later))) gone();
  started_ = true;
  release_errors();
  if (ends_later && !writer_.send({}, end_if(true))) gone();
}

void CodecRequest::send(std::string_view chunk, bool last) {
  require_peer();
  require_client();
  if (!writer_.send(chunk, end_if(last))) gone();
}

void CodecRequest::require_peer() {
  if (finished_ || broken_ || is_forked_child()) gone();
  if (input_.aborted()) aborted();
}

std::uint64_t CodecRequest::send_file(const detail::FileSpan& file, bool last) {
  require_peer();
  off_t offset = file.offset;
  std::uint64_t left = file.size;
  while (left > 0) {
    switch (writer_.copy_part(file.descriptor, offset, left)) {
      case Writer::Copied::some:
        require_client();
        break;
      case Writer::Copied::file_ended:
        // A part that has begun cannot be ended otherwise.
        ::shutdown(fd_, SHUT_WR);
        finished_ = broken_ = true;
        return file.size - left;
      case Writer::Copied::gone:
        gone();
    }
  }
  if (!writer_.send({}, end_if(last))) gone();
  return file.size;
}

bool CodecRequest::send_errors(std::string_view lines) {
  bool placed = false;
  if (!writer_.errors(lines, placed)) broken_ = true;
  return placed;
}

void CodecRequest::finish(bool was_cut) {
  if (finished_ || is_forked_child()) return;
  finished_ = true;
  if (!input_.aborted() && was_cut) broken_ = true;
  const int status = application_status(was_cut);
  const bool sent = was_cut ? writer_.end_short(status) : writer_.end(status);
  if (!sent) broken_ = true;
}

void CodecRequest::cut() {
  if (finished_ || is_forked_child()) return;
  finished_ = true;
  broken_ = true;
  if (writer_.cut()) return reset(fd_);
  // The connection stays open for input: a web server that cannot send the
  // rest of its request, as Apache, never reads the response.
  ::shutdown(fd_, SHUT_WR);
}

}  // namespace

Next Serving::ready(Connection& connection) {
  for (;;) {
    intake_.turn_to(connection);
    codec_->turn_to(connection);
    switch (intake_.look()) {
      case Intake::Arrival::closed:
        return Next::close;
      case Intake::Arrival::none:
        return intake_.unread().empty() ? Next::idle : Next::partial;
      case Intake::Arrival::some:
        break;
    }
    connection.silent = false;
    const Next next = use(connection);
    if (next == Next::close || next == Next::linger) return next;
    // A full buffer may not have been all; else the next bytes wake us, unless
    // none will come.
    if (!intake_.was_filled() &&
        !connection.hung_up.load(std::memory_order_relaxed)) {
      return next;
    }
  }
}

/// A silent peer, as a browser that connects in advance, expects no answer.
void Serving::expire(Connection& connection) {
  if (!codec_->answers_late_heads() || !connection.kept ||
      connection.kept->bytes.empty()) {
    return;
  }
  out_.clear();
  codec_->turn_to(connection);
  codec_->refuse(out_, 408);
  ::send(connection.socket.get(), out_.data(), out_.size(),
         MSG_DONTWAIT | MSG_NOSIGNAL);
}

/// Serves, answers and skips what has come; keeps the rest.
Next Serving::use(Connection& connection) {
  if (!intake_.skip()) return Next::close;
  while (!intake_.is_short()) {
    const Scan scan = codec_->scan(intake_.unread(), variables_);
    switch (scan.state) {
      case Scan::State::incomplete:
        intake_.want(scan.size);
        return intake_.leave();
      case Scan::State::between:
        if (!take_out(scan)) return Next::close;
        break;
      case Scan::State::refused:
        if (const Next next = refuse(connection, scan); next != Next::idle)
          return next;
        break;
      case Scan::State::malformed:
        return end_malformed(connection);
      case Scan::State::request:
        if (connection.refused) return answer_and_end(connection, 503);
        const Next next = serve(connection, scan);
        if (next != Next::idle) return next;
        break;
    }
  }
  return intake_.leave();
}

/// Answers a piece between requests and gets it out of the way.
bool Serving::take_out(const Scan& piece) {
  out_.clear();
  codec_->answer(out_, intake_.unread().substr(piece.offset, piece.size));
  intake_.take_out(piece.offset, piece.size);
  if (piece.of_request && !intake_.count_skipped(piece.size)) return false;
  return out_.empty() ||
         write_all(intake_.fd(), out_, served_.limits.io_timeout);
}

Next Serving::serve(Connection& connection, const Scan& head) {
  intake_.hold(head.size);
  BodyInput input(intake_, codec_->begin_body(), served_.limits.io_timeout);
  const bool good = converse(connection, input);
  const bool sound = input.end();
  intake_.release();
  // Who sent it may be reading the answer to it.
  if (!sound) return input.is_framed() ? Next::linger : Next::close;
  if (good && codec_->keeps_connection()) {
    return intake_.skip() ? Next::idle : Next::close;
  }
  return input.ended() ? Next::close : Next::linger;
}

void Serving::run(const Connection& connection, ServedRequest& request) {
  service::run(served_, variables_, request,
               has_deadlines() ? codec_->late_answer() : std::string_view(),
               observer_, connection.arrived.load(std::memory_order_relaxed));
}

bool Serving::converse(Connection& connection, BodyInput& input) {
  const int fd = connection.socket.get();
  out_.clear();
  CodecRequest request(
      input,
      Writer(fd, codec_->begin_response(), served_.limits.io_timeout, out_), fd,
      codec_->name(), served_.limits);
  run(connection, request);
  if (out_.capacity() > most_kept) std::string().swap(out_);
  return request.good();
}

/// Answers what the application is not to see. The connection ends, unless the
/// protocol knows where the refused request does.
Next Serving::refuse(const Connection& connection, const Scan& scan) {
  if (scan.status != 0 || !codec_->keeps_connection()) {
    return answer_and_end(connection, scan.status);
  }
  intake_.take(scan.size);
  out_.clear();
  codec_->refuse(out_, 0);
  return write_all(intake_.fd(), out_, served_.limits.io_timeout) ? Next::idle
                                                                  : Next::close;
}

Next Serving::end_malformed(const Connection& connection) {
  log(LogLevel::warning,
      std::string(codec_->name()) + ": a peer sent what is not " +
          std::string(codec_->language()) + "; its connection was closed");
  return answer_and_end(connection, 0);
}

Next Serving::answer_and_end(const Connection& connection, int status) {
  static Repeated complaint;
  const std::string name(codec_->name());
  if (const std::string_view why = codec_->complaint(); !why.empty()) {
    observe_refusal(observer_, variables_, status,
                    {connection.arrived.load(std::memory_order_relaxed),
                     served_.door, served_.door_name});
    complaint.log(LogLevel::info,
                  name + ": " + std::string(why) +
                      (status == 0 ? "; its connection was closed"
                                   : "; answered " + std::to_string(status)));
  } else if (status == 431) {
    log(LogLevel::warning, name +
                               ": the variables of a request are beyond "
                               "--max-params; answered 431");
  } else if (status == 503) {
    complaint.log(LogLevel::warning,
                  name +
                      ": more connections than --max-connections; answered "
                      "503");
  }
  out_.clear();
  codec_->refuse(out_, status);
  if (out_.empty()) return Next::close;
  return write_all(intake_.fd(), out_, served_.limits.io_timeout) ? Next::linger
                                                                  : Next::close;
}

}  // namespace decant::service
