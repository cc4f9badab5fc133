// Package local is the provider that runs PostgreSQL servers as processes on
// this machine.
//
// Each instance has a directory <Dir>/<instance id>:
//
//	spec.json     what was asked: spec, port, and whether it should run; the truth
//	status.json   how the last start went; may be lost without harm
//	password      the superuser's password, 0600; password.next beside it while it is changed
//	config/       postgresql.conf and pg_hba.conf, written by us before each start
//	data/         PostgreSQL's data directory; exists once it is complete, data.new before
//	copy.json     how much has been copied into the data directory of a fork
//	log/          postgresql.log, what the server prints
//	deleted.json  instead of spec.json: the instance is being removed
//
// Nothing is kept in memory, so any number of processes can work on one Dir:
// an exclusive flock of an instance's directory guards every change to it, and
// one of the file <Dir>/ports.lock guards the choice of ports. The kernel
// releases both when a process dies. initdb inherits the instance's lock, so
// that nobody meddles while an orphaned initdb still writes.
//
// Servers outlive the process that started them. Which process is the server
// is never taken from a number alone: its working directory must be the data
// directory and its program must be postgres. [Provider.Keep] is what a
// kubelet is elsewhere: it starts what should run and does not.
//
// Another size takes effect with the next start. status.json says with which
// one the running server was started; while that is not what spec.json says,
// the server is asked to end, and does not count as ready.
//
// What it can't do: plain directories have no size, so Spec.StorageGiB is only
// used to bound the write-ahead log, and CPUMillis only to bound parallel
// queries; neither is enforced. All servers run as one user of the operating
// system, and the superuser of an instance can run programs as that user:
// tenants that don't trust each other need a provider with real walls. A
// service manager that kills a whole control group on stop (systemd's default
// KillMode) takes the servers with it; use KillMode=process.
//
// A server killed by SIGKILL and deleted instead of restarted leaves its few
// kilobytes of shared memory to the next reboot. It needs Linux 5.10 or later
// (pidfd).
package local
