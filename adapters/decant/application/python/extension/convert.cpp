// SPDX-License-Identifier: MIT
#include "decant/application/python/extension/convert.hpp"

#include <system_error>

#include "decant/error.hpp"

namespace decant::python {

std::string to_text(PyObject* str) {
  if (!PyUnicode_Check(str)) {
    PyErr_Format(PyExc_TypeError, "decant: a str is needed, not %s",
                 type_name(str));
    throw ErrorIsSet{};
  }
  const Object bytes = checked(PyUnicode_EncodeFSDefault(str));
  return std::string(bytes_view(bytes.get()));
}

std::vector<std::string> to_texts(PyObject* sequence) {
  const Object items =
      checked(PySequence_Fast(sequence, "decant: a list of str is needed"));
  std::vector<std::string> texts;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(items.get()); ++i) {
    texts.push_back(to_text(PySequence_Fast_GET_ITEM(items.get(), i)));
  }
  return texts;
}

Object from_texts(const std::vector<std::string>& texts) {
  Object list = checked(PyList_New(0));
  for (const std::string& text : texts) {
    check(PyList_Append(list.get(), checked(from_utf8(text)).get()));
  }
  return list;
}

namespace {

void raise(PyObject* type, const char* text) noexcept {
  if (const Object message{from_utf8(text)}) {
    PyErr_SetObject(type, message.get());
  }
}

}  // namespace

void raise_current() noexcept {
  try {
    throw;
  } catch (const ErrorIsSet&) {
  } catch (const UsageError& error) {
    raise(PyExc_ValueError, error.what());
  } catch (const LoadError& error) {
    raise(PyExc_ImportError, error.what());
  } catch (const Error& error) {  // a socket or a file that cannot be opened
    raise(PyExc_OSError, error.what());
  } catch (const std::system_error& error) {
    errno = error.code().value();
    PyErr_SetFromErrno(PyExc_OSError);
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    raise(PyExc_RuntimeError, error.what());
  }
}

}  // namespace decant::python
