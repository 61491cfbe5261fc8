// SPDX-License-Identifier: MIT
// An exchange without a web server: what a request brings is given as text,
// what the gateway sends is kept.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "decant/error.hpp"
#include "decant/gateway.hpp"

namespace decant::test {

/// A request body from a string, `most` bytes at a time.
class TextSource final : public InputSource {
 public:
  explicit TextSource(std::string text, std::size_t most = std::string::npos)
      : text_(std::move(text)), most_(most) {}

  std::size_t read(std::span<char> buffer) override {
    ++reads;
    const std::size_t size =
        std::min({buffer.size(), most_, text_.size() - position_});
    std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(position_), size,
                buffer.begin());
    position_ += size;
    return size;
  }

  std::size_t left() const { return text_.size() - position_; }
  int reads = 0;

 private:
  std::string text_;
  std::size_t most_;
  std::size_t position_ = 0;
};

/// Keeps the log.
class RecordingErrors final : public ErrorSink {
 public:
  void write(std::string_view lines) noexcept override { text += lines; }
  void remark(std::string_view message) noexcept override {
    remarks.emplace_back(message);
  }
  std::string text;
  std::vector<std::string> remarks;
};

/// Keeps a response as it was transmitted, piece by piece.
class RecordingOutput final : public Output {
 public:
  struct Piece {
    std::string chunk;
    bool last;
    bool operator==(const Piece&) const = default;
  };

  void start(const ResponseHead& head, std::string_view chunk,
             bool last) override {
    ++starts;
    status = head.status.line();
    headers = head.headers;
    content_length = head.content_length;
    has_content = head.has_content;
    transmit(chunk, last);
  }
  void send(std::string_view chunk, bool last) override {
    transmit(chunk, last);
  }
  int connection() const noexcept override { return peer; }
  void exit_status(int value) noexcept override { ended_with = value; }

  std::string body() const {
    std::string all;
    for (const Piece& piece : pieces) all += piece.chunk;
    return all;
  }

  int starts = 0;
  std::string status;
  Headers headers;
  std::optional<std::uint64_t> content_length;
  bool has_content = false;
  std::vector<Piece> pieces;
  /// What is watched for the end of the client.
  int peer = -1;
  std::optional<int> ended_with;
  /// The transmission, counted from 0, at which the peer turns out to be gone.
  std::size_t gone_at = std::string::npos;

 private:
  void transmit(std::string_view chunk, bool last) {
    if (pieces.size() >= gone_at) throw ClientGone("test: the client left");
    pieces.push_back({std::string(chunk), last});
  }
};

/// A GET of / until a test says otherwise.
struct RecordingExchange {
  Variables variables = {{"REQUEST_METHOD", "GET"},
                         {"SCRIPT_NAME", ""},
                         {"PATH_INFO", "/"},
                         {"SERVER_NAME", "test"},
                         {"SERVER_PORT", "80"},
                         {"QUERY_STRING", ""},
                         {"SERVER_PROTOCOL", "HTTP/1.1"}};
  TextSource input{""};
  RecordingOutput output;
  RecordingErrors errors;
  normaliser::Rules rules;
  normaliser::Framing framing = normaliser::Framing::content_length;
  normaliser::Paths paths = normaliser::Paths::split;

  void set(std::string_view name, std::string_view value) {
    std::vector<Variable> all(variables.begin(), variables.end());
    const auto found =
        std::find_if(all.begin(), all.end(),
                     [name](const Variable& v) { return v.name == name; });
    if (found == all.end()) {
      all.push_back({name, value});
    } else {
      found->value = value;
    }
    variables = Variables(all.begin(), all.end());
  }

  Outcome run(const Application& application) {
    return gateway::run(
        {variables, input, output, errors, rules, framing, paths, {}},
        application);
  }
};

/// A start_response that answers everything and sends nothing.
inline StartResponse ignoring_start_response() {
  return [](std::string_view, const Headers&, const std::exception_ptr&) {
    return Write([](std::string_view) {});
  };
}

/// An environ for what is called without a gateway.
struct TestEnviron {
  explicit TestEnviron(const Variables& variables)
      : env(input, errors, {}, variables) {}

  TextSource source{""};
  RecordingErrors sink;
  InputStream input{source, std::nullopt};
  ErrorStream errors{sink};
  Environ env;
};

}  // namespace decant::test
