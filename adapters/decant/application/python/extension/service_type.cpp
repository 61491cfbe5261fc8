// SPDX-License-Identifier: MIT
#include "decant/application/python/extension/service_type.hpp"

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>
#include <set>
#include <utility>

#include "decant/application/python/calling.hpp"
#include "decant/application/python/extension/convert.hpp"
#include "decant/application/python/extension/interruption.hpp"
#include "decant/application/python/extension/request_log.hpp"
#include "decant/application/python/extension/sides.hpp"
#include "decant/application/python/thread.hpp"

namespace decant::python {
namespace {

struct State {
  sides::Opened opened;
  /// What is called: read with the lock held for each request.
  std::shared_ptr<PyObject*> application = std::make_shared<PyObject*>(nullptr);
  bool serves = false;
};

struct ServiceObject {
  PyObject_HEAD State state;
};

State& state_of(PyObject* self) {
  return reinterpret_cast<ServiceObject*>(self)->state;
}

State& open_state_of(PyObject* self) {
  State& state = state_of(self);
  if (state.opened.service == nullptr) {
    PyErr_SetString(PyExc_ValueError, "decant: the service is closed");
    throw ErrorIsSet{};
  }
  return state;
}

PyObject* make(PyTypeObject* type, PyObject* arguments, PyObject* keywords) {
  return guarded([&]() -> PyObject* {
    static const char* names[] = {"protocol", "options", nullptr};
    PyObject* protocol = nullptr;
    PyObject* options = nullptr;
    if (PyArg_ParseTupleAndKeywords(arguments, keywords, "OO:Service",
                                    const_cast<char**>(names), &protocol,
                                    &options) == 0) {
      return nullptr;
    }
    sides::Opened opened = sides::open(to_text(protocol), to_texts(options));
    Object self = checked(type->tp_alloc(type, 0));
    new (&state_of(self.get())) State{std::move(opened)};
    return self.release();
  });
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(*state_of(self).application);
  return 0;
}

int clear(PyObject* self) {
  Py_CLEAR(*state_of(self).application);
  return 0;
}

void deallocate(PyObject* self) {
  PyTypeObject* const type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  clear(self);
  state_of(self).~State();
  type->tp_free(self);
  Py_DECREF(type);
}

/// The services of this process that serve.
class Running {
 public:
  void add(service::HostedService& service) {
    const std::lock_guard lock(mutex_);
    if (owner_ != ::getpid()) services_.clear();  // the parent's
    owner_ = ::getpid();
    services_.insert(&service);
  }
  void remove(service::HostedService& service) noexcept {
    const std::lock_guard lock(mutex_);
    services_.erase(&service);
    if (services_.empty()) ended_.notify_all();
  }
  void stop_all() noexcept {
    if (owner_ != ::getpid()) return;
    std::unique_lock lock(mutex_);
    for (service::HostedService* const service : services_) service->stop();
    ended_.wait_for(lock, patience, [this] { return services_.empty(); });
  }

 private:
  static constexpr std::chrono::milliseconds patience{1000};

  std::mutex mutex_;
  std::condition_variable ended_;
  std::set<service::HostedService*> services_;
  pid_t owner_ = 0;
};

/// Never destroyed: threads that could not be stopped may be in it.
Running& running() {
  static Running* const services = std::make_unique<Running>().release();
  return *services;
}

/// Is among them while it lives.
class Runs {
 public:
  explicit Runs(service::HostedService& service) : service_(service) {
    running().add(service_);
  }
  Runs(const Runs&) = delete;
  Runs& operator=(const Runs&) = delete;
  ~Runs() { running().remove(service_); }

