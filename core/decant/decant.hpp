// SPDX-License-Identifier: MIT
// Everything an application needs: the contract of decant in one header.
#pragma once

#include "decant/application.hpp"
#include "decant/body.hpp"
#include "decant/environ.hpp"
#include "decant/error.hpp"
#include "decant/file_wrapper.hpp"
#include "decant/headers.hpp"
#include "decant/lint.hpp"
#include "decant/plugin.hpp"
#include "decant/static_files.hpp"
#include "decant/streams.hpp"
