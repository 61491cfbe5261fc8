// SPDX-License-Identifier: MIT
// FastCGI by our own records: what belongs together leaves in one write, what
// is large is never copied.
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <span>
#include <string>

#include "decant/cgi_response.hpp"
#include "decant/error.hpp"
#include "decant/server/fastcgi_input.hpp"
#include "decant/service/log.hpp"

namespace decant::fastcgi {
namespace {

using service::Next;
using Clock = std::chrono::steady_clock;

/// Up to here a copy costs less than a further part of a write.
constexpr std::size_t most_copied = 8192;
constexpr std::size_t records_at_once = 16;
/// What the output buffer may keep from one request to the next.
constexpr std::size_t most_kept = 1 << 18;
/// How often a stream is interrupted to see whether it is still wanted.
constexpr std::chrono::milliseconds look_interval{50};

/// One request: the exchange's input, output and errors.
class RecordRequest final : public EngineRequest {
 public:
  RecordRequest(int fd, Begun& begun, RequestInput& input,
                const service::Limits& limits, std::string& out)
      : EngineRequest(fd, limits),
        id_(begun.head.request_id),
        input_(input),
        out_(out) {
    out_.clear();
  }

  std::size_t read(std::span<char> buffer) override;
  bool ready() override { return finished_ || input_ended_ || input_.ready(); }
  void start(const ResponseHead& head, std::string_view chunk,
             bool last) override;
  void send(std::string_view chunk, bool last) override;
  bool sends_files() const noexcept override { return true; }
  std::uint64_t send_file(const detail::FileSpan& file, bool last) override;
  void write(std::string_view lines) noexcept override;

  void finish(bool was_cut) override;
  void cut() override;

 private:
  void put(std::string_view chunk, bool last);
  void put_large(std::string_view chunk, bool last);
  void flush();
  std::size_t copy_file(int file, off_t& offset, std::size_t size);
  void append_end(bool was_cut);
  void require_peer();
  void look_around();

