# Shared by the local scripts (stack, demo, check, bench): where state lives, who runs servers, private installation.
# Sourced; sets: top, run, runner. PostgreSQL refuses to run as root, so root hands over to the user postgres.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
pg_version=15
# Builds use the system's server, whatever stands first in PATH.
export PG_CONFIG=/usr/lib/postgresql/$pg_version/bin/pg_config
say() { printf '%s\n' "$*"; }
die() {
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 1
}

# Runs a command as the user that owns the servers.
as_runner() {
	local here=$PWD
	if [ "$(id -u)" -ne 0 ]; then
		"$@"
	elif (cd / && runuser -u postgres -- test -x "$here" </dev/null); then
		runuser -u postgres -- "$@"
	else
		# Programs complain of a directory that they can't enter.
		(cd / && exec runuser -u postgres -- "$@")
	fi
}
runner() { if [ "$(id -u)" -eq 0 ]; then echo postgres; else id -un; fi; }

# state_dir NAME: a directory for NAME that the runner owns and can reach; below .run where possible, else below /var/tmp with
# .run linking to it (root's clone may lie where postgres can't go). Prints its path.
state_dir() {
	local base=$top/.run
	if [ ! -e "$base" ]; then
		if [ "$(id -u)" -eq 0 ] && ! as_runner test -x "$top" 2>/dev/null; then
			local away
			away=/var/tmp/bountygo-$(printf %s "$top" | cksum | cut -d' ' -f1)
			mkdir -p "$away"
			ln -sfn "$away" "$base"
		else
			mkdir -p "$base"
		fi
	fi
	base=$(cd "$base" && pwd -P)
	mkdir -p "$base/$1"
	[ "$(id -u)" -ne 0 ] || chown "$(runner)" "$base" "$base/$1"
	printf '%s\n' "$base/$1"
}

# private_root DIR: a relocated copy of the server's trees below DIR, so that nothing is installed into the system.
private_root() {
	local root=$1 stamp
	stamp=$(dpkg-query -W -f '${Version}' postgresql-$pg_version)
	if [ "$(cat "$root/version" 2>/dev/null)" != "$stamp" ]; then
		rm -rf "$root"
		mkdir -p "$root/usr/lib/postgresql" "$root/usr/share/postgresql" "$root/usr/bin"
		cp -a /usr/lib/postgresql/$pg_version "$root/usr/lib/postgresql/"
		cp -a /usr/share/postgresql/$pg_version "$root/usr/share/postgresql/"
		printf %s "$stamp" > "$root/version"
	fi
}
pg_bin() { printf '%s\n' "$1/usr/lib/postgresql/$pg_version/bin"; }

# free_port: a loopback TCP port that nobody listens on now.
free_port() {
	perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 0, Listen => 1) or die; print $s->sockport'
}
port_is_free() {
	perl -MIO::Socket::INET -e 'exit(IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 1, ReuseAddr => 1) ? 0 : 1)' "$1"
}

# runs PID: true if the process exists and has not merely been left unreaped.
runs() { [ -r "/proc/$1/stat" ] && ! grep -q ') Z ' "/proc/$1/stat" 2>/dev/null; }
# alive PIDFILE: true if the process that the file names runs.
alive() { [ -s "$1" ] && runs "$(head -n 1 "$1")"; }

# wait_until SECONDS WHAT COMMAND…: polls a condition; dies naming WHAT when time is up.
wait_until() {
	local end=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || die "$what did not happen in time"
		sleep 0.1
	done
}

# end_process PIDFILE SIGNAL SECONDS: ends it and waits until it is gone.
end_process() {
	local pid end=$((SECONDS + $3))
	alive "$1" || {
		rm -f "$1"
		return 0
	}
	pid=$(head -n 1 "$1")
	kill "-$2" "$pid" 2>/dev/null || true
	while runs "$pid"; do
		if [ $SECONDS -ge $end ]; then
			kill -KILL "$pid" 2>/dev/null || true
			break
		fi
		sleep 0.1
	done
	rm -f "$1"
}
