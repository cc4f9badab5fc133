# Succeeds when the server takes connections by TCP. It reads what pg_ctl reads:
# line 6 of postmaster.pid is the address on which it listens, line 8 its state.
# Nothing but the shell is needed, so it is cheap enough for every second.
n=0 address='' state=''
while IFS= read -r line; do
  n=$((n + 1))
  case $n in
  6) address=$line ;;
  8) state=$line ;;
  esac
done <"$PGDATA/postmaster.pid" || exit 1
[ "$address" = '*' ] || exit 1
case $state in
ready*) ;;
*) exit 1 ;;
esac
