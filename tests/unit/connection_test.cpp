// SPDX-License-Identifier: MIT
#include "decant/service/loop/connection.hpp"

#include <thread>
#include <vector>

#include "support/catch.hpp"

using namespace decant;
using namespace decant::service;

TEST_CASE("one thread holds a connection until all events are handled") {
  ConnectionTable table;
  Connection& connection = table.add(Descriptor());  // which we hold
  CHECK(connection.events() == 1);
  CHECK_FALSE(connection.acquire());
  CHECK_FALSE(connection.release(1));
  CHECK(connection.events() == 1);
  CHECK(connection.release(1));
  CHECK(connection.acquire());
}

TEST_CASE("a slot that is not in use is held by nobody") {
  ConnectionTable table;
  Connection& connection = table.add(Descriptor());
  table.remove(connection);
  CHECK(table.size() == 0);
  CHECK_FALSE(connection.acquire());
  CHECK(&table.add(Descriptor()) == &connection);
  CHECK(connection.release(1));
  CHECK(connection.acquire());
}

TEST_CASE("events from many threads are all seen, by one thread at a time") {
  ConnectionTable table;
  Connection& connection = table.add(Descriptor());
  REQUIRE(connection.release(1));
  std::atomic<int> holders{0};
  std::atomic<bool> overlap{false};
  int looks = 0;  // guarded by holding the connection
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 5000; ++i) {
          if (!connection.acquire()) continue;
          std::uint32_t events = 0;
          do {
            events = connection.events();
            if (holders.fetch_add(1) != 0) overlap = true;
            ++looks;
            holders.fetch_sub(1);
          } while (!connection.release(events));
        }
      });
    }
  }
  CHECK_FALSE(overlap);
  CHECK(looks > 0);
  CHECK(connection.acquire());  // nobody was left holding it
}
