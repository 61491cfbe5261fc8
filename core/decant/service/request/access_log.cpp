// SPDX-License-Identifier: MIT
#include "decant/service/request/access_log.hpp"

#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "decant/normaliser.hpp"

namespace decant::service {
namespace {

/// What a text may take of a line, in bytes. With what is around them they stay
/// below PIPE_BUF, 4096.
constexpr std::size_t most_of_word = 32;
constexpr std::size_t most_of_address = 64;
constexpr std::size_t most_of_name = 128;
constexpr std::size_t most_of_uri = 1800;
constexpr std::size_t most_of_referrer = 800;
constexpr std::size_t most_of_agent = 512;

/// The variables that a line is made of.
struct Fields {
  explicit Fields(const Variables& variables) noexcept
      : request(normaliser::request_line(variables)),
        address(variables.last(detail::known("REMOTE_ADDR"))),
        user(variables.last(detail::known("REMOTE_USER"))),
        protocol(variables.last(detail::known("SERVER_PROTOCOL"))),
        host(variables.last(detail::known("HTTP_HOST"))),
        referrer(variables.last(detail::known("HTTP_REFERER"))),
        agent(variables.last(detail::known("HTTP_USER_AGENT"))) {}

  normaliser::RequestLine request;
  std::string_view address;
  std::string_view user;
  std::string_view protocol;
  std::string_view host;
  std::string_view referrer;
  std::string_view agent;
};

/// `text` in printable ASCII without what ends a field, at most `most` bytes
/// and "..." if it was cut. A byte that must not stand is `escape` and two
/// digits.
void append_escaped(std::string& out, std::string_view text, std::size_t most,
                    std::string_view escape, char first_allowed = ' ') {
  constexpr char hex[] = "0123456789abcdef";
  const auto is_plain = [first_allowed](char c) {
    return c >= first_allowed && c <= '~' && c != '"' && c != '\\';
  };
  const std::size_t end = out.size() + most;
  while (!text.empty()) {
    if (out.size() >= end) {
      out += "...";
      return;
    }
    const std::string_view room = text.substr(0, end - out.size());
    const auto plain = static_cast<std::size_t>(
        std::find_if_not(room.begin(), room.end(), is_plain) - room.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (plain == room.size()) continue;
    const auto byte = static_cast<unsigned char>(text.front());
    text.remove_prefix(1);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += static_cast<char>(byte);
    } else {
      out += escape;
      out += hex[byte >> 4];
      out += hex[byte & 15];
    }
  }
}

void append_quoted(std::string& out, std::string_view text, std::size_t most) {
  append_escaped(out, text.empty() ? "-" : text, most, "\\x");
}

/// A field that ends at a blank.
void append_bare(std::string& out, std::string_view text, std::size_t most) {
  append_escaped(out, text.empty() ? "-" : text, most, "\\x", '!');
}

/// The request line; "-" where what came was none.
void append_request(std::string& out, const Fields& fields,
                    const RequestRecord& record) {
  if (record.outcome == Outcome::refused && fields.protocol.empty()) {
    out += '-';
    return;
  }
  append_quoted(out, fields.request.method, most_of_word);
  out += ' ';
  append_quoted(out, fields.request.target, most_of_uri);
  out += ' ';
  append_quoted(out, fields.protocol, most_of_word);
}

void append_common(std::string& out, const Fields& fields,
                   const RequestRecord& record, WallTime time) {
  append_bare(out, fields.address, most_of_address);
  out += " - ";
  append_bare(out, fields.user, most_of_name);
  out += " [";
  append_clf_time(out, time);
  out += "] \"";
  append_request(out, fields, record);
  out += "\" ";
  out += record.status == 0 ? "-" : std::to_string(record.status);
  out += ' ';
  out += std::to_string(record.bytes_sent);
}

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::complete:
      return "complete";
    case Outcome::refused:
      return "refused";
    case Outcome::failed:
      return "failed";
    case Outcome::cut_short:
      return "cut_short";
    case Outcome::client_gone:
      break;
  }
  return "client_gone";
}

