#!/bin/sh
# The web server: the page on 5000, the same on 3000. Ends at once when told to.
trap 'exit 0' TERM INT
httpd -f -p 5000 -h /code/www &
httpd -f -p 3000 -h /code/www &
echo "serving on 5000 and 3000"
wait
