// SPDX-License-Identifier: MIT
// A JSON API: tasks that are listed, added, changed and done. They are in the
// SQLite file that TASKS names; the parser is nlohmann's. tasks_test.cpp has
// its tests.
//   TASKS=/tmp/tasks.sqlite decant http ./tasks.so
//   curl --json '{"title": "Water the plants"}' http://127.0.0.1:8000/tasks
#include <cstdint>
#include <decant/web.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "sqlite.hpp"
using namespace decant;
using Json = nlohmann::json;

constexpr std::size_t most_body = 10000;  // bytes
constexpr std::size_t most_title = 200;
constexpr int most_listed = 100;

struct Task {
  std::int64_t id;
  std::string title;
  bool done;
  std::int64_t version;  // counts the changes
};

Database open_tasks() {
  return {"TASKS",
          "CREATE TABLE IF NOT EXISTS tasks (id INTEGER PRIMARY KEY"
          " AUTOINCREMENT, title TEXT, done INTEGER DEFAULT 0,"
          " version INTEGER DEFAULT 1)"};
}

web::Response answer(const Json& value) {
  // What a client has sent may be quoted in it, UTF-8 or not.
  return web::json(value.dump(-1, ' ', false, Json::error_handler_t::replace) +
                   "\n");
}

Json as_json(const Task& task) {
  return {{"id", task.id}, {"title", task.title}, {"done", task.done}};
}

Task row(const Statement& found) {
  return {found.number(0), found.text(1), found.number(2) != 0,
          found.number(3)};
}

Task find(const Database& tasks, std::int64_t id) {
  Statement found(
      tasks, "SELECT id, title, done, version FROM tasks WHERE id = ?", id);
  if (!found.step()) throw web::HttpError(404, "no such task");
  return row(found);
}

std::string tag(const Task& task) {
  return std::to_string(task.version);
}

/// The title that a request has to bring.
std::string title_in(const Json& sent) {
  const auto title = sent.at("title").get<std::string>();
  if (title.empty() || title.size() > most_title) {
    throw web::HttpError(422, "a title has 1 to 200 bytes");
  }
  return title;
}

/// Nobody changes what somebody else has changed since he saw it (RFC 9110
/// section 13.1.1). What follows asks for this version once more, since another
/// may have been quicker.
void check_unchanged(const web::Request& request, const Task& task) {
  const std::string etag = '"' + tag(task) + '"';
  if (request.check({.etag = etag}) != 200) {
    throw web::HttpError(412, "somebody has changed this task");
  }
}

void check_changed(const Database& tasks) {
  if (tasks.changes() == 0) throw web::HttpError(409, "try again");
}

web::Response list(const web::Request& request) {
  const Database tasks = open_tasks();
  const auto after = request.args().number<std::int64_t>("after").value_or(0);
  Statement found(tasks,
                  "SELECT id, title, done, version FROM tasks WHERE id > ?"
                  " ORDER BY id LIMIT ?",
                  after, most_listed);
  Json all = Json::array();
  while (found.step()) all.push_back(as_json(row(found)));
  return answer({{"tasks", all}}).etag_of_text().make_conditional(request);
}

web::Response add(const web::Request& request) {
  const std::string title = title_in(Json::parse(request.json(most_body)));
  const Database tasks = open_tasks();
  Statement(tasks, "INSERT INTO tasks (title) VALUES (?)", title).step();
  const Task task = find(tasks, tasks.last_id());
  return answer(as_json(task))
      .status(201)
      .header("Location", std::string(request.script_name()) + "/tasks/" +
                              std::to_string(task.id));
}

web::Response show(const web::Request& request, std::int64_t id) {
  const Task task = find(open_tasks(), id);
  return answer(as_json(task)).etag(tag(task)).make_conditional(request);
}

web::Response change(const web::Request& request, std::int64_t id) {
  const Json sent = Json::parse(request.json(most_body));
  const Database tasks = open_tasks();
  const Task task = find(tasks, id);
  check_unchanged(request, task);
  Statement(tasks,
            "UPDATE tasks SET title = ?, done = ?, version = version + 1"
            " WHERE id = ? AND version = ?",
            title_in(sent), sent.at("done").get<bool>(), id, task.version)
      .step();
  check_changed(tasks);
  const Task changed = find(tasks, id);
  return answer(as_json(changed)).etag(tag(changed));
}

web::Response discard(const web::Request& request, std::int64_t id) {
  const Database tasks = open_tasks();
  const Task task = find(tasks, id);
  check_unchanged(request, task);
  Statement(tasks, "DELETE FROM tasks WHERE id = ? AND version = ?", id,
            task.version)
      .step();
  check_changed(tasks);
  return web::Response(204);
}

/// What went wrong is JSON too.
web::Response error_as_json(web::Request&, const web::Response& response) {
  web::Response error =
      answer({{"error", response.text()}}).status(response.status());
  const std::string* const allow = find_header(response.headers(), "Allow");
  if (allow != nullptr) error.header("Allow", *allow);
  return error;
}

Application site() {
  web::Router router;
  router.get("/tasks", list).post("/tasks", add);
  router.get("/tasks/{id:int}", show)
      .put("/tasks/{id:int}", change)
      .del("/tasks/{id:int}", discard);
  for (const int status : {400, 404, 405, 409, 412, 413, 415, 422, 500}) {
    router.on_status(status, error_as_json);
  }
  // No JSON, and JSON that has not what is wanted.
  router.on_exception<Json::parse_error>(
      [](web::Request&, const Json::parse_error& error) {
        return answer({{"error", error.what()}}).status(400);
      });
  router.on_exception<Json::exception>(
      [](web::Request&, const Json::exception& error) {
        return answer({{"error", error.what()}}).status(422);
      });
  return router;
}

DECANT_APPLICATION(site())
