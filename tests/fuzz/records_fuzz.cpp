// SPDX-License-Identifier: MIT
// The FastCGI codec: whatever comes, however it is cut, the scanner and the
// reader say the same and stay within it.
#include <algorithm>
#include <string>

#include "decant/server/fastcgi/records.hpp"
#include "target.hpp"

namespace decant::fastcgi {

using fuzz::require;

namespace {

bool within(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() &&
          part.data() + part.size() <= whole.data() + whole.size());
}

void scan(std::string_view bytes) {
  const service::Limits limits{.max_params = 4096, .max_param_count = 20};
  Variables params;
  std::string scratch;
  const HeadScan head = scan_head(bytes, limits, params, scratch);
  if (head.state == HeadScan::State::complete) {
    require(head.size <= bytes.size(), "a head is longer than its bytes");
    require(params.size() <= limits.max_param_count, "too many parameters");
    std::size_t total = 0;
    std::string pairs;
    for (const auto& [name, value] : params) {
      require(within(name, bytes) || within(name, scratch), "a stray name");
      require(within(value, bytes) || within(value, scratch), "a stray value");
      total += name.size() + value.size();
      append_pair(pairs, name, value);
    }
    require(total <= limits.max_params, "more parameters than allowed");
    std::string_view rest = pairs;
    Variable pair;
    for (const Variable& expected : params) {
      require(take_pair(rest, pair) && pair == expected, "a pair changed");
    }
    require(rest.empty(), "pairs grew");
  }
  if (head.state == HeadScan::State::foreign) {
    require(head.size >= header_size, "a foreign record without a header");
    require(head.offset + head.size <= bytes.size(), "a stray foreign record");
    const std::string_view record = bytes.substr(head.offset, head.size);
    const RecordHeader header = decode_header(record);
    const std::string answer = answer_foreign(
        header, record.substr(header_size, header.content_length), 64);
    require(answer.size() <= 128, "a long answer");
  }
  if (head.state == HeadScan::State::incomplete) {
    require(head.size > bytes.size(), "nothing is wanted");
  }
}

struct Found {
  std::string body;
  std::string answers;
  bool ended = false;
  bool aborted = false;
  bool sound = true;
  bool operator==(const Found&) const = default;
};

Found read(std::string_view bytes, std::size_t step, std::size_t most) {
  StdinReader reader(1, 64);
  Found found;
  std::string unread;
  while (!bytes.empty()) {
    unread += bytes.substr(0, step);
    bytes.remove_prefix(std::min(step, bytes.size()));
    std::string_view in = unread;
    for (;;) {
      const std::string_view piece = reader.next(in, most);
      if (piece.empty()) break;
      require(piece.size() <= most, "a piece is too long");
      found.body += piece;
    }
    require(reader.ended() || !reader.sound() || in.size() < header_size,
            "unread bytes");
    unread = std::string(in);
  }
  found.answers = reader.answers();
  found.ended = reader.ended();
  found.aborted = reader.aborted();
  found.sound = reader.sound();
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  scan(bytes);
  const Found whole = read(bytes, size + 1, 65536);
  require(read(bytes, 1, 65536) == whole, "cut byte by byte it differs");
  require(read(bytes, 7, 3) == whole, "in small pieces it differs");
  return 0;
}

}  // namespace decant::fastcgi
