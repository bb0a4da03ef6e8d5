// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Connects, once a line comes, and keeps what the other end has closed.
const net = require('net');
const [port, count] = process.argv.slice(2).map(Number);

function leaky() {
    net.connect({port, host: '127.0.0.1', allowHalfOpen: true}).resume();
}

process.stdin.once('data', () => {
    for (let i = 0; i < count; i++)
        leaky();
    console.log('done');
});
console.log('ready');
