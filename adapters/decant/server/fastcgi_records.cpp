// SPDX-License-Identifier: MIT
#include "decant/server/fastcgi_records.hpp"

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
    Variable pair;
    while (take_pair(pairs, pair)) {
      if (params_.size() == limits_.max_param_count) {
        return stop(State::too_large);
      }
      params_.push_back(pair);
    }
    return stop(pairs.empty() ? State::complete : State::malformed);
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

RecordHeader decode_header(std::string_view bytes) noexcept {
  return {.type = static_cast<RecordType>(byte_at(bytes, 1)),
          .request_id = short_at(bytes, 2),
          .content_length = short_at(bytes, 4),
          .padding_length = byte_at(bytes, 6),
          .version = byte_at(bytes, 0)};
}

void append_header(std::string& out, const RecordHeader& header) {
  append_byte(out, header.version);
  append_byte(out, static_cast<std::size_t>(header.type));
  append_byte(out, static_cast<std::size_t>(header.request_id >> 8));
  append_byte(out, header.request_id);
  append_byte(out, static_cast<std::size_t>(header.content_length >> 8));
  append_byte(out, header.content_length);
  append_byte(out, header.padding_length);
  append_byte(out, 0);
}

void append_record(std::string& out, RecordType type, std::uint16_t request_id,
                   std::string_view content) {
  const std::size_t padding = (8 - content.size() % 8) % 8;
  append_header(out,
                {.type = type,
                 .request_id = request_id,
                 .content_length = static_cast<std::uint16_t>(content.size()),
                 .padding_length = static_cast<std::uint8_t>(padding)});
  out += content;
  out.append(padding, '\0');
}

void append_end_request(std::string& out, std::uint16_t request_id,
                        std::uint32_t application_status,
                        ProtocolStatus status) {
  std::string content;
  append_byte(content, application_status >> 24);
  append_byte(content, application_status >> 16);
  append_byte(content, application_status >> 8);
  append_byte(content, application_status);
  append_byte(content, static_cast<std::size_t>(status));
  content.append(3, '\0');
  append_record(out, RecordType::end_request, request_id, content);
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
  if (bytes.size() >= 2 && (byte_at(bytes, 0) | byte_at(bytes, 1)) < 0x80) {
    // Both lengths in one byte each: nearly every pair.
    const std::size_t name_size = byte_at(bytes, 0);
    const std::size_t value_size = byte_at(bytes, 1);
    if (bytes.size() < 2 + name_size + value_size) return false;
    pair.first = {bytes.data() + 2, name_size};
    pair.second = {bytes.data() + 2 + name_size, value_size};
    bytes.remove_prefix(2 + name_size + value_size);
    return true;
  }
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
      if (asked.first != known[i].first || answered[i]) continue;
      answered[i] = true;  // each once, however often it is asked for
      append_pair(values, known[i].first, known[i].second);
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

bool StdinFilter::pass(std::string_view& in, std::string& out,
                       std::size_t room) {
  while (!in.empty() && !ended_) {
    if (content_ > 0) {
      if (passing_ && room == 0) return true;
      std::size_t size = std::min(content_, in.size());
      if (passing_) {
        size = std::min(size, room);
        out += in.substr(0, size);
        room -= size;
      } else if (record_.request_id == 0) {
        management_ += in.substr(0, size);
      }
      in.remove_prefix(size);
      content_ -= size;
      if (content_ == 0) end_of_record();
    } else if (padding_ > 0) {
      const std::size_t size = std::min(padding_, in.size());
      in.remove_prefix(size);
      padding_ -= size;
    } else {
      if (room < header_size) return true;
      const std::size_t size =
          std::min(header_size - header_.size(), in.size());
      header_ += in.substr(0, size);
      in.remove_prefix(size);
      if (header_.size() < header_size) return true;
      record_ = decode_header(header_);
      header_.clear();
      if (record_.version != 1) return false;
      const std::size_t before = out.size();
      begin(record_, out);
      room -= out.size() - before;
    }
  }
  return true;
}

/// Decides what becomes of a record.
void StdinFilter::begin(const RecordHeader& header, std::string& out) {
  content_ = header.content_length;
  padding_ = header.padding_length;
  passing_ = header.request_id == request_id_ &&
             (header.type == RecordType::standard_input ||
              header.type == RecordType::abort_request);
  if (passing_) {
    RecordHeader passed = header;
    passed.padding_length = 0;
    append_header(out, passed);
    aborted_ = header.type == RecordType::abort_request;
    ended_ = aborted_ || header.content_length == 0;
  }
  if (content_ == 0 && !passing_) end_of_record();
}

void StdinFilter::end_of_record() {
  if (passing_ || record_.request_id == request_id_) return;
  answers_ += answer_foreign(record_, management_, max_connections_);
  management_.clear();
}

}  // namespace decant::fastcgi
