// SPDX-License-Identifier: MIT
#include "decant/streams.hpp"

#include <algorithm>

#include "decant/error.hpp"
#include "decant/text.hpp"

namespace decant {
namespace {

constexpr std::size_t block_size = 65536;
constexpr std::size_t longest_error_line = 65536;

}  // namespace

void ErrorSink::complain(std::string_view message) noexcept {
  try {
    std::string line = "decant: ";
    append_escaped(line, message);
    line += '\n';
    write(line);
  } catch (...) {
    write("decant: out of memory for a line of the log\n");
  }
}

std::size_t InputStream::fetch(std::span<char> buffer) {
  if (exhausted() || buffer.empty()) return 0;
  if (length_ && buffer.size() > *length_ - consumed_) {
    buffer = buffer.first(static_cast<std::size_t>(*length_ - consumed_));
  }
  const std::size_t got = source_.read(buffer);
  consumed_ += got;
  if (got == 0 && length_) {
    throw GatewayError("input: the request body ended after " +
                       std::to_string(consumed_) + " of the " +
                       std::to_string(*length_) +
                       " bytes that CONTENT_LENGTH announced");
  }
  if (got == 0) ended_ = true;
  if (most_ != 0 && consumed_ > most_) {
    throw GatewayError("input: the request body is longer than --max-body, " +
                           std::to_string(most_) + " bytes",
                       413);
  }
  return got;
}

std::size_t InputStream::read_some(std::span<char> buffer) {
  if (buffered().empty()) return fetch(buffer);
  const std::size_t size = std::min(buffer.size(), buffered().size());
  std::copy_n(buffered().begin(), size, buffer.begin());
  position_ += size;
  return size;
}

std::string InputStream::read(std::size_t size) {
  std::string data;
  // Grows block by block: a length that somebody announced is not yet memory.
  while (data.size() < size) {
    const std::size_t before = data.size();
    const std::size_t block = std::min(size - before, block_size);
    data.resize(before + block);
    const std::size_t got = read_some(std::span(data).subspan(before));
    data.resize(before + got);
    if (got == 0) break;
  }
  return data;
}

std::string InputStream::read() {
  return read(std::string::npos);
}

bool InputStream::fill() {
  buffer_.erase(0, position_);
  position_ = 0;
  const std::size_t before = buffer_.size();
  buffer_.resize(before + block_size);
  const std::size_t got = fetch(std::span(buffer_).subspan(before));
  buffer_.resize(before + got);
  return got != 0;
}

std::string InputStream::readline(std::size_t limit) {
  std::size_t searched = 0;
  for (;;) {
    const std::size_t newline = buffered().find('\n', searched);
    searched = buffered().size();
    const std::size_t line =
        newline == std::string_view::npos ? searched : newline + 1;
    const bool whole = newline != std::string_view::npos || searched >= limit;
    if (whole || !fill()) {
      std::string out(buffered().substr(0, std::min(line, limit)));
      position_ += out.size();
      return out;
    }
  }
}

std::vector<std::string> InputStream::readlines(std::size_t hint) {
  std::vector<std::string> lines;
  std::size_t total = 0;
  for (std::string line = readline(); !line.empty(); line = readline()) {
    total += line.size();
    lines.push_back(std::move(line));
    if (hint != 0 && total >= hint) break;
  }
  return lines;
}

InputStream::LineIterator& InputStream::LineIterator::operator++() {
  line_ = stream_->readline();
  if (line_.empty()) stream_ = nullptr;
  return *this;
}

void ErrorStream::write(std::string_view text) {
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    append_escaped(line_, text.substr(0, newline));
    if (newline == std::string_view::npos) {
      if (line_.size() > longest_error_line) flush();
      return;
    }
    line_ += '\n';
    sink_.write(line_);
    line_.clear();
    text.remove_prefix(newline + 1);
  }
}

void ErrorStream::flush() noexcept {
  if (line_.empty()) return;
  try {
    line_ += '\n';
  } catch (...) {
    line_.back() = '\n';
  }
  sink_.write(line_);
  line_.clear();
}

}  // namespace decant
