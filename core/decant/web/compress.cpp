// SPDX-License-Identifier: MIT
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <optional>

#include "decant/error.hpp"
#include "decant/field_value.hpp"
#include "decant/headers.hpp"
#include "decant/preconditions.hpp"
#include "decant/response.hpp"
#include "decant/status.hpp"
#include "decant/web/kept_body.hpp"
#include "decant/web/middleware.hpp"
#include "decant/web/response.hpp"

namespace decant::web {
namespace {

/// gzip (RFC 1952) by zlib.
class Deflater {
 public:
  explicit Deflater(int level) {
    constexpr int gzip_with_largest_window = 15 + 16;
    constexpr int default_memory = 8;
    if (::deflateInit2(&stream_, level, Z_DEFLATED, gzip_with_largest_window,
                       default_memory, Z_DEFAULT_STRATEGY) != Z_OK) {
      throw Error("compress: zlib has no memory, or the level is not 1 to 9");
    }
  }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  ~Deflater() { ::deflateEnd(&stream_); }

  /// Appends to `out` what has come of `text`: with Z_SYNC_FLUSH all of it,
  /// with Z_FINISH the end.
  void put(std::string_view text, int flush, std::string& out) {
    do {
      const std::string_view part =
          text.substr(0, std::numeric_limits<uInt>::max());
      text.remove_prefix(part.size());
      put_part(part, text.empty() ? flush : Z_NO_FLUSH, out);
    } while (!text.empty());
  }