  std::uint16_t id_;
  RequestInput& input_;
  std::string& out_;  // records that have not left yet
  Clock::time_point looked_{};
  bool started_ = false;
  bool errors_sent_ = false;
};

std::size_t RecordRequest::read(std::span<char> buffer) {
  if (finished_) gone();
  if (input_.aborted()) aborted();
  if (input_ended_) return 0;
  std::size_t size = 0;
  switch (input_.read(buffer, size)) {
    case RequestInput::State::more:
      return size;
    case RequestInput::State::ended:
      if (input_.aborted()) aborted();
      [[fallthrough]];
    case RequestInput::State::gone:
      break;
    case RequestInput::State::failed:
      if (errno != EAGAIN) gone();
      waited_in_vain();
  }
  input_ended_ = true;
  return 0;
}

void RecordRequest::start(const ResponseHead& head, std::string_view chunk,
                          bool last) {
  require_peer();
  claim_head(head);
  started_ = true;
  const std::size_t begin = out_.size();
  out_.append(header_size, '\0');
  cgi_response::write_head(out_, head.status, head.headers);
  if (chunk.size() <= most_copied) {
    out_ += chunk;
    chunk = {};
  }
  close_record(out_, begin,
               {.type = RecordType::standard_output, .request_id = id_});
  put(chunk, last);
}

void RecordRequest::send(std::string_view chunk, bool last) {
  require_peer();
  look_around();
  put(chunk, last);
}

/// Now and then: is the response still wanted?
void RecordRequest::look_around() {
  const auto now = Clock::now();
  if (now - looked_ < look_interval) return;
  looked_ = now;
  input_.look_for_abort();
  if (input_.aborted()) aborted();
}

void RecordRequest::require_peer() {
  if (finished_ || broken_) gone();
  if (input_.aborted()) aborted();
}

void RecordRequest::put(std::string_view chunk, bool last) {
  if (chunk.size() > most_copied) {
    put_large(chunk, last);
    return;
  }
  append_stream(out_, RecordType::standard_output, id_, chunk);
  if (last) append_end(false);
  flush();
}

/// Writes `chunk` from where it lies, with the headers between its parts.
void RecordRequest::put_large(std::string_view chunk, bool last) {
  const std::size_t lead = out_.size();
  if (last) append_end(false);
  const std::string_view behind = std::string_view(out_).substr(lead);
  std::string_view before = std::string_view(out_).substr(0, lead);
  std::array<std::array<char, header_size>, records_at_once> headers;
  std::array<iovec, 2 * records_at_once + 2> parts;
  while (!chunk.empty()) {
    std::size_t count = 0;
    parts[count++] = as_iovec(before);
    before = {};
    for (std::size_t i = 0; i < records_at_once && !chunk.empty(); ++i) {
      const std::string_view content = chunk.substr(0, large_record);
      chunk.remove_prefix(content.size());
      headers[i] = encode_header(
          {.type = RecordType::standard_output,
           .request_id = id_,
           .content_length = static_cast<std::uint16_t>(content.size())});
      parts[count++] = {headers[i].data(), header_size};
      parts[count++] = as_iovec(content);
    }
    if (chunk.empty()) parts[count++] = as_iovec(behind);
    if (!write_all(fd_, std::span(parts).first(count), limits_.io_timeout)) {
      gone();
    }
  }
  out_.clear();
}

/// Record by record from file to socket, past our memory.
std::uint64_t RecordRequest::send_file(const detail::FileSpan& file,
                                       bool last) {
  require_peer();
  off_t offset = file.offset;
  std::uint64_t left = file.size;
  while (left > 0) {
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(left, large_record));
    append_header(out_, {.type = RecordType::standard_output,
                         .request_id = id_,
                         .content_length = static_cast<std::uint16_t>(size)});
    flush();
    const std::size_t sent = copy_file(file.descriptor, offset, size);
    left -= sent;
    if (sent < size) {  // a record that has begun cannot be ended otherwise
      ::shutdown(fd_, SHUT_WR);
      finished_ = broken_ = true;
      return file.size - left;
    }
    look_around();
  }
  put({}, last);
  return file.size;
}

/// As many bytes as the file has.
std::size_t RecordRequest::copy_file(int file, off_t& offset,
                                     std::size_t size) {
  std::size_t copied = 0;
  while (copied < size) {
    const ssize_t sent = ::sendfile(fd_, file, &offset, size - copied);
    if (sent == 0) break;
    if (sent < 0 && !wait_to_write(fd_, limits_.io_timeout)) gone();
    if (sent > 0) copied += static_cast<std::size_t>(sent);
  }
  return copied;
}

void RecordRequest::flush() {
  if (!send_all(fd_, out_, limits_.io_timeout)) gone();
  out_.clear();
}

void RecordRequest::append_end(bool was_cut) {
  if (errors_sent_) {
    append_header(out_,
                  {.type = RecordType::standard_error, .request_id = id_});
  }
  if (started_) {
    append_header(out_,
                  {.type = RecordType::standard_output, .request_id = id_});
  }
  append_end_request(out_, id_,
                     static_cast<std::uint32_t>(application_status(was_cut)),
                     ProtocolStatus::request_complete);
  finished_ = true;
}

void RecordRequest::write(std::string_view lines) noexcept {
  if (finished_ || broken_) {
    service::LogSink().write(lines);
    return;
  }
  try {
    append_stream(out_, RecordType::standard_error, id_, lines);
    errors_sent_ = true;
    flush();
  } catch (...) {  // the next write to the client meets the same
    broken_ = true;
  }
}

void RecordRequest::finish(bool was_cut) {
  if (finished_) return;
  if (!input_.aborted() && was_cut) broken_ = true;
  append_end(was_cut);
  if (!send_all(fd_, out_, limits_.io_timeout)) broken_ = true;
}

void RecordRequest::cut() {
  if (finished_) return;
  append_break(out_);
  send_all(fd_, out_, limits_.io_timeout);
  // The connection stays open for input: a web server that cannot send the
  // rest of its request, as Apache, never reads the response.
  ::shutdown(fd_, SHUT_WR);
  finished_ = true;
  broken_ = true;
}

class RecordEngine final : public Engine {
 public:
  explicit RecordEngine(const Task& task) : task_(task) {}

  Next serve(Descriptor& socket, Begun& begun) override {
    const service::Limits& limits = task_.options.limits;
    RequestInput input(socket.get(), begun, limits.io_timeout, in_);
    RecordRequest request(socket.get(), begun, input, limits, out_);
    const Next next = run(begun, request, task_);
    input.end();
    if (out_.capacity() > most_kept) std::string().swap(out_);
    return after(next, begun);
  }

 private:
  const Task task_;
  std::string in_;
  std::string out_;
};

}  // namespace

std::unique_ptr<Engine> make_record_engine(const Task& task) {
  return std::make_unique<RecordEngine>(task);
}

}  // namespace decant::fastcgi
