// SPDX-License-Identifier: MIT
#include "decant/file_response.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <system_error>
#include <utility>

#include "decant/beneath.hpp"
#include "decant/byte_ranges.hpp"
#include "decant/error_page.hpp"
#include "decant/file_wrapper.hpp"
#include "decant/http_date.hpp"
#include "decant/preconditions.hpp"
#include "decant/text.hpp"

namespace decant {
namespace {

constexpr std::size_t block_size = 65536;
constexpr const char* partial = "206 Partial Content";
constexpr std::string_view well_known = ".well-known";

std::string hexadecimal(std::uint64_t number) {
  std::array<char, 16> digits{};
  return {
      digits.data(),
      std::to_chars(digits.data(), digits.data() + digits.size(), number, 16)
          .ptr};
}

Validators validators_of(const struct stat& info, const std::string& coding) {
  std::string etag =
      '"' + hexadecimal(static_cast<std::uint64_t>(info.st_mtim.tv_sec)) + '-' +
      hexadecimal(static_cast<std::uint64_t>(info.st_mtim.tv_nsec)) + '-' +
      hexadecimal(static_cast<std::uint64_t>(info.st_size));
  if (!coding.empty()) etag += '-' + coding;
  return {.etag = etag + '"', .modified = info.st_mtim.tv_sec};
}

/// Several parts of a file, each behind its head.
class PartsOfFile final : public BodySource {
 public:
  PartsOfFile(Descriptor file, MultipartRanges ranges)
      : file_(std::move(file)), ranges_(std::move(ranges)) {}

  bool next(std::string& chunk) override;
  void close() override { file_.reset(); }

 private:
  Descriptor file_;
  const MultipartRanges ranges_;
  std::size_t part_ = 0;    // whose head or bytes come next
  bool in_part_ = false;    // its head has gone
  std::uint64_t sent_ = 0;  // of its bytes
};

bool PartsOfFile::next(std::string& chunk) {
  const std::size_t count = ranges_.parts().size();
  if (part_ > count) return false;
  if (part_ == count) {
    chunk = ranges_.tail();
    ++part_;
    return true;
  }
  const ByteRange& part = ranges_.parts()[part_];
  if (!in_part_) {
    chunk = ranges_.head(part_);
    in_part_ = true;
    return true;
  }
  chunk.resize(static_cast<std::size_t>(
      std::min<std::uint64_t>(block_size, part.size - sent_)));
  const ssize_t got = read_at(file_.get(), chunk, part.first + sent_);
  if (got < 0) {
    throw std::system_error(errno, std::generic_category(), "file: pread");
  }
  chunk.resize(static_cast<std::size_t>(got));
  sent_ += chunk.size();
  if (sent_ == part.size) {
    ++part_;
    sent_ = 0;
    in_part_ = false;
  }
  // A file that has become shorter: what is missing shows by the length.
  return got != 0;
}

/// A status that has no file.
FileResponse without_file(int status, Headers headers) {
  ErrorPage page(status);
  for (auto& header : headers) page.headers.push_back(std::move(header));
  return {page.status.line(), std::move(page.headers), std::move(page.body)};
}

}  // namespace

std::optional<OpenFile> open_file(int root, const std::string& name) {
  constexpr int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
  OpenFile file{root == AT_FDCWD ? Descriptor(::open(name.c_str(), flags))
                                 : open_beneath(root, name, flags),
                {}};
  if (!file.descriptor || ::fstat(file.descriptor.get(), &file.info) != 0) {
    return std::nullopt;
  }
  return file;
}

bool is_served(std::string_view path) {
  if (holds_control(path)) return false;
  bool is_first = true;
  while (!path.empty()) {
    path.remove_prefix(1);  // a slash
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, end);
    path.remove_prefix(end);
    const bool is_last = path.empty();
    if (name.empty() && !is_last) return false;
    if (name.starts_with('.') && !(is_first && name == well_known)) {
      return false;
    }
    is_first = false;
  }
  return true;
}

int status_of_open_error(int error) noexcept {
  switch (error) {
    case EACCES:
      return 403;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return 503;
    default:
      return 404;
  }
}

FileResponse respond_with_file(const Environ& env, OpenFile file,
                               const FileKind& kind, Headers further) {
  const auto size = static_cast<std::uint64_t>(file.info.st_size);
  const Validators validators = validators_of(file.info, kind.coding);
  Headers headers = {{"ETag", validators.etag},
                     {"Last-Modified", http_date(*validators.modified)},
                     {"Accept-Ranges", "bytes"}};
  for (auto& header : further) headers.push_back(std::move(header));
  const std::string_view method = env["REQUEST_METHOD"];
  const bool to_head = method == "HEAD";
  if (to_head || method == "GET") {
    switch (check_preconditions(env, validators)) {
      case 304:
        return {"304 Not Modified", std::move(headers), {}};
      case 412:
        return without_file(412, std::move(headers));
      default:
        break;
    }
  }
  ByteRanges ranges;
  if (method == "GET") ranges = asked_ranges(env, validators, size);
  // What has a coding is not taken apart into parts that would have none.
  if (ranges.parts.size() > 1 && !kind.coding.empty()) ranges = {};
  if (ranges.kind == ByteRange::Kind::unsatisfiable) {
    headers.emplace_back("Content-Range", "bytes */" + std::to_string(size));
    return without_file(416, std::move(headers));
  }
  if (ranges.parts.size() > 1) {
    MultipartRanges multipart(std::move(ranges.parts), kind.type, size);
    headers.emplace_back("Content-Type", multipart.content_type());
    headers.emplace_back("Content-Length",
                         std::to_string(multipart.content_length()));
    return {partial, std::move(headers),
            std::make_unique<PartsOfFile>(std::move(file.descriptor),
                                          std::move(multipart))};
  }
  const bool is_part = !ranges.parts.empty();
  const ByteRange range =
      is_part ? ranges.parts.front() : ByteRange{.size = size};
  if (is_part) {
    headers.emplace_back("Content-Range", content_range(range, size));
  }
  if (!kind.coding.empty())
    headers.emplace_back("Content-Encoding", kind.coding);
  headers.emplace_back("Content-Type", kind.type);
  headers.emplace_back("Content-Length", std::to_string(range.size));
  const char* const status = is_part ? partial : "200 OK";
  if (to_head) return {status, std::move(headers), {}};
  ::lseek(file.descriptor.get(), static_cast<off_t>(range.first), SEEK_SET);
  return {status, std::move(headers),
          FileWrapper(file.descriptor.release(), block_size, range.size)};
}

}  // namespace decant
