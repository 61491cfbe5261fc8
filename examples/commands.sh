#!/bin/sh
# SPDX-License-Identifier: MIT
# The commands of README.md. A test runs them in a folder that holds the
# examples it has built and a photo.jpg, with decant in PATH.
set -eu

# A pipe.
decant run ./hello.so /
printf 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n' | decant run ./hello.so --http
decant run ./upload.so / -d @photo.jpg --as body

# An application of routes, and the program that it is by itself.
decant run ./routes.so /users/7
./routes run /users -d name=Ann

# CGI, as a web server starts it.
REQUEST_METHOD=GET decant ./hello.so
REQUEST_METHOD=GET ./hello

# The program has the command line of decant.
./hello run '/path?q=1'

exit
# What a test cannot run: it takes root, another program or a long time.

sh examples/quickstart.sh
sh tests/run.sh

cp hello /usr/lib/cgi-bin/
curl http://localhost/cgi-bin/hello

decant fcgi ./hello.so --listen unix:/run/decant/hello.sock --mode 0660 --owner www-data:www-data

./routes http
decant http ./hello.so
decant http ./hello.so --listen unix:/run/decant/hello.sock --forwarded-allow unix

decant run ./hello.sh /you
decant fcgi program:/srv/cgi-bin/ --script-name /cgi-bin --listen unix:/run/decant/cgi.sock --mode 0660 --owner www-data:www-data
decant wrap -c 4 -f -s unix:/run/fcgiwrap.socket
decant fcgi ./hello.so --listen unix:/run/decant/hello.sock --status unix:/run/decant/status.sock
decant status unix:/run/decant/status.sock --watch

cmake --preset release
cmake --build --preset release
cmake --install build/release

cmake --workflow --preset debian
apt install ./build/debian/*.deb

c++ -shared -fPIC hello.cpp -o hello.so $(pkg-config --cflags decant)
c++ hello.cpp hello_main.cpp -o hello $(pkg-config --cflags --libs decant)
c++ -static hello.cpp hello_main.cpp -o hello $(pkg-config --cflags --libs decant)
c++ tasks.cpp site_main.cpp -o tasks $(pkg-config --cflags --libs decant sqlite3 nlohmann_json)

python3 tests/bench/bench.py --build build/release all
