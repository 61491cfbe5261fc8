// SPDX-License-Identifier: MIT
#include "decant/current_error.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <typeinfo>

#include "decant/error.hpp"

namespace decant {
namespace {

std::string type_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return name ? name.get() : type.name();
}

}  // namespace

std::string current_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error.what();
  } catch (const std::exception& error) {
    return type_name(typeid(error)) + ": " + error.what();
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return "an exception of type " + (type ? type_name(*type) : "unknown");
  }
}

}  // namespace decant