 private:
  service::HostedService& service_;
};

void serve(State& state, PyObject* log, bool once) {
  Interruption interruption([&] { state.opened.service->stop(); });
  const Application application =
      state.opened.around(make_application(state.application));
  const service::Host host{.interruption = interruption.descriptor(),
                           .heed = [&] { interruption.heed(); },
                           .make_observer = make_request_log(log)};
  {
    const WithoutGil released;
    const Runs runs(*state.opened.service);
    HostedThread here;
    here.thread().on_interrupt = [&](const Raised& raised) {
      interruption.keep(raised);
    };
    if (once) {
      state.opened.service->serve_once(application, host);
    } else {
      state.opened.service->serve(application, host);
    }
  }
  if (interruption.raise()) throw ErrorIsSet{};
}

PyObject* serve_method(PyObject* self, PyObject* arguments,
                       PyObject* keywords) {
  return guarded([&]() -> PyObject* {
    static const char* names[] = {"once", "log", nullptr};
    int once = 0;
    PyObject* log = Py_None;
    if (PyArg_ParseTupleAndKeywords(arguments, keywords, "|pO:serve",
                                    const_cast<char**>(names), &once,
                                    &log) == 0) {
      return nullptr;
    }
    State& state = open_state_of(self);
    if (state.serves) {
      PyErr_SetString(PyExc_RuntimeError, "decant: the service serves already");
      return nullptr;
    }
    if (*state.application == nullptr) {
      PyErr_SetString(PyExc_RuntimeError,
                      "decant: there is no application to serve; set one");
      return nullptr;
    }
    const Object alive = Object::borrowed(self);
    state.serves = true;
    try {
      serve(state, log, once != 0);
    } catch (...) {
      state.serves = false;
      throw;
    }
    state.serves = false;
    Py_RETURN_NONE;
  });
}

PyObject* stop_method(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* {
    open_state_of(self).opened.service->stop();
    Py_RETURN_NONE;
  });
}

PyObject* close_method(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* {
    State& state = state_of(self);
    if (state.serves) {
      PyErr_SetString(PyExc_RuntimeError,
                      "decant: the service serves; stop it before it is "
                      "closed");
      return nullptr;
    }
    state.opened.service.reset();
    Py_RETURN_NONE;
  });
}

PyObject* get_endpoints(PyObject* self, void*) {
  return guarded([&] {
    return from_texts(open_state_of(self).opened.service->endpoints())
        .release();
  });
}

PyObject* get_sockets(PyObject* self, void*) {
  return guarded([&] {
    Object list = checked(PyList_New(0));
    for (const int fd : open_state_of(self).opened.service->sockets()) {
      check(PyList_Append(list.get(), checked(PyLong_FromLong(fd)).get()));
    }
    return list.release();
  });
}

PyObject* get_application(PyObject* self, void*) {
  PyObject* const application = *state_of(self).application;
  return Py_NewRef(application != nullptr ? application : Py_None);
}

int set_application(PyObject* self, PyObject* value, void*) {
  if (value == nullptr || PyCallable_Check(value) == 0) {
    PyErr_Format(PyExc_TypeError,
                 "decant: an application is a callable, not %s",
                 value != nullptr ? type_name(value) : "nothing");
    return -1;
  }
  const Object before(
      std::exchange(*state_of(self).application, Py_NewRef(value)));
  return 0;
}

PyMethodDef methods[] = {
    {"serve",
     reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(serve_method)),
     METH_VARARGS | METH_KEYWORDS,
     "serve(once=False, log=None): serves until stop(), or one request"},
    {"stop", stop_method, METH_NOARGS,
     "stop(): has serve() return, now or when it is called next"},
    {"close", close_method, METH_NOARGS, "close(): closes the endpoints"},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef attributes[] = {
    {"endpoints", get_endpoints, nullptr, "where it listens", nullptr},
    {"sockets", get_sockets, nullptr,
     "the descriptors of its listening sockets, which stay its own", nullptr},
    {"application", get_application, set_application,
     "what is called for each request", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

}  // namespace

void stop_services() noexcept {
  const WithoutGil released;
  running().stop_all();
}

Object make_service_type() {
  static PyType_Slot slots[] = {
      {Py_tp_new, reinterpret_cast<void*>(make)},
      {Py_tp_dealloc, reinterpret_cast<void*>(deallocate)},
      {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
      {Py_tp_clear, reinterpret_cast<void*>(clear)},
      {Py_tp_methods, methods},
      {Py_tp_getset, attributes},
      {Py_tp_doc,
       const_cast<char*>("Service(protocol, options)\n\nListens at once.")},
      {0, nullptr},
  };
  static PyType_Spec spec = {
      "decant._decant.Service", sizeof(ServiceObject), 0,
      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
      slots};
  return checked(PyType_FromSpec(&spec));
}

}  // namespace decant::python
