// SPDX-License-Identifier: MIT
#include "decant/file_wrapper.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <system_error>

namespace decant {

FileWrapper::FileWrapper(int descriptor, std::size_t block,
                         std::optional<std::uint64_t> most)
    : file_(descriptor), block_(std::max<std::size_t>(block, 1)), left_(most) {}

bool FileWrapper::next(std::string& chunk) {
  if (left_ == 0U) return false;
  chunk.resize(static_cast<std::size_t>(
      std::min<std::uint64_t>(block_, left_.value_or(block_))));
  const ssize_t got = read_some(file_.get(), std::span(chunk));
  if (got < 0) {
    throw std::system_error(errno, std::generic_category(),
                            "file_wrapper: read");
  }
  chunk.resize(static_cast<std::size_t>(got));
  if (left_) *left_ -= chunk.size();
  return got != 0;
}

std::optional<std::uint64_t> FileWrapper::size() const {
  const auto whole = span();
  if (!whole) return std::nullopt;
  return whole->size;
}

std::optional<detail::FileSpan> FileWrapper::span() const {
  const off_t position = ::lseek(file_.get(), 0, SEEK_CUR);
  const auto size = size_from(file_.get(), position);
  if (!size) return std::nullopt;
  return detail::FileSpan{file_.get(), position,
                          std::min(*size, left_.value_or(*size))};
}

}  // namespace decant
