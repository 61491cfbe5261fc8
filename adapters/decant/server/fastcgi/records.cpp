// SPDX-License-Identifier: MIT
#include "decant/server/fastcgi/records.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace decant::fastcgi {
namespace {

std::uint8_t byte_at(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<std::uint8_t>(bytes[at]);
}

std::uint16_t short_at(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(byte_at(bytes, at) << 8 |
                                    byte_at(bytes, at + 1));
}

void append_byte(std::string& out, std::size_t value) {
  out += static_cast<char>(value & 0xFF);
}

/// A length of section 3.4: one byte up to 127, else four with the top bit
/// set.
void append_length(std::string& out, std::size_t length) {
  if (length < 0x80) {
    append_byte(out, length);
    return;
  }
  append_byte(out, length >> 24 | 0x80);
  append_byte(out, length >> 16);
  append_byte(out, length >> 8);
  append_byte(out, length);
}

std::optional<std::size_t> take_length(std::string_view& bytes) noexcept {
  if (bytes.empty()) return std::nullopt;
  const std::size_t first = byte_at(bytes, 0);
  if (first < 0x80) {
    bytes.remove_prefix(1);
    return first;
  }
  if (bytes.size() < 4) return std::nullopt;
  const std::size_t length =
      (first & 0x7F) << 24 | std::size_t{byte_at(bytes, 1)} << 16 |
      std::size_t{byte_at(bytes, 2)} << 8 | byte_at(bytes, 3);
  bytes.remove_prefix(4);
  return length;
}

using State = HeadScan::State;

/// Walks over the records at the front of a connection.
class Scanner {
 public:
  Scanner(std::string_view bytes, const service::Limits& limits,
          Variables& params, std::string& scratch)
      : bytes_(bytes), limits_(limits), params_(params), scratch_(scratch) {}

  HeadScan scan() {
    params_.clear();
    scratch_.clear();
    if (!next_header()) return stop(State::incomplete);
    if (header_.version != 1) return stop(State::malformed);
    if (header_.type != RecordType::begin_request) return foreign();
    if (header_.request_id == 0 || header_.content_length != 8) {
      return stop(State::malformed);
    }
    if (!next_content()) return stop(State::incomplete);
    result_.request_id = header_.request_id;
    result_.role = static_cast<Role>(short_at(content_, 0));
    result_.keep_connection = (byte_at(content_, 2) & 1) != 0;
    if (result_.role != Role::responder && result_.role != Role::authorizer) {
      return stop(State::unknown_role);
    }
    return scan_params();
  }

 private:
  HeadScan stop(State state) {
    result_.state = state;
    result_.size = at_ + (state == State::incomplete ? wanted_ : 0);
    return result_;
  }

  bool next_header() {
    wanted_ = header_size;
    const std::string_view rest = bytes_.substr(at_);
    if (rest.size() < header_size) return false;
    header_ = decode_header(rest);
    return true;
  }

  bool next_content() {
    wanted_ = header_.size();
    const std::string_view rest = bytes_.substr(at_);
    if (rest.size() < header_.size()) return false;
    content_ = rest.substr(header_size, header_.content_length);
    at_ += header_.size();
    return true;
  }

  /// A record that belongs to no request, or to another one.
  HeadScan foreign() {
    result_.offset = at_;
    if (!next_content()) return stop(State::incomplete);
    stop(State::foreign);
    result_.size -= result_.offset;
    return result_;
  }

  HeadScan scan_params() {
    for (;;) {
      if (!next_header()) return unfinished();
      if (header_.version != 1) return stop(State::malformed);
      if (header_.request_id != result_.request_id) return foreign();
      if (header_.type == RecordType::abort_request) {
        return stop(next_content() ? State::aborted : State::incomplete);
      }
      if (header_.type != RecordType::params) return stop(State::malformed);
      if (total_ + header_.content_length > limits_.max_params) {
        return stop(State::too_large);
      }
      if (!next_content()) {
        content_ = bytes_.substr(at_ + header_size);
        append_params();
        return unfinished();
      }
      total_ += content_.size();
      if (content_.empty()) return finish();
      append_params();
    }
  }

  /// One record is the rule and is read in place; more are put together.
  void append_params() {
    if (joined_.empty()) {
      joined_ = content_;
      return;
    }
    if (scratch_.empty()) scratch_ = joined_;
    scratch_ += content_;
    joined_ = scratch_;
  }

