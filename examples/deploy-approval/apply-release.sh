#!/bin/sh
# What the host of the service runs. It trusts no caller: it makes a version live only for a capability of
# $COUNTERSIGN_URL, in $COUNTERSIGN_CAPABILITY, that stands for exactly this service, version and environment, and takes
# each capability once.
#
#   apply-release.sh SERVICE VERSION ENVIRONMENT
set -eu

service=$1 version=$2 environment=$3
for name in "$service" "$version" "$environment"; do
  case $name in
    '' | .* | *[!A-Za-z0-9._-]*)
      echo "refused: '$name' is not a name of letters, digits, '.', '_' and '-'" >&2
      exit 1
      ;;
  esac
done

if ! refusal=$(countersign capability verify "$COUNTERSIGN_CAPABILITY" \
  --issuer "$COUNTERSIGN_URL" --audience "service:$service" \
  --action deployment.execute --resource "service:$service" --risk high \
  --actor service-account:release-bot --metadata "environment=$environment" \
  --arguments "{\"version\":\"$version\"}" 2>&1); then
  echo "refused: $refusal" >&2
  exit 1
fi

# Making a folder succeeds for one of any number of callers.
used=$(printf '%s' "$COUNTERSIGN_CAPABILITY" | sha256sum | cut -d ' ' -f 1)
mkdir -p "$RELEASES/.used"
if ! mkdir "$RELEASES/.used/$used" 2>/dev/null; then
  echo 'refused: this capability was used already' >&2
  exit 1
fi

if [ ! -d "$RELEASES/$service/$version" ]; then
  echo "refused: $service has no release $version" >&2
  exit 1
fi
ln -sfn "$version" "$RELEASES/$service/$environment"
echo "$environment of $service now runs $version"
