// SPDX-License-Identifier: MIT
// The tests of tasks.cpp, with Catch2: the client asks the application through
// the gateway, in the same process.
#define CATCH_CONFIG_MAIN
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <decant/web.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
using namespace decant;
using Json = nlohmann::json;
using web::Payload;

Application site();  // of tasks.cpp

/// No tasks, in a file that is gone in the end.
struct Tasks {
  Tasks() {
    std::filesystem::remove(file);
    ::setenv("TASKS", file.c_str(), 1);
  }
  ~Tasks() { std::filesystem::remove(file); }

  /// Adds a task; gives its path.
  std::string add(const std::string& title) {
    const web::Reply added =
        client.post("/tasks", Payload::json(Json{{"title", title}}.dump()));
    REQUIRE(added.status == 201);
    return std::string(added.header("Location"));
  }

  std::filesystem::path file = std::filesystem::temp_directory_path() /
                               ("tasks-" + std::to_string(::getpid()));
  web::Client client{site()};
};

TEST_CASE_METHOD(Tasks, "a task is added, shown, changed and removed") {
  CHECK(Json::parse(client.get("/tasks").body) ==
        Json{{"tasks", Json::array()}});
  const std::string path = add("Water the \"plants\"");
  Json task = Json::parse(client.get(path).body);
  CHECK(task["title"] == "Water the \"plants\"");
  CHECK(task["done"] == false);
  task["done"] = true;
  CHECK(client.put(path, Payload::json(task.dump())).status == 200);
  CHECK(Json::parse(client.get("/tasks").body) == Json{{"tasks", {task}}});
  CHECK(client.del(path).status == 204);
  CHECK(client.get(path).status == 404);
}

TEST_CASE_METHOD(Tasks, "a list goes on after a task") {
  add("one");
  const std::string second = add("two");
  const Json list = Json::parse(client.get("/tasks?after=1").body);
  REQUIRE(list["tasks"].size() == 1);
  CHECK(list["tasks"][0] == Json::parse(client.get(second).body));
}

TEST_CASE_METHOD(Tasks, "who has an old copy changes nothing") {
  const std::string path = add("one");
  const web::Reply seen = client.get(path);
  const std::string tag(seen.header("ETag"));
  CHECK(client.get(path, {{"If-None-Match", tag}}).status == 304);
  const Payload changed = Payload::json(R"({"title": "two", "done": false})");
  CHECK(client.put(path, changed, {{"If-Match", tag}}).status == 200);
  CHECK(client.put(path, changed, {{"If-Match", tag}}).status == 412);
  CHECK(client.del(path, {{"If-Match", tag}}).status == 412);
  CHECK(Json::parse(client.get(path).body)["title"] == "two");
}

TEST_CASE_METHOD(Tasks, "what cannot be taken is told in JSON") {
  const auto [sent, status] = GENERATE(table<std::string, int>({
      {"{\"title\": ", 400},
      {"\xFF", 400},
      {"[]", 422},
      {"{}", 422},
      {"{\"title\": 7}", 422},
      {"{\"title\": \"\"}", 422},
      {'"' + std::string(20000, 'x') + '"', 413},
  }));
  CAPTURE(sent);
  const web::Reply reply = client.post("/tasks", Payload::json(sent));
  CHECK(reply.status == status);
  CHECK(reply.header("Content-Type") == "application/json");
  CHECK_FALSE(Json::parse(reply.body)["error"].get<std::string>().empty());
}

TEST_CASE_METHOD(Tasks, "other types, paths and methods are refused") {
  CHECK(client.post("/tasks", Payload::form({{"title", "x"}})).status == 415);
  CHECK(client.get("/none").header("Content-Type") == "application/json");
  const web::Reply refused = client.del("/tasks");
  CHECK(refused.status == 405);
  CHECK(refused.header("Allow") == "GET, POST, HEAD, OPTIONS");
}

TEST_CASE_METHOD(Tasks, "a title is never SQL") {
  const std::string path = add("x'); DROP TABLE tasks; --");
  CHECK(Json::parse(client.get(path).body)["title"] ==
        "x'); DROP TABLE tasks; --");
}