  /// Lengths are judged before their bytes have come.
  HeadScan unfinished() {
    std::string_view pairs = joined_;
    Variable pair;
    while (take_pair(pairs, pair)) {
    }
    const std::optional<std::size_t> name = take_length(pairs);
    const std::optional<std::size_t> value =
        name ? take_length(pairs) : std::nullopt;
    const bool beyond = (name && *name > limits_.max_params) ||
                        (value && *value > limits_.max_params);
    return stop(beyond ? State::too_large : State::incomplete);
  }

  HeadScan finish() {
    std::string_view pairs = joined_;
    do {
      take_short_pairs(pairs);
      Variable pair;
      if (!take_pair(pairs, pair)) break;
      params_.emplace_back(pair.name, pair.value);
    } while (params_.size() <= limits_.max_param_count);
    if (params_.size() > limits_.max_param_count) {
      return stop(State::too_large);
    }
    return stop(pairs.empty() ? State::complete : State::malformed);
  }

  /// Pairs with both lengths in one byte each, which nearly all have; stops at
  /// any other.
  void take_short_pairs(std::string_view& pairs) {
    const char* at = pairs.data();
    const char* const end = at + pairs.size();
    std::size_t left = limits_.max_param_count + 1 -
                       std::min(params_.size(), limits_.max_param_count + 1);
    for (; end - at >= 2 && left > 0; --left) {
      const std::size_t name_size = static_cast<unsigned char>(at[0]);
      const std::size_t value_size = static_cast<unsigned char>(at[1]);
      const std::size_t size = 2 + name_size + value_size;
      if ((name_size | value_size) >= 0x80 ||
          static_cast<std::size_t>(end - at) < size) {
        break;
      }
      params_.emplace_back(std::string_view(at + 2, name_size),
                           std::string_view(at + 2 + name_size, value_size));
      at += size;
    }
    pairs = {at, static_cast<std::size_t>(end - at)};
  }

  std::string_view bytes_;
  const service::Limits& limits_;
  Variables& params_;
  std::string& scratch_;
  HeadScan result_;
  RecordHeader header_{};
  std::string_view content_;
  std::string_view joined_;  // the PARAMS stream so far
  std::size_t at_ = 0;       // behind the records that have been taken
  std::size_t wanted_ = 0;   // bytes of the record at at_
  std::size_t total_ = 0;
};

}  // namespace

void close_record(std::string& out, std::size_t begin, RecordHeader header) {
  const std::size_t size = out.size() - begin - header_size;
  if (size > large_record) {
    const std::string content = out.substr(begin + header_size);
    out.resize(begin);
    append_stream(out, header.type, header.request_id, content);
    return;
  }
  header.content_length = static_cast<std::uint16_t>(size);
  header.padding_length = static_cast<std::uint8_t>((8 - size % 8) % 8);
  const std::array<char, header_size> bytes = encode_header(header);
  std::copy(bytes.begin(), bytes.end(),
            out.begin() + static_cast<std::ptrdiff_t>(begin));
  if (header.padding_length > 0) out.append(header.padding_length, '\0');
}

void append_record(std::string& out, RecordType type, std::uint16_t request_id,
                   std::string_view content) {
  const std::size_t begin = out.size();
  out.append(header_size, '\0');
  out += content;
  close_record(out, begin, {.type = type, .request_id = request_id});
}

void append_stream(std::string& out, RecordType type, std::uint16_t request_id,
                   std::string_view content) {
  while (!content.empty()) {
    const std::string_view part = content.substr(0, large_record);
    append_record(out, type, request_id, part);
    content.remove_prefix(part.size());
  }
}

void append_end_request(std::string& out, std::uint16_t request_id,
                        std::uint32_t application_status,
                        ProtocolStatus status) {
  const std::array<char, header_size> header =
      encode_header({.type = RecordType::end_request,
                     .request_id = request_id,
                     .content_length = 8});
  std::array<char, 16> record = {};
  std::copy(header.begin(), header.end(), record.begin());
  record[8] = static_cast<char>(application_status >> 24);
  record[9] = static_cast<char>(application_status >> 16);
  record[10] = static_cast<char>(application_status >> 8);
  record[11] = static_cast<char>(application_status);
  record[12] = static_cast<char>(status);
  out.append(record.data(), record.size());
}

