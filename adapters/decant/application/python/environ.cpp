// SPDX-License-Identifier: MIT
#include "decant/application/python/environ.hpp"

#include <algorithm>
#include <array>

#include "decant/application/python/file_wrapper.hpp"

namespace decant::python {
namespace {

constexpr std::size_t most_entries = 128;
constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_value = 1024;
/// So often a value must come again before the template takes it, and a
/// variable before it is listed; so often a variable may be missing.
constexpr int enough = 4;
constexpr int most_missed = 8;
/// A full memory lasts for so many requests at least.
constexpr std::uint64_t least_turns = 1000;

/// Keys of PEP 3333's own variables.
struct Keys {
  PyObject* version;
  PyObject* url_scheme;
  PyObject* input;
  PyObject* errors;
  PyObject* multithread;
  PyObject* multiprocess;
  PyObject* run_once;
  PyObject* file_wrapper;
  PyObject* input_terminated;
  PyObject* http;
  PyObject* https;
};
Keys keys;

/// Headers that carry credentials.
bool is_secret(std::string_view name) {
  constexpr std::array<std::string_view, 3> secrets = {
      "HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_PROXY_AUTHORIZATION"};
  return std::find(secrets.begin(), secrets.end(), name) != secrets.end();
}

bool contains(const Object& text, std::string_view value) {
  return text && latin1_view(text.get()) == value;
}

void set(PyObject* dict, PyObject* key, PyObject* value) {
  check(PyDict_SetItem(dict, key, value));
}

}  // namespace

void prepare_environ_keys() {
  const auto intern = [](const char* text) {
    return checked(PyUnicode_InternFromString(text)).release();
  };
  keys = {.version = intern("wsgi.version"),
          .url_scheme = intern("wsgi.url_scheme"),
          .input = intern("wsgi.input"),
          .errors = intern("wsgi.errors"),
          .multithread = intern("wsgi.multithread"),
          .multiprocess = intern("wsgi.multiprocess"),
          .run_once = intern("wsgi.run_once"),
          .file_wrapper = intern("wsgi.file_wrapper"),
          .input_terminated = intern("wsgi.input_terminated"),
          .http = intern("http"),
          .https = intern("https")};
}

EnvironTemplate::EnvironTemplate(PyObject* errors)
    : errors_(Object::borrowed(errors)) {
  entries_.reserve(most_entries);
}

void EnvironTemplate::set_constants(const Environ& env, PyObject* input) {
  PyObject* const dict = dict_.get();
  const auto flag = [&](PyObject* key, bool value) {
    set(dict, key, value ? Py_True : Py_False);
  };
  const Object version =
      checked(Py_BuildValue("(ii)", env.version().first, env.version().second));
  set(dict, keys.version, version.get());
  set(dict, keys.errors, errors_.get());
  set(dict, keys.file_wrapper, file_wrapper_type());
  set(dict, keys.input_terminated, Py_True);
  flag(keys.multithread, env.multithread());
  flag(keys.multiprocess, env.multiprocess());
  flag(keys.run_once, env.run_once());
  https_ = env.url_scheme() == "https";
  set(dict, keys.url_scheme, https_ ? keys.https : keys.http);
  set(dict, keys.input, input);
  input_ = input;
  concurrency_ = {env.multithread(), env.multiprocess(), env.run_once()};
}

void EnvironTemplate::forget(PyObject* input) noexcept {
  if (input_ != input) return;
  input_ = nullptr;
  if (PyDict_SetItem(dict_.get(), keys.input, Py_None) < 0) PyErr_Clear();
}

Object EnvironTemplate::make(const Environ& env, PyObject* input) {
  const bool as_before = dict_ && input_ == input &&
                         concurrency_.multithread == env.multithread() &&
                         concurrency_.multiprocess == env.multiprocess() &&
                         concurrency_.run_once == env.run_once();
  if (entries_.size() == most_entries && turn_ - began_ > least_turns) clear();
  if (!as_before || !dict_) {
    if (!dict_) dict_ = checked(PyDict_New());
    set_constants(env, input);
  }
  Object dict = checked(PyDict_Copy(dict_.get()));
  if ((env.url_scheme() == "https") != https_) {
    set(dict.get(), keys.url_scheme, https_ ? keys.http : keys.https);
  }
  ++turn_;
  std::size_t listed = 0;
  Entry** follows = &first_;
  for (const auto& [name, value] : env) {
    Entry* const entry = entry_of(name, *follows);
    if (entry == nullptr) {
      const Object key = checked(from_latin1(name));
      const Object text = checked(from_latin1(value));
      set(dict.get(), key.get(), text.get());
      continue;
    }
    *follows = entry;
    follows = &entry->next;
    entry->turn = turn_;
    if (entry->listed) ++listed;
    put(dict.get(), *entry, value);
  }
  if (listed < listed_) drop_missing(dict.get());
  return dict;
}

/// Starts again: clients may have filled it with names that never return.
void EnvironTemplate::clear() noexcept {
  index_.clear();
  entries_.clear();
  first_ = nullptr;
  listed_ = 0;
  began_ = turn_;
  dict_.reset();
}

/// The entry of `name`, which is likely to be the one that came next last
/// time; null when it is not to be remembered.
EnvironTemplate::Entry* EnvironTemplate::entry_of(std::string_view name,
                                                  Entry* guess) {
  if (guess != nullptr && guess->name == name) return guess;
  const auto found = index_.find(name);
  return found != index_.end() ? found->second : add(name);
}

EnvironTemplate::Entry* EnvironTemplate::add(std::string_view name) {
  if (entries_.size() == most_entries || name.size() > longest_name) {
    return nullptr;
  }
  Object key = checked(from_latin1(name));
  PyObject* interned = key.release();
  PyUnicode_InternInPlace(&interned);
  Entry& entry = entries_.emplace_back();
  entry.name = name;
  entry.key = Object(interned);
  entry.secret = is_secret(name);
  index_.emplace(entry.name, &entry);
  return &entry;
}

void EnvironTemplate::put(PyObject* dict, Entry& entry,
                          std::string_view value) {
  entry.missed = 0;
  if (entry.listed && contains(entry.value, value)) return;
  // A variable that always changes is listed too: replacing a value in the
  // copy costs less than adding a key to it.
  const bool is_due = !entry.listed && ++entry.seen >= enough;
  if (entry.secret || value.size() > longest_value) {
    const Object text = checked(from_latin1(value));
    set(dict, entry.key.get(), text.get());
    if (is_due) list(entry, Object());
    return;
  }
  if (contains(entry.latest, value)) {
    ++entry.repeats;
  } else {
    entry.latest = checked(from_latin1(value));
    entry.repeats = 0;
  }
  set(dict, entry.key.get(), entry.latest.get());
  if (is_due || (entry.listed && entry.repeats >= enough)) {
    list(entry, Object::borrowed(entry.latest.get()));
  }
}

/// Puts the variable into the template, without a value when `value` is null.
void EnvironTemplate::list(Entry& entry, Object value) {
  set(dict_.get(), entry.key.get(), value ? value.get() : Py_None);
  entry.value = std::move(value);
  if (!entry.listed) ++listed_;
  entry.listed = true;
}

/// Takes out of the copy what this request did not have.
void EnvironTemplate::drop_missing(PyObject* dict) {
  bool stale = false;
  for (Entry& entry : entries_) {
    if (!entry.listed || entry.turn == turn_) continue;
    check(PyDict_DelItem(dict, entry.key.get()));
    if (++entry.missed > most_missed) stale = true;
  }
  if (stale) rebuild();
}

/// A new template: a dict from which keys were deleted is slow to copy.
void EnvironTemplate::rebuild() {
  Object dict = checked(PyDict_New());
  const auto copy = [&](PyObject* key) {
    PyObject* const value = PyDict_GetItemWithError(dict_.get(), key);
    if (value == nullptr) throw ErrorIsSet{};
    set(dict.get(), key, value);
  };
  for (PyObject* const key :
       {keys.version, keys.errors, keys.file_wrapper, keys.input_terminated,
        keys.multithread, keys.multiprocess, keys.run_once, keys.url_scheme,
        keys.input}) {
    copy(key);
  }
  for (Entry& entry : entries_) {
    if (!entry.listed) continue;
    if (entry.missed > most_missed) {
      entry.listed = false;
      entry.seen = 0;
      --listed_;
    } else {
      copy(entry.key.get());
    }
  }
  dict_ = std::move(dict);
}

}  // namespace decant::python
