// SPDX-License-Identifier: MIT
// wsgi.file_wrapper (PEP 3333, "Optional Platform-Specific File Handling").
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "decant/body.hpp"
#include "decant/descriptor.hpp"

namespace decant {

/// The rest of a file as a body, from the descriptor's position to its end.
class FileWrapper final : public BodySource {
 public:
  /// Takes `descriptor` and closes it; reads `block` bytes at a time, and no
  /// more than `most` in all.
  explicit FileWrapper(int descriptor, std::size_t block = 8192,
                       std::optional<std::uint64_t> most = {});

  bool next(std::string& chunk) override;
  void close() override { file_.reset(); }

  /// Bytes from the position to the end of a regular file; nothing for a
  /// pipe, a socket, a device or a file whose size lies, as in /proc.
  std::optional<std::uint64_t> size() const;
  /// The same with the descriptor and the position.
  std::optional<detail::FileSpan> span() const;

 private:
  Descriptor file_;
  std::size_t block_;
  std::optional<std::uint64_t> left_;
};

}  // namespace decant
