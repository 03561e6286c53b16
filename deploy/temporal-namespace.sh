#!/bin/sh
# One-shot job: creates the namespace and registers the search attributes of tickets. Safe to run again.
# The CLI reads TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE by itself; RETENTION is how long closed tickets' histories
# are kept (the journal keeps everything).
set -eu

: "${TEMPORAL_NAMESPACE:?}" "${TEMPORAL_ADDRESS:?}"

attempt=0
until temporal operator cluster health; do
  attempt=$((attempt + 1))
  if [ "$attempt" -ge 60 ]; then
    echo "error: no healthy Temporal at $TEMPORAL_ADDRESS after $attempt attempts" >&2
    exit 1
  fi
  sleep 2
done

if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  echo "namespace $TEMPORAL_NAMESPACE exists"
else
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "${RETENTION:-720h}"
fi

# A new namespace reaches every part of the server within seconds, not at once.
attempt=0
until known=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE" 2>/dev/null); do
  attempt=$((attempt + 1))
  if [ "$attempt" -ge 30 ]; then
    echo "error: namespace $TEMPORAL_NAMESPACE does not answer" >&2
    exit 1
  fi
  sleep 2
done

register() {
  name=$1
  type=$2
  if echo "$known" | grep -qE "(^|[[:space:]])$name([[:space:]]|\$)"; then
    echo "search attribute $name exists"
  else
    temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type "$type"
    echo "search attribute $name $type registered"
  fi
}

register TicketStatus Keyword
register TicketSeverity Keyword
register TicketService Keyword
register TicketTeam Keyword
register TicketPolicy Keyword
register TicketTier Int
register TicketDue Datetime
register TicketTags KeywordList
