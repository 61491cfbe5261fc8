// SPDX-License-Identifier: MIT
// Values between Python and C++ at the functions of the extension module.
#pragma once

#include <exception>
#include <string>
#include <vector>

#include "decant/application/python/object.hpp"

namespace decant::python {

/// The texts of a sequence of str; surrogates are the bytes they stand for, as
/// in the names of files. Throws ErrorIsSet.
std::vector<std::string> to_texts(PyObject* sequence);
std::string to_text(PyObject* str);

/// A list of str.
Object from_texts(const std::vector<std::string>& texts);

/// Sets the Python exception that the C++ one being handled comes to:
/// ValueError for a UsageError, OSError for what the system refused,
/// ImportError for an application that cannot be loaded, else RuntimeError.
void raise_current() noexcept;

/// What a function of the module gives back: the result of `act`, or null with
/// the exception set that it threw.
template <class Act>
PyObject* guarded(const Act& act) noexcept {
  try {
    return act();
  } catch (...) {
    raise_current();
    return nullptr;
  }
}

}  // namespace decant::python
