// SPDX-License-Identifier: MIT
#include "decant/application/python/calling.hpp"

#include <utility>

#include "decant/application/python/body.hpp"
#include "decant/application/python/failure.hpp"
#include "decant/application/python/serving.hpp"

namespace decant::python {
namespace {

/// application(environ, start_response)
Object call(PyObject* application, Environ& env, Serving& serving) {
  const Object environ_dict =
      serving.thread().environ_template().make(env, serving.input());
  // The free place in front lets a method put its self there.
  PyObject* arguments[] = {nullptr, environ_dict.get(),
                           serving.start_response()};
  Object result(resting_at_the_end([&] {
    return PyObject_Vectorcall(application, arguments + 1,
                               2 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
  }));
  end_forked_child();
  if (!result) throw ErrorIsSet{};
  return result;
}

Body run(PyObject* const& callable, Environ& env,
         const StartResponse& start_response) {
  Thread& thread = Thread::mine();
  const WithGil gil(thread.state());
  const Object application = Object::borrowed(callable);
  Serving serving(thread, env, start_response);
  try {
    return make_body(call(application.get(), env, serving), serving);
  } catch (const ErrorIsSet&) {
    throw_current(serving.request());
  }
}

}  // namespace

Application make_application(std::shared_ptr<PyObject* const> callable) {
  return [callable = std::move(callable)](Environ& env,
                                          const StartResponse& start_response) {
    return run(*callable, env, start_response);
  };
}

}  // namespace decant::python
