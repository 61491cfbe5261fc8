// SPDX-License-Identifier: MIT
// A FastCGI response, checked as it arrives.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

class Response {
 public:
  enum class State { more, done, bad };

  /// Takes bytes; bytes after END_REQUEST are bad.
  State feed(std::string_view bytes);
  void reset();

  /// The front of STDOUT, at most 16 KiB.
  const std::string& front() const noexcept { return front_; }
  std::uint64_t size() const noexcept { return size_; }
  /// Application and protocol status are 0.
  bool good() const noexcept { return good_; }
  bool begun() const noexcept { return begun_; }

 private:
  void content(std::string_view bytes);

  std::string header_;
  std::string end_;
  std::string front_;
  std::uint64_t size_ = 0;
  std::size_t content_ = 0;
  std::size_t padding_ = 0;
  std::uint8_t type_ = 0;
  bool begun_ = false;
  bool good_ = false;
};

}  // namespace bench
