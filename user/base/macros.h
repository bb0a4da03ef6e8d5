/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What C leaves to everybody. */
#ifndef TCPLINGER_MACROS_H
#define TCPLINGER_MACROS_H

#define BIT(number)   (1U << (number))
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#endif
