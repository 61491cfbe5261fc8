#!/bin/sh
# SPDX-License-Identifier: MIT
# A CGI program in the shell: decant run ./hello.sh /name
printf 'Content-Type: text/plain\n\n'
echo "Hello ${PATH_INFO#/} from a shell script!"
