#!/bin/sh
# vifd's hook of libvirt (qemu.d): before a server starts, its taps are seen to.
# For every other event, and whatever happens, it succeeds: a hook that fails
# keeps a server from starting, or kills one that runs ("reconnect").
[ "$2" = prepare ] || exit 0
timeout 10 @VIFD@ hook prepare >/dev/null
exit 0
