# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=sh
# Sourced by install-packages: no_services_until_exit, from where on no package that this shell
# installs starts a service, now or at the next boot. INSTALL_ROOT: of the files, for tests.
#
# policy-rc.d is what invoke-rc.d and deb-systemd-invoke ask before they start anything. One that is
# there already is put back, whatever ends the shell; after SIGKILL the next run does that.

policy=${INSTALL_ROOT-}/usr/sbin/policy-rc.d
kept=$policy.before-tcplinger
signature="# of tcplinger's install-packages, as long as that runs"

there() {
	[ -e "$1" ] || [ -L "$1" ]
}

put_policy_back() {
	if there "$kept"; then
		mv -fT "$kept" "$policy"
	elif grep -qsxF "$signature" "$policy"; then
		rm -f "$policy"
	fi
}

deny_services() {
	put_policy_back # of a run that was killed
	printf '#!/bin/sh\n%s\nexit 101\n' "$signature" >"$policy.new"
	chmod 755 "$policy.new"
	! there "$policy" || mv -T "$policy" "$kept"
	mv -T "$policy.new" "$policy"
}

# The links by which something is started at boot or at login: of systemd, sysvinit and OpenRC.
enabled() {
	find "${INSTALL_ROOT-}"/etc/systemd/system "${INSTALL_ROOT-}"/etc/systemd/user \
		"${INSTALL_ROOT-}"/etc/rc[S0-6].d "${INSTALL_ROOT-}"/etc/runlevels \
		-type l ! -lname /dev/null ! -path '*/rc?.d/K*' 2>/dev/null || true
}

# What was not enabled before, as `systemctl disable` and `update-rc.d disable` do it, which are not
# everywhere: the packages' later versions leave it so. Aliases go as well: one that stays makes
# deb-systemd-helper enable the rest anew.
disable_new() {
	enabled | grep -vxF "$enabled_before" | while read -r link; do
		case $link in
		*/rc?.d/S*) mv -f "$link" "${link%/*}/K${link##*/S}" ;;
		*) rm -f "$link" ;;
		esac
	done
	[ ! -d "${INSTALL_ROOT-}/run/systemd/system" ] || systemctl daemon-reload || true
}

allow_services() {
	trap '' INT TERM HUP
	put_policy_back
	disable_new
}

# One at a time: descriptor 9 is not for those that are run. The shell heeds a signal when what it
# runs has ended, so that the policy outlasts dpkg.
no_services_until_exit() {
	exec 9>"${INSTALL_ROOT-}/run/tcplinger-install.lock"
	flock 9
	enabled_before=$(enabled)
	trap allow_services EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	deny_services
}
