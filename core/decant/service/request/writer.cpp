// SPDX-License-Identifier: MIT
#include "decant/service/request/writer.hpp"

#include <sys/sendfile.h>

#include <algorithm>
#include <array>
#include <span>

#include "decant/descriptor.hpp"

namespace decant::service {
namespace {

/// Up to here a copy costs less than a further part of a write.
constexpr std::size_t most_copied = 8192;
constexpr std::size_t parts_at_once = 16;

}  // namespace

bool Writer::start(const ResponseHead& head, std::string_view chunk, End end) {
  const std::string_view first =
      chunk.size() <= most_copied ? chunk : std::string_view();
  framing_.start(out_, head, first);
  chunk.remove_prefix(first.size());
  return send(chunk, end);
}

bool Writer::send(std::string_view chunk, End end) {
  if (chunk.size() > most_copied) return send_large(chunk, end);
  if (!chunk.empty()) framing_.append(out_, chunk);
  if (end) framing_.end(out_, *end);
  return flush();
}

/// Writes `chunk` from where it lies, with what the framing puts between its
/// parts.
bool Writer::send_large(std::string_view chunk, End end) {
  std::string between;
  std::string behind;
  std::array<std::size_t, parts_at_once> marks{};
  std::array<std::string_view, parts_at_once> contents;
  std::array<iovec, 2 * parts_at_once + 2> parts;
  while (!chunk.empty()) {
    between.clear();
    std::size_t count = 0;
    for (; count < parts_at_once && !chunk.empty(); ++count) {
      contents[count] = chunk.substr(0, framing_.before(between, chunk.size()));
      marks[count] = between.size();
      chunk.remove_prefix(contents[count].size());
    }
    std::size_t used = 0;
    parts[used++] = as_iovec(out_);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t begin = i == 0 ? 0 : marks[i - 1];
      parts[used++] =
          as_iovec(std::string_view(between).substr(begin, marks[i] - begin));
      parts[used++] = as_iovec(contents[i]);
    }
    if (chunk.empty()) {
      framing_.after(behind);
      if (end) framing_.end(behind, *end);
      parts[used++] = as_iovec(behind);
    }
    if (!write_all(fd_, std::span(parts).first(used), patience_)) return false;
    out_.clear();
  }
  return true;
}

Writer::Copied Writer::copy_part(int file, off_t& offset, std::uint64_t& left) {
  constexpr std::uint64_t most = 1U << 30;  // of one system call
  const std::size_t size =
      framing_.before(out_, static_cast<std::size_t>(std::min(left, most)));
  if (!flush()) return Copied::gone;
  std::size_t copied = 0;
  while (copied < size) {
    const ssize_t sent = ::sendfile(fd_, file, &offset, size - copied);
    if (sent == 0) break;
    if (sent < 0 && !wait_to_write(fd_, patience_)) return Copied::gone;
    if (sent > 0) copied += static_cast<std::size_t>(sent);
  }
  left -= copied;
  return copied == size ? Copied::some : Copied::file_ended;
}

bool Writer::errors(std::string_view lines, bool& placed) {
  placed = framing_.errors(out_, lines);
  return !placed || flush();
}

bool Writer::end_short(int application_status) {
  framing_.end_short(out_, application_status);
  return flush();
}

bool Writer::cut() {
  framing_.cut(out_);
  flush();
  return framing_.cut_resets();
}

bool Writer::flush() {
  const bool sent = send_all(fd_, out_, patience_);
  out_.clear();
  return sent;
}

}  // namespace decant::service
