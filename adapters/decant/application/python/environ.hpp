// SPDX-License-Identifier: MIT
// The environ dictionary: a plain dict per request, made from the one before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "decant/application/python/object.hpp"
#include "decant/environ.hpp"

namespace decant::python {

/// Most of an environ is the same from request to request. So a thread keeps a
/// template, a dict with the values that stay; a request gets a copy of it, in
/// which what differs is put right. What it remembers is bounded, and no
/// header that carries credentials is remembered.
class EnvironTemplate {
 public:
  /// Makes the parts that never change. Throws ErrorIsSet.
  explicit EnvironTemplate(PyObject* errors);

  /// A new dict. Throws ErrorIsSet.
  Object make(const Environ& env, PyObject* input);

  /// References to `input` that the template holds.
  Py_ssize_t holds(PyObject* input) const noexcept {
    return input_ == input ? 1 : 0;
  }
  /// Gives `input` up where it holds it.
  void forget(PyObject* input) noexcept;

 private:
  /// A variable that has been seen before.
  struct Entry {
    std::string name;
    Object key;
    Object value;     // in the template, where listed
    Object latest;    // what came last, where it differed
    int repeats = 0;  // how often `latest` came again
    int seen = 0;     // up to when it is worth listing
    int missed = 0;   // requests in a row that did not have it
    std::uint64_t turn = 0;
    bool listed = false;    // in the template
    bool secret = false;    // its value is never kept
    Entry* next = nullptr;  // what followed it last time
  };

  void set_constants(const Environ& env, PyObject* input);
  Entry* entry_of(std::string_view name, Entry* guess);
  Entry* add(std::string_view name);
  void put(PyObject* dict, Entry& entry, std::string_view value);
  void list(Entry& entry, Object value);
  void drop_missing(PyObject* dict);
  void rebuild();
  void clear() noexcept;

  Object dict_;
  Object errors_;
  PyObject* input_ = nullptr;  // the one in the template, which holds it
  Concurrency concurrency_;
  bool https_ = false;
  std::vector<Entry> entries_;  // never moves
  std::unordered_map<std::string_view, Entry*> index_;
  Entry* first_ = nullptr;
  std::uint64_t turn_ = 0;   // counts requests
  std::uint64_t began_ = 0;  // the turn of the last clear()
  std::size_t listed_ = 0;
};

/// Makes the keys of the wsgi.* variables; once. Throws ErrorIsSet.
void prepare_environ_keys();

}  // namespace decant::python
