// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// As leak.c.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
)

var kept []net.Conn

//go:noinline
func dial() net.Conn {
	conn, err := net.Dial("tcp4", "127.0.0.1:"+os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return conn
}

//go:noinline
func healthy() {
	conn := dial()
	io.ReadAll(conn)
	conn.Close()
}

//go:noinline
func leaky() {
	conn := dial()
	io.ReadAll(conn)
	kept = append(kept, conn)
}

func main() {
	healthyOnes, _ := strconv.Atoi(os.Args[2])
	leakyOnes, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < healthyOnes; i++ {
		healthy()
	}
	for i := 0; i < leakyOnes; i++ {
		leaky()
	}
	fmt.Println("done")
	io.ReadAll(os.Stdin)
}
