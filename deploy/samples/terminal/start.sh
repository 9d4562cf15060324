#!/bin/sh
# The program of the terminal's container. It creates the only user who may log in, then starts the web terminal of its
# image, shellinabox or wetty. Both run `login`, which asks for the password.
set -eu
umask 077
user=$TERMINAL_USER hash=$TERMINAL_PASSWORD_HASH home=/home/$TERMINAL_USER
case $user in [!a-z]* | *[!a-z0-9_-]* | '' | root) echo "TERMINAL_USER is not a valid name: '$user'" >&2; exit 1 ;; esac
if [ -z "$hash" ]; then
  password=$(head -c 15 /dev/urandom | base64)
  # By a pipe: the whole pod can read arguments.
  hash=$(echo "$password" | mkpasswd -m sha512 -P 0)
  echo "log in as $user with the password $password"
fi
unset TERMINAL_PASSWORD_HASH password

# An ordinary user with an ID that no other service has. No other user may log in.
mkdir -p "$home" /run/terminal
{ grep -v "^$user:" /etc/passwd; echo "$user:x:4200:4200::$home:/bin/sh"; } >/tmp/passwd
echo "$user:x:4200:" >>/etc/group
cat /tmp/passwd >/etc/passwd
# No password has this hash; busybox's login exits at a plain `*`.
sed "s/:.*/:\$6\$x\$*:19000::::::/" /etc/passwd | grep -v "^$user:" >/etc/shadow
echo "$user:$hash:19000::::::" >>/etc/shadow
chown 4200:4200 "$home"

# A new certificate for each start: browsers ask whether to trust it.
cd /run/terminal
if command -v openssl >/dev/null; then
  openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem
  openssl req -x509 -new -key key.pem -days 365 -subj "/CN=$(hostname)" -out cert.pem
  openssl x509 -in cert.pem -noout -fingerprint -sha256
else
  echo "no openssl in this image: the terminal uses plain HTTP, so the password can be intercepted" >&2
fi

if command -v shellinaboxd >/dev/null; then
  cat key.pem cert.pem >certificate.pem
  # A separate ID here, too: a process with the same ID can read the input.
  chown -R 4201:4201 .
  exec shellinaboxd --port=4200 --cert=/run/terminal --user=4201 --group=4201 --service=/:LOGIN
fi
if [ -e cert.pem ]; then set -- --ssl-key /run/terminal/key.pem --ssl-cert /run/terminal/cert.pem; else set --; fi
set -- --port 4200 --base / "$@"
if command -v wetty >/dev/null; then exec wetty "$@"; fi
cd /usr/src/app
exec yarn start "$@"
