#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints the completion of a shell for the command, from what the command says
# of itself: the sides in `decant --help`, their options in `decant SIDE --help`.
#   completion.sh DECANT bash|zsh|fish
set -eu
export LC_ALL=C
decant=$1
shell=$2

# A line each, tabs between: "side", its word, its description; or "option",
# the side, the names, what it takes, its description.
described() {
  "$decant" --help | awk '
    description { sub(/^ +/, ""); print description "\t" $0; description = "" }
    /^  [^ ]+ [a-z]+ / { description = "side\t" $2 }'
  "$decant" --help | sed -n 's/^Options of each: .* \([a-z|]*\) --help$/\1/p' |
    tr '|' '\n' | while read -r side; do
      # CLI11 begins descriptions in column 31, on the next line where what is
      # on the left is longer.
      "$decant" "$side" --help | awk -v side="$side" '
        function print_option(description) {
          takes = left
          sub(/^  [^ ]+ */, "", takes)
          sub(/ +$/, "", takes)
          split(left, words, " ")
          print "option\t" side "\t" words[1] "\t" takes "\t" description
          left = ""
        }
        left != "" { sub(/^ +/, ""); print_option($0); next }
        /^  -/ && substr($0, 30, 1) == " " {
          left = substr($0, 1, 30)
          print_option(substr($0, 31))
          next
        }
        /^  -/ { left = $0 }'
    done
}

described | awk -F '\t' -v shell="$shell" '
  function quoted(text) {
    gsub(/\047/, "\047\\\047\047", text)
    return "\047" text "\047"
  }

  # none: of itself; files, directories or something else.
  function kind(takes) {
    if (takes == "" || takes ~ /^\[/) return "none"
    if (takes == "DIR") return "directories"
    if (takes == "FILE" || takes ~ /^PATH/) return "files"
    return "other"
  }

  function short(name) { return name !~ /^--/ }

  $1 == "side" {
    sides[++side_count] = $2
    says[$2] = $3
  }

  $1 == "option" {
    if (!($2 in says)) {
      print "completion.sh: decant --help does not describe " $2 >"/dev/stderr"
      failed = 1
      exit
    }
    count = split($3, names, ",")
    for (i = 1; i <= count; ++i) {
      n = ++options[$2]
      name[$2, n] = names[i]
      takes[$2, n] = $4
      text[$2, n] = $5
    }
  }

  function bash(    i, j, side, all, of) {
    print "_decant() {"
    print "  local word=${COMP_WORDS[COMP_CWORD]} side=${COMP_WORDS[1]-}"
    print "  local before=${COMP_WORDS[COMP_CWORD - 1]}"
    print "  local options=\047\047 files=\047\047 directories=\047\047 others=\047\047"
    for (i = 1; i <= side_count; ++i) all = all (i > 1 ? " " : "") sides[i]
    print "  local sides=" quoted(all)
    # What is not said is chosen: in a shell it is run.
    print "  [[ \" $sides \" == *\" $side \"* ]] || side=run"
    print "  case $side in"
    for (i = 1; i <= side_count; ++i) {
      side = sides[i]
      split("", of)
      for (j = 1; j <= options[side]; ++j) {
        of["options"] = of["options"] " " name[side, j]
        of[kind(takes[side, j])] = of[kind(takes[side, j])] " " name[side, j]
      }
      print "    " side ")"
      print "      options=" quoted(substr(of["options"], 2))
      print "      files=" quoted(of["files"] " ")
      print "      directories=" quoted(of["directories"] " ")
      print "      others=" quoted(of["other"] " ")
      print "      ;;"
    }
    print "  esac"
    print "  COMPREPLY=()"
    print "  if [[ $directories == *\" $before \"* ]]; then"
    print "    mapfile -t COMPREPLY < <(compgen -d -- \"$word\")"
    print "    compopt -o filenames +o default 2>/dev/null"
    print "  elif [[ $others == *\" $before \"* ]]; then"
    print "    compopt +o default 2>/dev/null"
    print "  elif [[ $files == *\" $before \"* ]]; then"
    print "    :"
    print "  elif [[ $word == -* ]]; then"
    print "    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")"
    print "  elif ((COMP_CWORD == 1)); then"
    print "    mapfile -t COMPREPLY < <(compgen -W \"$sides\" -- \"$word\"; compgen -f -- \"$word\")"
    print "    compopt -o filenames 2>/dev/null"
    print "  fi"
    print "}"
    print "complete -o default -F _decant decant"
  }

  function zsh_text(words) {
    gsub(/[][\\]/, "\\\\&", words)
    return words
  }

  function zsh(    i, j, side, spec, action) {
    print "#compdef decant"
    print "local -a sides"
    print "sides=("
    for (i = 1; i <= side_count; ++i) {
      spec = says[sides[i]]
      gsub(/:/, "\\:", spec)
      print "  " quoted(sides[i] ":" spec)
    }
    print ")"
    print "if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then"
    print "  _describe side sides"
    print "  _files"
    print "  return"
    print "fi"
    print "local side=run"
    print "if [[ -n ${(M)sides:#$words[2]:*} ]]; then"
    print "  side=$words[2]"
    print "  shift words"
    print "  (( CURRENT-- ))"
    print "fi"
    print "case $side in"
    for (i = 1; i <= side_count; ++i) {
      side = sides[i]
      print "  " side ")"
      print "    _arguments \\"
      for (j = 1; j <= options[side]; ++j) {
        spec = "*" name[side, j]
        action = kind(takes[side, j])
        if (action != "none") spec = spec (short(name[side, j]) ? "+" : "=")
        spec = spec "[" zsh_text(text[side, j]) "]"
        if (action != "none") {
          takes_text = takes[side, j]
          gsub(/:/, "\\:", takes_text)
          spec = spec ":" takes_text ":"
          if (action == "files") spec = spec "_files"
          if (action == "directories") spec = spec "_files -/"
        }
        print "      " quoted(spec) " \\"
      }
      print "      \047*:file:_files\047"
      print "    ;;"
    }
    print "esac"
  }

  function fish(    i, j, side, all, line, action) {
    for (i = 1; i <= side_count; ++i) all = all " " sides[i]
    for (i = 1; i <= side_count; ++i) {
      print "complete -c decant -n __fish_use_subcommand -a " sides[i] " -d " \
        fish_quoted(says[sides[i]])
    }
    for (i = 1; i <= side_count; ++i) {
      side = sides[i]
      for (j = 1; j <= options[side]; ++j) {
        line = "__fish_seen_subcommand_from " side
        if (side == "run") line = line "; or not __fish_seen_subcommand_from" all
        line = "complete -c decant -n " quoted(line)
        line = line (short(name[side, j]) ? " -s " : " -l ") \
          substr(name[side, j], short(name[side, j]) ? 2 : 3)
        action = kind(takes[side, j])
        if (action == "files") line = line " -r -F"
        if (action == "other") line = line " -x"
        if (action == "directories") {
          line = line " -x -a \047(__fish_complete_directories)\047"
        }
        print line " -d " fish_quoted(text[side, j])
      }
    }
  }

  function fish_quoted(words) {
    gsub(/[\\\047]/, "\\\\&", words)
    return "\047" words "\047"
  }

  END {
    if (failed) exit 1
    if (!side_count) {
      print "completion.sh: decant --help describes no side" >"/dev/stderr"
      exit 1
    }
    if (shell == "bash") bash()
    else if (shell == "zsh") zsh()
    else if (shell == "fish") fish()
    else exit 2
  }'