/// RFC 8259. A byte beyond ASCII is the character of that number, as WSGI has
/// it, so that a line is JSON whatever a client sends.
class JsonLine {
 public:
  explicit JsonLine(std::string& out) : out_(out) { out_ += '{'; }

  void text(std::string_view name, std::string_view value, std::size_t most) {
    key(name);
    out_ += '"';
    append_escaped(out_, value, most, "\\u00");
    out_ += '"';
  }
  void number(std::string_view name, std::uint64_t value) {
    key(name);
    out_ += std::to_string(value);
  }
  void seconds(std::string_view name, std::chrono::nanoseconds value) {
    key(name);
    append_seconds(out_, value);
  }
  void time(std::string_view name, WallTime value) {
    key(name);
    out_ += '"';
    append_rfc3339(out_, value);
    out_ += '"';
  }
  void end() { out_ += '}'; }

 private:
  void key(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    out_.append("\"").append(name) += "\":";
  }

  std::string& out_;
};

void append_json(std::string& out, const Fields& fields,
                 const RequestRecord& record, WallTime time) {
  JsonLine line(out);
  line.time("time", time);
  line.text("id", RequestIdText(record.id).view(), most_of_word);
  line.text("remote_addr", fields.address, most_of_address);
  line.text("remote_user", fields.user, most_of_name);
  line.text("method", fields.request.method, most_of_word);
  line.text("uri", fields.request.target, most_of_uri);
  line.text("protocol", fields.protocol, most_of_word);
  line.text("host", fields.host, most_of_name);
  line.number("status", static_cast<std::uint64_t>(record.status));
  line.number("bytes_received", record.bytes_received);
  line.number("bytes_sent", record.bytes_sent);
  line.seconds("taken", record.taken);
  line.seconds("waited", record.waited);
  line.text("outcome", name_of(record.outcome), most_of_word);
  line.text("door", record.arrival.door_name, most_of_name);
  line.text("referer", fields.referrer, most_of_referrer);
  line.text("user_agent", fields.agent, most_of_agent);
  line.end();
}

class AccessObserver final : public Observer {
 public:
  AccessObserver(int descriptor, AccessFormat format) noexcept
      : descriptor_(descriptor), format_(format) {}

  void begin(const RequestRecord&) noexcept override {}
  bool shows_ids() const noexcept override {
    return format_ == AccessFormat::json;
  }

  void end(const RequestRecord& record) noexcept override {
    using std::chrono::system_clock;
    try {
      line_.clear();
      append_access_line(
          line_, format_, record,
          system_clock::now() -
              std::chrono::duration_cast<system_clock::duration>(record.taken));
      write_lines(descriptor_, line_);
    } catch (...) {
      log(LogLevel::error, "access log: out of memory for a line");
    }
  }

 private:
  int descriptor_;
  AccessFormat format_;
  std::string line_;
};

}  // namespace

void append_access_line(std::string& out, AccessFormat format,
                        const RequestRecord& record, WallTime time) {
  const Fields fields(record.variables);
  if (format == AccessFormat::json) {
    append_json(out, fields, record, time);
  } else {
    append_common(out, fields, record, time);
    if (format == AccessFormat::combined) {
      out += " \"";
      append_quoted(out, fields.referrer, most_of_referrer);
      out += "\" \"";
      append_quoted(out, fields.agent, most_of_agent);
      out += '"';
    }
    out += ' ';
    append_seconds(out, record.taken);
  }
  out += '\n';
}

AccessLog::AccessLog(const LogSettings& settings)
    : file_(settings.access_file == "-"
                ? nullptr
                : std::make_unique<LogFile>(settings.access_file)),
      format_(settings.access_format) {}

std::unique_ptr<Observer> AccessLog::make_observer() const {
  return std::make_unique<AccessObserver>(
      file_ ? file_->descriptor() : STDOUT_FILENO, format_);
}

}  // namespace decant::service
