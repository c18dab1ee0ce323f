# A unit that keeps a ledger of its own: `sh unit.sh LEDGERS SECONDS EXIT_CODE [SECONDS_LATER]`, the
# last for attempts after the first. For SECONDS a path will do: then it waits until that is there.
#
# The order of the lines is the order of what happened, as each is one write at the end of the file.
# Whoever starts looks whether a process of an earlier start still lives, by pid and start time: what
# runs twice at once is found by those that do, whatever anybody else believes.
ledger=$1/$PSTAR_UNIT_ID
born=$(cut -d ' ' -f 22 "/proc/$$/stat")
echo "start $PSTAR_ATTEMPT $$ $born" >>"$ledger"
while read -r what attempt pid since; do
  if [ "$what" = start ] && [ "$pid $since" != "$$ $born" ]; then
    case $(cut -d ' ' -f 3,22 "/proc/$pid/stat" 2>/dev/null) in
      "Z "* | "X "*) ;;
      *" $since") echo "overlap $PSTAR_ATTEMPT with $attempt" >>"$ledger" ;;
    esac
  fi
done <"$ledger"
echo "$PSTAR_UNIT_ID says $3"
[ "$PSTAR_ATTEMPT" = 1 ] || set -- "$1" "${4:-$2}" "$3"
case $2 in
/*) until [ -e "$2" ]; do sleep 0.05; done ;;
*) sleep "$2" ;;
esac
echo "end $PSTAR_ATTEMPT $3" >>"$ledger"
exit "$3"
