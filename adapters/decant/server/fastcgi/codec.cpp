// SPDX-License-Identifier: MIT
#include "decant/server/fastcgi/codec.hpp"

#include <unistd.h>

#include <algorithm>

#include "decant/cgi_response.hpp"
#include "decant/error_page.hpp"

namespace decant::fastcgi {
namespace {

using service::Scan;

/// Of wsgi.errors in a record: small buffers of web servers hold several.
constexpr std::size_t errors_at_once = 1024;

/// The number for FCGI_MAX_CONNS and FCGI_MAX_REQS: what the limit of open
/// files allows.
std::size_t max_connections() {
  static const auto most = static_cast<std::size_t>(::sysconf(_SC_OPEN_MAX));
  return most;
}

/// Appends a whole response that says no more than its status.
void append_error_page(std::string& out, std::uint16_t request_id, int status) {
  const ErrorPage page(status);
  std::string content;
  cgi_response::write_head(content, page.status, page.headers);
  content += page.body;
  append_record(out, RecordType::standard_output, request_id, content);
  append_record(out, RecordType::standard_output, request_id, {});
  append_end_request(out, request_id, 0, ProtocolStatus::request_complete);
}

Scan::State state_of(HeadScan::State state) noexcept {
  switch (state) {
    case HeadScan::State::incomplete:
      return Scan::State::incomplete;
    case HeadScan::State::complete:
      return Scan::State::request;
    case HeadScan::State::foreign:
      return Scan::State::between;
    case HeadScan::State::unknown_role:
    case HeadScan::State::aborted:
    case HeadScan::State::too_large:
      return Scan::State::refused;
    case HeadScan::State::malformed:
      break;
  }
  return Scan::State::malformed;
}

}  // namespace

void Response::begin(std::uint16_t request_id) noexcept {
  id_ = request_id;
  started_ = false;
  errors_sent_ = false;
}

void Response::start(std::string& out, const ResponseHead& head,
                     std::string_view piece) {
  started_ = true;
  const std::size_t begin = out.size();
  out.append(header_size, '\0');
  cgi_response::write_head(out, head.status, head.headers);
  out += piece;
  close_record(out, begin,
               {.type = RecordType::standard_output, .request_id = id_});
}

void Response::append(std::string& out, std::string_view piece) {
  append_stream(out, RecordType::standard_output, id_, piece);
}

std::size_t Response::before(std::string& out, std::size_t size) {
  const std::size_t content = std::min(size, large_record);
  append_header(out, {.type = RecordType::standard_output,
                      .request_id = id_,
                      .content_length = static_cast<std::uint16_t>(content)});
  return content;
}

bool Response::errors(std::string& out, std::string_view lines) {
  for (; !lines.empty();
       lines.remove_prefix(std::min(lines.size(), errors_at_once))) {
    append_record(out, RecordType::standard_error, id_,
                  lines.substr(0, errors_at_once));
  }
  errors_sent_ = true;
  return true;
}

void Response::end(std::string& out, int application_status) {
  if (errors_sent_) {
    append_header(out, {.type = RecordType::standard_error, .request_id = id_});
  }
  if (started_) {
    append_header(out,
                  {.type = RecordType::standard_output, .request_id = id_});
  }
  append_end_request(out, id_, static_cast<std::uint32_t>(application_status),
                     ProtocolStatus::request_complete);
}

void Response::cut(std::string& out) {
  append_break(out);
}

void append_break(std::string& out) {
  append_header(out, {.type = RecordType::standard_output, .version = 0});
}

Scan Codec::scan(std::string_view bytes, Variables& variables) {
  head_ = scan_head(bytes, limits_, variables, scratch_);
  if (head_.state == HeadScan::State::complete) {
    const bool authorizes = head_.role == Role::authorizer;
    variables.set(detail::known("FCGI_ROLE"),
                  authorizes ? "AUTHORIZER" : "RESPONDER");
    if (authorizes && !authorizer_) head_.state = HeadScan::State::unknown_role;
  }
  Scan scan{.state = state_of(head_.state),
            .size = head_.size,
            .offset = head_.offset};
  if (head_.state == HeadScan::State::too_large) scan.status = 431;
  if (head_.state == HeadScan::State::foreign) {
    scan.of_request = decode_header(bytes.substr(head_.offset)).request_id != 0;
  }
  return scan;
}

void Codec::answer(std::string& out, std::string_view piece) {
  const RecordHeader header = decode_header(piece);
  out +=
      answer_foreign(header, piece.substr(header_size, header.content_length),
                     max_connections());
}

void Codec::refuse(std::string& out, int status) {
  if (status != 0) {
    append_error_page(out, head_.request_id, status);
  } else if (head_.request_id != 0) {
    const bool malformed = head_.state == HeadScan::State::malformed;
    append_end_request(out, head_.request_id, malformed ? 1 : 0,
                       head_.state == HeadScan::State::unknown_role
                           ? ProtocolStatus::unknown_role
                           : ProtocolStatus::request_complete);
  }
}

/// It is made anew only for another request id, which few peers send.
std::string_view Codec::late_answer() {
  if (late_answer_.empty() || late_id_ != head_.request_id) {
    late_id_ = head_.request_id;
    late_answer_.clear();
    append_error_page(late_answer_, late_id_, 504);
  }
  return late_answer_;
}

service::BodyReader& Codec::begin_body() {
  body_.begin(head_.request_id, max_connections());
  return body_;
}

service::ResponseFraming& Codec::begin_response() {
  response_.begin(head_.request_id);
  return response_;
}

}  // namespace decant::fastcgi
