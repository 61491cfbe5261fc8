// SPDX-License-Identifier: MIT
// A codec for CGI variables in front of a body: whatever comes, however it is
// cut, it says the same and stays within it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "decant/service/request/variables_codec.hpp"
#include "target.hpp"

namespace fuzz {

inline constexpr std::size_t most_params = 4096;
inline constexpr std::size_t most_variables = 20;

inline bool within(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() &&
          part.data() + part.size() <= whole.data() + whole.size());
}

struct Read {
  std::string body;
  bool ended = false;
  bool operator==(const Read&) const = default;
};

inline Read read_body(decant::service::BodyReader& reader,
                      std::string_view bytes, std::size_t step,
                      std::size_t most) {
  Read read;
  while (!bytes.empty() && !reader.ended()) {
    std::string_view in = bytes.substr(0, step);
    bytes.remove_prefix(in.size());
    for (;;) {
      const std::string_view piece = reader.next(in, most);
      if (piece.empty()) break;
      require(piece.size() <= most, "a piece is too long");
      read.body += piece;
    }
    require(in.empty() || reader.ended(), "unread bytes");
  }
  read.ended = reader.ended();
  return read;
}

/// Gives what the codec said of the whole.
template <class Codec>
decant::service::Scan check_variables(std::string_view bytes) {
  using decant::service::Scan;
  using State = Scan::State;
  const decant::service::Limits limits{.max_params = most_params,
                                       .max_param_count = most_variables};
  Codec codec(limits);
  decant::Variables variables;
  if (bytes.empty()) return {};
  const Scan scan = codec.scan(bytes, variables);
  if (scan.state == State::incomplete) {
    require(scan.size > bytes.size(), "nothing is wanted");
    require(scan.size <= most_params + 64, "more is wanted than allowed");
  }
  if (scan.state == State::between || scan.state == State::request) {
    require(scan.size <= bytes.size(), "it is longer than its bytes");
  }
  if (scan.state == State::request) {
    require(variables.size() <= most_variables + 1, "too many variables");
    for (const auto& [name, value] : variables) {
      // What UWSGI_SCHEME says is told as web servers tell it.
      if (name == "HTTPS" && value == "on") continue;
      require(within(name, bytes), "a stray name");
      require(within(value, bytes), "a stray value");
    }
    const std::string_view rest = bytes.substr(scan.size);
    const Read whole =
        read_body(codec.begin_body(), rest, rest.size() + 1, rest.size() + 1);
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}}) {
      codec.scan(bytes, variables);
      require(read_body(codec.begin_body(), rest, step, 3) == whole,
              "in small pieces the body differs");
    }
  }
  // A prefix is unfinished, or says what the whole says.
  for (std::size_t size = 1; size < bytes.size();
       size += 1 + bytes.size() / 16) {
    Codec other(limits);
    decant::Variables found;
    const Scan part = other.scan(bytes.substr(0, size), found);
    if (part.state == State::incomplete) continue;
    require(part.state == scan.state, "a prefix has another verdict");
    require(part.size == scan.size, "a prefix has another size");
  }
  return scan;
}

}  // namespace fuzz
