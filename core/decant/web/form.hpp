// SPDX-License-Identifier: MIT
// The form that a request brings: its fields in memory, its files there or on
// the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "decant/body.hpp"
#include "decant/descriptor.hpp"
#include "decant/web/fields.hpp"
#include "decant/web/form_error.hpp"
#include "decant/web/multipart.hpp"

namespace decant::web {

/// What a form may have; beyond it FormError (413) is thrown, before the memory
/// is used.
struct FormLimits {
  std::size_t most_fields = 10000;
  std::size_t most_files = 100;
  /// Bytes of the name of a field or a file.
  std::size_t most_name = 1024;
  /// Bytes of all fields together, names and values.
  std::size_t most_field_bytes = 1 << 20;
  /// Bytes of all files together.
  std::uint64_t most_file_bytes = 64 << 20;
  /// Bytes of all files together that are kept in memory; further ones go to
  /// temporary files.
  std::size_t file_memory = 256 << 10;
};

/// A file that was sent. Move-only; what it holds is gone with it.
class UploadedFile {
 public:
  /// Of a part that is a file: one with a filename.
  explicit UploadedFile(PartHead head) : head_(std::move(head)) {}

  /// Of the field.
  const std::string& name() const noexcept { return head_.name; }
  /// As the client sent it: any text. For a name in a folder see safe_name().
  const std::string& filename() const noexcept { return *head_.filename; }
  /// As the client sent it: any text, or none.
  const std::string& content_type() const noexcept {
    return head_.content_type;
  }
  const Headers& headers() const noexcept { return head_.headers; }

  std::uint64_t size() const noexcept { return size_; }
  /// True when it lies in memory and not on the disk.
  bool in_memory() const noexcept { return !file_; }
  /// The next piece from `offset` into the front of `buffer`: its number of
  /// bytes, 0 at the end. Throws std::system_error.
  std::size_t read(std::uint64_t offset, std::span<char> buffer) const;
  /// All of it. Throws FormError (413) when it is longer than `most`.
  std::string text(std::size_t most = 1 << 20) const;
  /// Writes it to a new file `path`, of mode 0600; throws std::system_error
  /// when there is one of that name already, or what was written is not whole.
  void save(const std::string& path) const;

  /// Adds to its end: to memory, or to a temporary file when `to_disk` or it
  /// has begun there. Throws GatewayError (503) when the disk is full.
  void append(std::string_view data, bool to_disk);

 private:
  PartHead head_;
  std::uint64_t size_ = 0;
  std::string memory_;
  Descriptor file_;
};

/// Fields and files in the order in which they came.
class Form {
 public:
  const Fields& fields() const noexcept { return fields_; }
  const std::vector<UploadedFile>& files() const noexcept { return files_; }
  /// The first file of a field, null when there is none. A field of files that
  /// was left empty sends none.
  const UploadedFile* file(std::string_view name) const;

  /// Reads a form of `content_type` to its end. Throws FormError: 415 for a
  /// type that is no form's, 413 beyond a limit, 400 for what is malformed.
  static Form read(std::string_view content_type, const ReadBytes& read,
                   const FormLimits& limits);

 private:
  void read_multipart(MultipartReader& reader, const FormLimits& limits);

  Fields fields_;
  std::vector<UploadedFile> files_;
};

/// Everything that `read` gives. Throws FormError (413) for more than `most`
/// bytes.
std::string read_text(const ReadBytes& read, std::size_t most);

}  // namespace decant::web
