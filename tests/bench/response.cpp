// SPDX-License-Identifier: MIT
#include "response.hpp"

#include <algorithm>

#include "decant/server/fastcgi/records.hpp"

namespace bench {
namespace {

using decant::fastcgi::RecordType;

constexpr std::size_t most_kept = 16384;

bool is(std::uint8_t type, RecordType wanted) {
  return type == static_cast<std::uint8_t>(wanted);
}

}  // namespace

void Response::reset() {
  *this = Response();
}

void Response::content(std::string_view bytes) {
  if (is(type_, RecordType::end_request)) end_ += bytes;
  if (!is(type_, RecordType::standard_output)) return;
  size_ += bytes.size();
  if (front_.size() < most_kept) {
    front_ += bytes.substr(0, most_kept - front_.size());
  }
}

Response::State Response::feed(std::string_view bytes) {
  begun_ = begun_ || !bytes.empty();
  while (!bytes.empty()) {
    if (content_ > 0 || padding_ > 0) {
      const bool padding = content_ == 0;
      std::size_t& left = padding ? padding_ : content_;
      const std::size_t size = std::min(left, bytes.size());
      if (!padding) content(bytes.substr(0, size));
      bytes.remove_prefix(size);
      left -= size;
    } else {
      const std::size_t size =
          std::min(decant::fastcgi::header_size - header_.size(), bytes.size());
      header_ += bytes.substr(0, size);
      bytes.remove_prefix(size);
      if (header_.size() < decant::fastcgi::header_size) return State::more;
      const auto header = decant::fastcgi::decode_header(header_);
      header_.clear();
      if (header.version != 1) return State::bad;
      type_ = static_cast<std::uint8_t>(header.type);
      content_ = header.content_length;
      padding_ = header.padding_length;
    }
    if (end_.size() == 8 && content_ == 0 && padding_ == 0) {
      good_ = end_.substr(0, 5) == std::string(5, '\0');
      return bytes.empty() ? State::done : State::bad;
    }
  }
  return State::more;
}

}  // namespace bench
