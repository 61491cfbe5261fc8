#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# A CGI program in Perl, without modules: it counts the fields of a form that
# is posted to it. decant run ./form.pl / -d 'a=1&b=2'
use strict;
use warnings;

if ($ENV{REQUEST_METHOD} ne 'POST') {
  print "Status: 405 Method Not Allowed\nAllow: POST\n\n";
  exit;
}
read STDIN, my $form, $ENV{CONTENT_LENGTH} // 0;
my @fields = sort map { (split /=/)[0] } split /&/, $form;
print "Content-Type: text/plain\n\n";
print scalar(@fields), " fields: @fields\n";
