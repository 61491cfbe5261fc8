// SPDX-License-Identifier: MIT
// As much of SQLite as guest_book.cpp and tasks.cpp need. Values are bound to a
// statement and never written into it.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

/// A connection, which is opened for each request: it is cheap, and neither a
/// thread nor a child may take over another's.
class Database {
 public:
  /// The file that an environment variable names, which is made where there is
  /// none, and `schema`, which does nothing where that is in it already. Throws
  /// std::runtime_error, as all of this does.
  Database(const char* variable, const char* schema) {
    const char* const file = std::getenv(variable);
    if (file == nullptr) {
      throw std::runtime_error(std::string("SQLite: set ") + variable +
                               " to a file, to be made or added to");
    }
    sqlite3* opened = nullptr;
    const int status = sqlite3_open(file, &opened);
    handle_.reset(opened);
    check(status);
    // Other processes write too. With a log ahead of the file that is quick,
    // and whoever reads does not wait for it.
    sqlite3_busy_timeout(opened, 5000);
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    run(schema);
  }

  std::int64_t last_id() const {
    return sqlite3_last_insert_rowid(handle_.get());
  }
  /// How many rows the last statement has changed.
  int changes() const { return sqlite3_changes(handle_.get()); }

  sqlite3* handle() const noexcept { return handle_.get(); }
  void check(int status) const {
    if (status == SQLITE_OK) return;
    throw std::runtime_error(std::string("SQLite: ") +
                             sqlite3_errmsg(handle_.get()));
  }

 private:
  void run(const char* sql) const {
    check(sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr));
  }

  struct Close {
    void operator()(sqlite3* handle) const noexcept { sqlite3_close(handle); }
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

/// A statement of a database, which it borrows.
class Statement {
 public:
  /// With a value for each "?".
  template <class... Values>
  Statement(const Database& database, std::string_view sql,
            const Values&... values)
      : database_(database) {
    sqlite3_stmt* made = nullptr;
    database.check(sqlite3_prepare_v2(database.handle(), sql.data(),
                                      static_cast<int>(sql.size()), &made,
                                      nullptr));
    handle_.reset(made);
    int place = 0;
    (bind(++place, values), ...);
  }

  /// Goes to the next row; false when there is none.
  bool step() {
    const int status = sqlite3_step(handle_.get());
    if (status != SQLITE_ROW && status != SQLITE_DONE) database_.check(status);
    return status == SQLITE_ROW;
  }

  /// Columns of this row, from 0.
  std::int64_t number(int column) const {
    return sqlite3_column_int64(handle_.get(), column);
  }
  std::string text(int column) const {
    const void* const bytes = sqlite3_column_blob(handle_.get(), column);
    const int size = sqlite3_column_bytes(handle_.get(), column);
    return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
  }

 private:
  void bind(int place, std::int64_t value) {
    database_.check(sqlite3_bind_int64(handle_.get(), place, value));
  }
  void bind(int place, std::string_view value) {
    database_.check(sqlite3_bind_text(handle_.get(), place, value.data(),
                                      static_cast<int>(value.size()),
                                      SQLITE_TRANSIENT));
  }

  struct Finalize {
    void operator()(sqlite3_stmt* handle) const noexcept {
      sqlite3_finalize(handle);
    }
  };
  const Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};
