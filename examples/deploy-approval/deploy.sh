#!/bin/sh
# Rolls a version of a service out, once somebody has approved exactly that:
#
#   deploy.sh SERVICE VERSION ENVIRONMENT
#
# COUNTERSIGN_URL, COUNTERSIGN_SERVICE_ACCOUNT and COUNTERSIGN_SERVICE_ACCOUNT_KEY_FILE say where and as whom it asks;
# RELEASES is the folder that apply-release.sh works in. Ends with 3 when it was denied, 5 when nobody decided in time,
# 6 when the request expired; nothing has changed then.
set -eu

if [ $# -ne 3 ]; then
  echo 'usage: deploy.sh SERVICE VERSION ENVIRONMENT' >&2
  exit 2
fi
service=$1 version=$2 environment=$3
actor=service-account:release-bot
here=$(dirname "$0")

answer=$(countersign approval request --json \
  --action deployment.execute --resource "service:$service" --risk high --actor "$actor" \
  --metadata "environment=$environment" --argument "version=$version" \
  --wait --timeout "${APPROVAL_TIMEOUT:-30m}") || exit $?
approval=$(printf '%s' "$answer" | sed -n 's/.*"id":"\(apr_[A-Za-z0-9]*\)".*/\1/p')

# From here on the approval is used up, whatever happens; so whatever happens is reported.
COUNTERSIGN_CAPABILITY=$(countersign capability exchange --request "$approval" --actor "$actor")
export COUNTERSIGN_CAPABILITY
if note=$("$here/apply-release.sh" "$service" "$version" "$environment" 2>&1); then
  countersign approval outcome "$approval" --state succeeded --note "$note" >/dev/null
  echo "$service $version is live in $environment ($approval)"
else
  countersign approval outcome "$approval" --state failed --note "$note" >/dev/null
  echo "$note" >&2
  exit 1
fi
