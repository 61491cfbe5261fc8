// SPDX-License-Identifier: MIT
// wsgi.file_wrapper (PEP 3333, "Optional Platform-Specific File Handling").
#pragma once

#include <cstdint>
#include <optional>

#include "decant/application/python/object.hpp"

namespace decant::python {

/// Makes the type; once. Throws ErrorIsSet.
void prepare_file_wrapper_type();

/// The type itself, which is what an environ holds. Borrowed.
PyObject* file_wrapper_type() noexcept;

/// The part of a regular file that a wrapper stands for.
struct FilePart {
  int descriptor;       ///< borrowed from the Python file
  std::int64_t offset;  ///< where it begins
  std::uint64_t size;   ///< bytes from there to the end of the file
};

/// What `result` stands for, when it is a file wrapper itself around a binary
/// file of the io module that is a regular one. All others are iterated over:
/// a gzip file has a descriptor, and what that holds is not its content.
std::optional<FilePart> file_part(PyObject* result);

}  // namespace decant::python