void append_pair(std::string& out, std::string_view name,
                 std::string_view value) {
  append_length(out, name.size());
  append_length(out, value.size());
  out += name;
  out += value;
}

bool take_pair(std::string_view& bytes, Variable& pair) noexcept {
  std::string_view rest = bytes;
  const std::optional<std::size_t> name = take_length(rest);
  const std::optional<std::size_t> value =
      name ? take_length(rest) : std::nullopt;
  if (!value || rest.size() < *name || rest.size() - *name < *value) {
    return false;
  }
  pair = {rest.substr(0, *name), rest.substr(*name, *value)};
  bytes = rest.substr(*name + *value);
  return true;
}

namespace {

std::string values_result(std::string_view asked_for,
                          std::size_t max_connections) {
  const std::string most = std::to_string(max_connections);
  const std::array<Variable, 3> known = {{{"FCGI_MAX_CONNS", most},
                                          {"FCGI_MAX_REQS", most},
                                          {"FCGI_MPXS_CONNS", "0"}}};
  std::array<bool, 3> answered{};
  std::string values;
  Variable asked;
  while (take_pair(asked_for, asked)) {
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (asked.name != known[i].name || answered[i]) continue;
      answered[i] = true;  // each once, however often it is asked for
      append_pair(values, known[i].name, known[i].value);
    }
  }
  return values;
}

}  // namespace

std::string answer_foreign(const RecordHeader& header, std::string_view content,
                           std::size_t max_connections) {
  std::string out;
  if (header.request_id != 0) {
    if (header.type == RecordType::begin_request) {
      append_end_request(out, header.request_id, 0,
                         ProtocolStatus::cant_mpx_conn);
    }
  } else if (header.type == RecordType::get_values) {
    append_record(out, RecordType::get_values_result, 0,
                  values_result(content, max_connections));
  } else {
    std::string unknown;
    append_byte(unknown, static_cast<std::size_t>(header.type));
    unknown.append(7, '\0');
    append_record(out, RecordType::unknown_type, 0, unknown);
  }
  return out;
}

HeadScan scan_head(std::string_view bytes, const service::Limits& limits,
                   Variables& params, std::string& scratch) {
  return Scanner(bytes, limits, params, scratch).scan();
}

std::string_view StdinReader::next(std::string_view& in, std::size_t most) {
  while (sound_) {
    if (content_ == 0 && padding_ == 0) {
      if (ended_ || in.size() < header_size) break;
      begin_record(decode_header(in));
      if (sound_) in.remove_prefix(header_size);
      continue;
    }
    if (in.empty()) break;
    if (content_ == 0) {
      const std::size_t size = std::min(padding_, in.size());
      in.remove_prefix(size);
      padding_ -= size;
      continue;
    }
    const std::string_view piece =
        in.substr(0, std::min(content_, ours_ ? most : content_));
    in.remove_prefix(piece.size());
    content_ -= piece.size();
    if (ours_) return piece;
    if (record_.request_id == 0) management_ += piece;
    if (content_ == 0) end_of_record();
  }
  return {};
}

void StdinReader::begin(std::uint16_t request_id,
                        std::size_t max_connections) noexcept {
  reset();
  request_id_ = request_id;
  max_connections_ = max_connections;
  management_.clear();
  content_ = 0;
  padding_ = 0;
  ours_ = false;
}

bool StdinReader::is_abort(std::string_view bytes) const noexcept {
  if (bytes.size() < header_size) return false;
  const RecordHeader header = decode_header(bytes);
  return header.version == 1 && header.type == RecordType::abort_request &&
         header.request_id == request_id_;
}

/// Decides what becomes of a record.
void StdinReader::begin_record(const RecordHeader& header) {
  record_ = header;
  sound_ = header.version == 1;
  if (!sound_) return;
  content_ = header.content_length;
  padding_ = header.padding_length;
  const bool same = header.request_id == request_id_;
  ours_ = same && header.type == RecordType::standard_input;
  aborted_ = same && header.type == RecordType::abort_request;
  ended_ = aborted_ || (ours_ && content_ == 0);
  if (content_ == 0 && !ended_) end_of_record();
}

void StdinReader::end_of_record() {
  if (record_.request_id == request_id_) return;
  answers_ += answer_foreign(record_, management_, max_connections_);
  management_.clear();
}

}  // namespace decant::fastcgi