 private:
  void put_part(std::string_view part, int flush, std::string& out) {
    constexpr std::size_t block = 16384;
    // zlib only reads it.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
    stream_.avail_in = static_cast<uInt>(part.size());
    do {
      const std::size_t before = out.size();
      out.resize(before + block);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
      stream_.avail_out = block;
      ::deflate(&stream_, flush);
      out.resize(before + block - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }

  z_stream stream_{};
};

bool is_compressible(std::string_view content_type) {
  constexpr std::array<std::string_view, 6> types = {
      "application/javascript", "application/json", "application/manifest+json",
      "application/wasm",       "application/xml",  "image/vnd.microsoft.icon"};
  const std::string_view type = take_element(content_type, ';');
  const auto is = [type](std::string_view other) {
    return equals_ignoring_case(type, other);
  };
  const auto ends_in = [type](std::string_view end) {
    return type.size() >= end.size() &&
           equals_ignoring_case(type.substr(type.size() - end.size()), end);
  };
  // Events are to arrive one by one, and their readers do not wait.
  if (is("text/event-stream")) return false;
  return equals_ignoring_case(type.substr(0, 5), "text/") || ends_in("+json") ||
         ends_in("+xml") || std::any_of(types.begin(), types.end(), is);
}

bool forbids_transformation(const Headers& headers) {
  const std::string* const value = find_header(headers, "Cache-Control");
  if (value == nullptr) return false;
  for (std::string_view rest = *value; !rest.empty();) {
    if (equals_ignoring_case(take_element(rest, ','), "no-transform")) {
      return true;
    }
  }
  return false;
}

/// Whether another client would be sent the same as gzip.
bool may_compress(const Status& status, const Headers& headers) {
  const std::string* const type = find_header(headers, "Content-Type");
  return status.has_content() && status.code() != 206 && type != nullptr &&
         is_compressible(*type) &&
         find_header(headers, "Content-Encoding") == nullptr &&
         !forbids_transformation(headers);
}

/// The head and the content of one response, on their way through.
class Compression : public std::enable_shared_from_this<Compression> {
 public:
  Compression(const CompressOptions& options, StartResponse start_response,
              bool wanted)
      : options_(options), inner_(std::move(start_response)), wanted_(wanted) {}

  /// Keeps the head until the size of the content is known, as far as it is.
  Write start_response(std::string_view status, Headers headers,
                       std::exception_ptr error) {
    if (write_) {
      write_ = inner_(status, std::move(headers), std::move(error));
      deflater_.reset();
    } else {
      if (head_ && !error) {
        throw ApplicationError(decant::detail::second_start_response);
      }
      head_ = Head{Status(status), std::move(headers)};
    }
    return Write([self = shared_from_this()](std::string_view chunk) {
      self->write(chunk);
    });
  }

  bool has_head() const noexcept { return head_.has_value(); }
  bool is_compressing() const noexcept { return deflater_ != nullptr; }

  /// Sends the head on. `size` is that of the content, where it is known.
  void pass_head(std::optional<std::uint64_t> size) {
    auto [status, headers] = *std::move(head_);
    head_.reset();
    if (const std::string* const length =
            find_header(headers, "Content-Length")) {
      size = parse_content_length(*length);
    }
    const bool is_small = size && *size < options_.least;
    if (may_compress(status, headers) && !is_small) {
      add_vary(headers, "Accept-Encoding");
      if (wanted_) begin(headers);
    }
    write_ = inner_(status.line(), std::move(headers), nullptr);
  }

  /// Appends what has come of a chunk.
  void put(std::string_view chunk, int flush, std::string& out) {
    deflater_->put(chunk, flush, out);
  }

 private:
  struct Head {
    Status status;
    Headers headers;
  };

  void begin(Headers& headers) {
    deflater_ = std::make_unique<Deflater>(options_.level);
    remove_header(headers, "Content-Length");
    remove_header(headers, "Accept-Ranges");
    headers.emplace_back("Content-Encoding", "gzip");
    for (auto& [name, value] : headers) {
      if (equals_ignoring_case(name, "ETag") && !value.starts_with("W/")) {
        value.insert(0, "W/");
      }
    }
  }

  void write(std::string_view chunk) {
    if (head_) pass_head(std::nullopt);
    if (!deflater_ || chunk.empty()) {
      (*write_)(chunk);
      return;
    }
    std::string out;
    put(chunk, Z_SYNC_FLUSH, out);
    (*write_)(out);
  }

  CompressOptions options_;
  StartResponse inner_;
  bool wanted_;
  std::optional<Head> head_;
  std::optional<Write> write_;  // once the head was passed on
  std::unique_ptr<Deflater> deflater_;
};

class CompressedBody final : public detail::KeptBody {
 public:
  explicit CompressedBody(std::shared_ptr<Compression> compression)
      : KeptBody([compression](std::string_view status, Headers headers,
                               std::exception_ptr error) {
          return compression->start_response(status, std::move(headers),
                                             std::move(error));
        }),
        compression_(std::move(compression)) {}

  /// After the application has returned: what is known then decides.
  void begin() {
    if (!compression_->has_head()) return;
    std::optional<std::uint64_t> size = body().size();
    if (body().length() == 0U) size = 0;
    if (body().length() == 1U && !size) {
      std::string_view chunk;
      if (body().next(chunk)) first_ = chunk;
      size = chunk.size();
    }
    streams_ = !size;
    compression_->pass_head(size);
  }

  bool next(std::string_view& chunk) override {
    if (ended_) return false;
    bool more = true;
    if (first_) {
      chunk = *std::exchange(first_, std::nullopt);
    } else {
      more = KeptBody::next(chunk);
    }
    if (compression_->has_head() && (!more || !chunk.empty())) {
      compression_->pass_head(more ? std::optional<std::uint64_t>() : 0);
    }
    ended_ = !more;
    if (!compression_->is_compressing() || (more && chunk.empty())) return more;
    out_.clear();
    const int flush = !more ? Z_FINISH : streams_ ? Z_SYNC_FLUSH : Z_NO_FLUSH;
    compression_->put(more ? chunk : std::string_view{}, flush, out_);
    chunk = out_;
    return true;
  }

  bool at_end() const noexcept override {
    return !compression_->is_compressing() && KeptBody::at_end();
  }
  std::optional<decant::detail::FileSpan> file() const override {
    if (compression_->is_compressing() || first_) return std::nullopt;
    return KeptBody::file();
  }

 private:
  std::shared_ptr<Compression> compression_;
  std::optional<std::string_view> first_;  // looked at for its size
  std::string out_;
  bool streams_ = true;
  bool ended_ = false;
};

}  // namespace

Middleware compress(const CompressOptions& options) {
  return [options](Application application) -> Application {
    return [options, application = std::move(application)](
               Environ& env, const StartResponse& start_response) -> Body {
      const bool wanted =
          env["REQUEST_METHOD"] != "HEAD" &&
          quality_of_coding(env["HTTP_ACCEPT_ENCODING"], "gzip") > 0;
      const auto compression =
          std::make_shared<Compression>(options, start_response, wanted);
      auto kept = std::make_unique<CompressedBody>(compression);
      kept->call(application, env);
      kept->begin();
      if (compression->is_compressing()) {
        return {std::move(kept), std::nullopt, std::nullopt};
      }
      const auto length = kept->body().length();
      const auto size = kept->body().size();
      return {std::move(kept), length, size};
    };
  };
}

}  // namespace decant::web
