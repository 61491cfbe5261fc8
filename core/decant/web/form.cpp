// SPDX-License-Identifier: MIT
#include "decant/web/form.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "decant/field_value.hpp"
#include "decant/temporary_file.hpp"
#include "decant/text.hpp"
#include "decant/web/urlencoded.hpp"

namespace decant::web {
namespace {

constexpr std::size_t block_size = 65536;

[[noreturn]] void refuse_size(const std::string& what, std::uint64_t most,
                              const char* limit) {
  throw FormError("form: " + what + " than " + std::to_string(most) +
                      "; raise " + limit + " where so much is meant",
                  413);
}

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), "form: " + what);
}

[[noreturn]] void fail_for_disk(const char* what) {
  throw GatewayError(std::string("form: ") + what + ": " +
                         std::generic_category().message(errno) +
                         "; make room there, or set TMPDIR to another place",
                     503);
}

/// What is left of a limit, of which each thing takes its part.
template <class Number>
class Budget {
 public:
  Budget(Number most, const char* what, const char* limit)
      : most_(most), left_(most), what_(what), limit_(limit) {}
  void take(Number size) {
    if (size > left_) refuse_size(what_, most_, limit_);
    left_ -= size;
  }

 private:
  Number most_;
  Number left_;
  const char* what_;
  const char* limit_;
};

}  // namespace

std::size_t UploadedFile::read(std::uint64_t offset,
                               std::span<char> buffer) const {
  if (offset >= size_ || buffer.empty()) return 0;
  if (!file_) {
    return memory_.copy(buffer.data(), buffer.size(),
                        static_cast<std::size_t>(offset));
  }
  const ssize_t got = read_at(file_.get(), buffer, offset);
  if (got < 0) fail("the temporary file cannot be read");
  return static_cast<std::size_t>(got);
}

std::string UploadedFile::text(std::size_t most) const {
  if (size_ > most) {
    throw FormError("form: the file of the field " + quoted(name()) +
                        " is longer than " + std::to_string(most) + " bytes",
                    413);
  }
  std::string all(static_cast<std::size_t>(size_), '\0');
  std::size_t done = 0;
  while (const std::size_t got = read(done, std::span(all).subspan(done))) {
    done += got;
  }
  return all;
}

void UploadedFile::save(const std::string& path) const {
  const Descriptor to(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!to) fail(quoted(path) + " cannot be made");
  std::array<char, block_size> buffer;
  std::uint64_t done = 0;
  while (const std::size_t got = read(done, buffer)) {
    if (!write_all(to.get(), {buffer.data(), got})) {
      const int error = errno;
      ::unlink(path.c_str());
      errno = error;
      fail(quoted(path) + " cannot be written");
    }
    done += got;
  }
}

void UploadedFile::append(std::string_view data, bool to_disk) {
  if (!file_ && to_disk) {
    file_ = open_temporary_file();
    if (!file_) fail_for_disk("a temporary file cannot be made");
    if (!write_all(file_.get(), memory_)) {
      fail_for_disk("the temporary file cannot be written");
    }
    std::string().swap(memory_);
  }
  if (!file_) {
    memory_ += data;
  } else if (!write_all(file_.get(), data)) {
    fail_for_disk("the temporary file cannot be written");
  }
  size_ += data.size();
}

const UploadedFile* Form::file(std::string_view name) const {
  const auto found =
      std::find_if(files_.begin(), files_.end(),
                   [name](const auto& file) { return file.name() == name; });
  return found == files_.end() ? nullptr : &*found;
}

Form Form::read(std::string_view content_type, const ReadBytes& read,
                const FormLimits& limits) {
  Form form;
  if (const auto boundary = multipart_boundary(content_type)) {
    MultipartReader reader(read, *boundary);
    form.read_multipart(reader, limits);
    return form;
  }
  std::string_view type = content_type;
  if (!equals_ignoring_case(take_element(type, ';'),
                            "application/x-www-form-urlencoded")) {
    throw FormError("form: Content-Type " + quoted(content_type) +
                        " is no form's; one of "
                        "application/x-www-form-urlencoded or "
                        "multipart/form-data is wanted",
                    415);
  }
  form.fields_ = parse_urlencoded(read_text(read, limits.most_field_bytes),
                                  limits.most_fields);
  return form;
}

void Form::read_multipart(MultipartReader& reader, const FormLimits& limits) {
  Budget fields(limits.most_fields, "more fields", "most_fields");
  Budget files(limits.most_files, "more files", "most_files");
  Budget field_bytes(limits.most_field_bytes, "more bytes of fields",
                     "most_field_bytes");
  Budget file_bytes(limits.most_file_bytes, "more bytes of files",
                    "most_file_bytes");
  std::size_t memory = limits.file_memory;
  while (const PartHead* const part = reader.next_part()) {
    const std::size_t name_size = std::max(
        part->name.size(), part->filename ? part->filename->size() : 0);
    if (name_size > limits.most_name) {
      refuse_size("a name has more bytes", limits.most_name, "most_name");
    }
    if (!part->filename) {
      fields.take(1);
      std::string name = part->name;
      std::string value;
      field_bytes.take(name.size());
      for (auto data = reader.read(); !data.empty(); data = reader.read()) {
        field_bytes.take(data.size());
        value += data;
      }
      fields_.add(std::move(name), std::move(value));
      continue;
    }
    files.take(1);
    UploadedFile file(*part);
    for (auto data = reader.read(); !data.empty(); data = reader.read()) {
      file_bytes.take(data.size());
      const bool to_disk = !file.in_memory() || data.size() > memory;
      // What moves to the disk makes room for the next one.
      if (to_disk && file.in_memory()) memory += file.size();
      if (!to_disk) memory -= data.size();
      file.append(data, to_disk);
    }
    if (file.filename().empty() && file.size() == 0) continue;
    files_.push_back(std::move(file));
  }
}

std::string read_text(const ReadBytes& read, std::size_t most) {
  std::string text;
  for (;;) {
    const std::size_t before = text.size();
    // One more than is allowed, to see that there is more.
    text.resize(before + std::min(block_size, most - before + 1));
    const std::size_t got = read(std::span(text).subspan(before));
    text.resize(before + got);
    if (got == 0) return text;
    if (text.size() > most) {
      throw FormError("the request body is longer than " +
                          std::to_string(most) +
                          " bytes; raise the limit where so much is meant",
                      413);
    }
  }
}

}  // namespace decant::web
