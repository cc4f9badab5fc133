// Package chaos kills the programs of a real stack at every step of every
// durable operation, and shows that each operation still ends as it should
// and leaves nothing behind. It holds tests only.
package chaos
