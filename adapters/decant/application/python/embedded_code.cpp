// SPDX-License-Identifier: MIT
#include "decant/application/python/embedded_code.hpp"

namespace decant::python {

Object run_embedded(const char* code) {
  Object globals = checked(PyDict_New());
  check(PyDict_SetItemString(globals.get(), "__builtins__",
                             PyEval_GetBuiltins()));
  const Object compiled =
      checked(Py_CompileString(code, "<decant>", Py_file_input));
  checked(PyEval_EvalCode(compiled.get(), globals.get(), globals.get()));
  return globals;
}

}  // namespace decant::python
