// SPDX-License-Identifier: MIT
// FastCGI records, both directions, bytes in and bytes out: no I/O
// (FastCGI specification 1.0, sections 3 to 5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "decant/environ.hpp"
#include "decant/service/limits.hpp"
#include "decant/service/request/body_reader.hpp"

namespace decant::fastcgi {

enum class RecordType : std::uint8_t {
  begin_request = 1,
  abort_request = 2,
  end_request = 3,
  params = 4,
  standard_input = 5,
  standard_output = 6,
  standard_error = 7,
  data = 8,
  get_values = 9,
  get_values_result = 10,
  unknown_type = 11,
};

enum class Role : std::uint16_t { responder = 1, authorizer = 2, filter = 3 };

enum class ProtocolStatus : std::uint8_t {
  request_complete = 0,
  cant_mpx_conn = 1,
  overloaded = 2,
  unknown_role = 3,
};

inline constexpr std::size_t header_size = 8;
/// The largest content of a record that needs no padding: no more is put into
/// one.
inline constexpr std::size_t large_record = 65528;

/// The eight bytes in front of every record (section 3.3).
struct RecordHeader {
  RecordType type;
  std::uint16_t request_id = 0;
  std::uint16_t content_length = 0;
  std::uint8_t padding_length = 0;
  std::uint8_t version = 1;

  /// Bytes of the record, header and padding included.
  std::size_t size() const noexcept {
    return header_size + content_length + padding_length;
  }
};

/// `bytes` has at least header_size.
inline RecordHeader decode_header(std::string_view bytes) noexcept {
  const auto at = [bytes](std::size_t i) {
    return static_cast<std::uint8_t>(bytes[i]);
  };
  return {.type = static_cast<RecordType>(at(1)),
          .request_id = static_cast<std::uint16_t>(at(2) << 8 | at(3)),
          .content_length = static_cast<std::uint16_t>(at(4) << 8 | at(5)),
          .padding_length = at(6),
          .version = at(0)};
}

inline std::array<char, header_size> encode_header(
    const RecordHeader& header) noexcept {
  return {static_cast<char>(header.version),
          static_cast<char>(header.type),
          static_cast<char>(header.request_id >> 8),
          static_cast<char>(header.request_id),
          static_cast<char>(header.content_length >> 8),
          static_cast<char>(header.content_length),
          static_cast<char>(header.padding_length),
          0};
}

inline void append_header(std::string& out, const RecordHeader& header) {
  const std::array<char, header_size> bytes = encode_header(header);
  out.append(bytes.data(), bytes.size());
}

/// Completes a record at the end of `out`, for whose header there is room at
/// `begin`: sets its length and adds padding. Content that is too long for one
/// record becomes several.
void close_record(std::string& out, std::size_t begin, RecordHeader header);

/// Appends a record, padded to a multiple of eight as section 3.3 recommends;
/// several where the content is longer than large_record.
void append_record(std::string& out, RecordType type, std::uint16_t request_id,
                   std::string_view content);

/// Appends `content` as records, as many as it needs; none when it is empty.
void append_stream(std::string& out, RecordType type, std::uint16_t request_id,
                   std::string_view content);

/// Appends END_REQUEST (section 5.5).
void append_end_request(std::string& out, std::uint16_t request_id,
                        std::uint32_t application_status,
                        ProtocolStatus status);

/// Appends one name-value pair (section 3.4); used by GET_VALUES_RESULT.
void append_pair(std::string& out, std::string_view name,
                 std::string_view value);

/// Takes one name-value pair from the front of `bytes`, as views into it.
/// False at the end and where a length leads beyond it; `bytes` is empty only
/// after a clean end.
bool take_pair(std::string_view& bytes, Variable& pair) noexcept;

/// The answer to a record that belongs to no request that is being served:
/// to GET_VALUES the variables that were asked for and are known, to other
/// management records UNKNOWN_TYPE (section 4), to BEGIN_REQUEST
/// CANT_MPX_CONN, since one connection serves one request at a time; nothing
/// to what is to be ignored (section 3.3). `content` may be left out but for
/// GET_VALUES.
std::string answer_foreign(const RecordHeader& header, std::string_view content,
                           std::size_t max_connections);

/// What lies at the front of a connection between requests.
struct HeadScan {
  enum class State {
    incomplete,    ///< the head of a request, or a record, has begun
    complete,      ///< BEGIN_REQUEST and all PARAMS are there
    foreign,       ///< a whole record that is not of this head: take it out
    unknown_role,  ///< BEGIN_REQUEST with a role that is none
    aborted,       ///< ABORT_REQUEST before the parameters were complete
    too_large,     ///< parameters beyond the limits
    malformed,     ///< not FastCGI 1.0
  };
  State state = State::incomplete;
  /// Bytes that the head or the foreign record takes. While it is incomplete:
  /// the bytes that must be there before another scan can get further.
  std::size_t size = 0;
  /// Where the foreign record begins.
  std::size_t offset = 0;
  std::uint16_t request_id = 0;
  Role role = Role::responder;
  bool keep_connection = false;
};

/// Scans what has arrived. With State::complete, `params` holds the variables
/// as views into `bytes`, or into `scratch` where they were spread over several
/// records. Lengths that lead beyond `limits` are too_large before their bytes
/// have come.
HeadScan scan_head(std::string_view bytes, const service::Limits& limits,
                   Variables& params, std::string& scratch);

/// Walks over what follows the head of a request on its connection: finds the
/// content of its STDIN records and answers or skips all others.
class StdinReader final : public service::BodyReader {
 public:
  StdinReader() : BodyReader(header_size) {}
  StdinReader(std::uint16_t request_id, std::size_t max_connections)
      : StdinReader() {
    begin(request_id, max_connections);
  }
  /// Turns to the body of another request.
  void begin(std::uint16_t request_id, std::size_t max_connections) noexcept;

  std::string_view next(std::string_view& in, std::size_t most) override;
  std::size_t content_ahead() const noexcept override {
    return ours_ ? content_ : 0;
  }
  void took(std::size_t size) noexcept override { content_ -= size; }
  std::uint64_t unfinished() const noexcept override {
    return content_ + padding_;
  }
  /// ABORT_REQUEST after the empty STDIN record.
  bool is_abort(std::string_view bytes) const noexcept override;

 private:
  void begin_record(const RecordHeader& header);
  void end_of_record();

  std::uint16_t request_id_ = 0;
  std::size_t max_connections_ = 0;
  RecordHeader record_{};    // the record that has begun
  std::string management_;   // content of a management record
  std::size_t content_ = 0;  // bytes of it that are still to come
  std::size_t padding_ = 0;
  bool ours_ = false;
};

}  // namespace decant::fastcgi
