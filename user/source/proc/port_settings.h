/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What net.ipv4 says of the ports that connect() chooses. */
#ifndef TCPLINGER_PORT_SETTINGS_H
#define TCPLINGER_PORT_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

/* Those of this thread's network namespace, whose inode is `netns`; false if they cannot be read.
 */
bool port_settings_read(struct record_ports *record, uint32_t netns);

#endif
