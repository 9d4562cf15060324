#!/bin/sh
# The web server: the same page on ports 5000 and 3000. It exits at once on TERM.
trap 'exit 0' TERM INT
httpd -f -p 5000 -h /code/www &
httpd -f -p 3000 -h /code/www &
echo "serving on 5000 and 3000"
wait
