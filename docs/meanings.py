"""What things mean that the code only names: kinds of journal entries, environment variables, metrics.

`tests/docs` holds each table against the code, in both directions.
"""

from __future__ import annotations

from typing import Final, NamedTuple

KINDS: Final[dict[str, dict[str, str]]] = {
    "Arriving and ending": {
        "ticket.opened": "A ticket arrived: where from, and its title.",
        "ticket.admitted": "It has its policy; why this one, and what could not be read of what was sent.",
        "ticket.repeated": "The same key arrived again while it was open, with something new in it; nobody is paged.",
        "ticket.resolved": "It is solved, and how much of the time each tier used; or it arrived already over.",
        "ticket.reopened": "It was not solved, or the same key arrived again.",
        "ticket.closed": "Nothing more is to come: why it closed.",
        "ticket.cancelled": "Somebody cancelled its workflow from outside Escalade.",
        "ticket.merging": "A person merges it into another ticket; it goes on until that one knows.",
        "ticket.merged": "The other ticket was told only after this one had closed; its watchers follow there.",
        "ticket.merge_changed": "The other ticket is told what had changed here until it took this one in.",
        "ticket.merge_untold": "The other ticket had ended before it could be told what had changed here.",
        "ticket.merge_failed": "The other ticket could not be told, or did not take it; it goes on here.",
        "ticket.merge_refused": "Another ticket was to be merged into this one, which is over or merging itself.",
        "ticket.merged_here": "Another ticket was merged into this one, or had changed until it heard so.",
        "ticket.forwarded": "Its key belongs to another ticket by a merge; what arrived is sent there.",
    },
    "The ladder": {
        "tier.entered": "It came to a tier: why, from when its limits count, and until when an answer is wanted.",
        "tier.left": "It left a tier: why, after how long, who was told, in how many rounds.",
        "tier.first_work": "The first sign of work by somebody of the tier, and how long that took.",
        "ladder.exhausted": "It is past the last tier: another pass begins, or the catch-all is paged.",
        "round.started": "A round asks whom these targets mean. The entries of its pages say who is paged, and why.",
        "round.nobody": "A round found nobody to page: why, and what the tier does about it.",
        "round.waits": "Everybody a round could tell is over a limit: until when it waits, and why.",
        "round.failed": "Nobody of a round was reached: what each channel said, and what follows.",
        "round.error": "The pages of a round could not be attempted at all.",
        "round.note": "Something a reader of this round should know: the store was away, …",
        "contact.step": "Later contact methods of people fell due by their own rules.",
    },
    "Maintenance": {
        "maintenance.known": "Maintenance windows concern it that were not known before: when they are open.",
        "maintenance.began": "A window covers it: nobody is paged and no limit runs until it closes.",
        "maintenance.ended": "No window covers it any more: what is still open is paged anew, or limits go on.",
        "maintenance.gone": "Windows that were to come do not concern it any more.",
        "window.made": "A window was made by command: by whom, why, when it is open (stream `maintenance`).",
        "window.ended_early": "The present opening of a window was ended by command (stream `maintenance`).",
        "window.removed": "A window made by command was removed (stream `maintenance`).",
    },
    "Duty notices (stream `schedule/<name>`)": {
        "handoff.told": "Somebody is told that duty changes hands, ahead of it or at it: who goes, who comes.",
        "gap.told": "The owner of a schedule is told of times with nobody on duty, before they come.",
    },
    "Deliveries": {
        "page.accepted": "The provider took the message; of a test page, in the stream `pages`.",
        "page.delivered": "The provider confirmed that it arrived.",
        "page.failed": "The message was refused, at once or later.",
        "page.crossed": "It was in the air while somebody acknowledged.",
        "page.unknown": "The provider has it and did not answer, or not in time: nobody can say.",
        "page.skipped": "It was not attempted; why not.",
        "page.passed_over": "Somebody has no room: which limit, until when, and who is paged instead.",
        "page.digested": "It waits in a digest: why, and when that leaves.",
        "page.dropped": "It was not told in the digest after all: what happened meanwhile.",
    },
    "People": {
        "ticket.acknowledged": "Somebody has it: paging stops, or how many of a quorum there are.",
        "ticket.confirmed": "Somebody who had acknowledged said so again.",
        "ticket.joined": "Somebody else is on it too.",
        "ticket.unacknowledged": "The acknowledgement was given back, or taken away: paging starts again.",
        "ticket.acknowledgement_lost": "One of several acknowledgements was given back; the others still have it.",
        "ticket.expired": "An acknowledgement expired for want of work.",
        "ticket.reminded": "The owner was reminded that their acknowledgement is about to expire.",
        "ticket.escalated": "A person or system took it up the ladder, with the reason.",
        "ticket.returned": "A person gave it back to a lower tier, with the reason and the count of bounces.",
        "ticket.reassigned": "Somebody else is to answer for it.",
        "ticket.severity": "The severity changed, by whom and why.",
        "ticket.status": "How far the work is.",
        "ticket.snoozed": "Nobody is paged until an instant.",
        "ticket.pending": "It waits for somebody outside.",
        "snoozed.ended": "A snooze ended: why.",
        "pending.ended": "A wait ended: why.",
        "ticket.note": "Somebody wrote something down.",
        "ticket.followed": "Somebody is told what becomes of it.",
        "ticket.unfollowed": "Somebody is no longer told.",
        "responder.called": "Somebody was called in by name.",
        "responder.nobody": "Nobody could be found for a call.",
        "notice.nobody": "Nobody could be found for a notice.",
    },
    "Clocks and the customer": {
        "clock.started": "Clocks run from here: what they promise, and until when.",
        "clock.warned": "Thresholds of a clock were passed: all of them in one entry, and in one notice.",
        "clock.breached": "A clock is past its due.",
        "clock.held": "A clock passed something while the tier was closed: nobody is woken, and when they are told.",
        "clock.paused": "Clocks stand still: on what, and what they had used.",
        "clock.resumed": "Clocks run again with what was left, and until when.",
        "clock.met": "A clock was stopped in time: by what, and how much was used.",
        "clock.missed": "A clock was stopped too late: by what, and how much over.",
        "clock.ended": "A clock ended with a ticket that goes on elsewhere; nothing is judged.",
        "clock.changed": "What a clock promises changed, or its calendar: the due before and after, and why.",
        "clock.unarmed": "A clock counts around the clock, because its calendar was not pinned with the policy.",
        "calendar.extended": "The calendars of the policy were worked out further, long before their horizon.",
        "calendar.not_extended": "Calendars could not be worked out further: why; it is tried again.",
        "customer.answered": "The customer was answered in public.",
        "customer.message": "The customer said something.",
    },
    "What was refused or changed nothing": {
        "<command>.refused": "A command was refused; the code and the sentence the caller got.",
        "<command>.ignored": "A system's command changed nothing: it was late, or asked for what is so already.",
        "message.unreadable": "Something arrived that cannot be read: by which door, and why not.",
        "message.left_out": "So many messages came while the ticket before ended that not all of them were kept.",
    },
    "Steps": {
        "step.done": "A step succeeded, with what it said.",
        "step.failed": "A step failed: why. The ticket goes on.",
        "step.lost": "Nothing is known of a step's end.",
    },
    "The journal itself": {
        "journal.truncated": "The stream is shorter than the ticket remembers: the store was restored, or changed.",
        "journal.history_reset": "The workflow was reset in Temporal; what it did after that point stays on record.",
        "journal.conflict": "A second entry came with an id that is taken; the first stands, this keeps the second.",
        "journal.summarised": "The store was away for so long that entries were not kept one by one; their count.",
        "journal.pruned": "Old entries were removed behind sealed checkpoints (stream `operations`).",
        "journal.erased": "The text of an entry was erased; its digest stays.",
    },
    "The configuration (stream `configuration`)": {
        "configuration.changed": "A worker took a changed configuration; the digests before and after.",
        "configuration.served": "A worker started with another configuration than the last one on record: its digest.",
        "configuration.refused": "A changed configuration is not valid: the last good one goes on serving. The errors.",
    },
    "Who is on duty (streams `schedule/<name>`, and `person/<id>` for time off)": {
        "override.made": "Somebody is on duty instead of, or besides, whom the schedule says; or somebody is not.",
        "override.removed": "It was ended; what it did until then stays.",
        "temporary.made": "A temporary schedule stands in place of a schedule.",
        "temporary.removed": "It was ended; what it did until then stays.",
        "swap.made": "Two people took each other's shift.",
        "swap.removed": "It was ended; what it did until then stays.",
        "away.made": "Somebody is away.",
        "away.removed": "It was ended; what it did until then stays.",
        "schedule.version": "A worker loaded a schedule that says something else than before; who stays on duty.",
        "feed.read": "A calendar feed said something new, or answered again; whom it names that nobody knows.",
        "feed.failed": "A calendar feed cannot be read any more: why. What it last said goes on serving.",
    },
    "The watch (stream `operations`)": {
        "watch.unadmitted": "An open ticket that has no policy a minute after it came.",
        "watch.late": "An open ticket whose next due is more than a minute past.",
        "watch.silent": "An open ticket that does not answer.",
        "watch.missing": "An open ticket whose workflow is gone.",
        "watch.canary": "The canary ticket did not get through, or was not sent.",
        "watch.digest": "A digest that was not sent a minute after its time; its workflow is started again.",
        "watch.store": "The store did not answer when the watch looked.",
        "watch.untold": "What the watch found reached nobody: why. It is told again with its next look.",
    },
}
"""Every kind of entry, with what it says. `<command>` stands for the name of any command."""


FINDINGS: Final[dict[str, str]] = {
    "changed_body": "What an entry says was changed: it does not match its digest.",
    "lost_body": "What an entry says was removed.",
    "broken_link": "An entry's header was changed: its hash does not follow from what it says.",
    "missing": "Entries are missing in the middle.",
    "truncated": "Entries are missing at the end.",
    "recorded_truncation": "An entry of the journal tells that others had been missing when it was written.",
    "beyond_head": "There are entries behind the head, which the writer did not add.",
    "head_mismatch": "The head does not carry the hash of the last entry.",
    "no_head": "The head of the stream was removed.",
    "stray_body": "A text belongs to no entry.",
    "checkpoint_mismatch": "The checkpoint of a pruned stream was changed, or nobody recorded it.",
    "unrecorded_erasure": "A text was blanked, and no entry says by whom.",
    "erased": "A text was erased by `journal erase`, on record: in order, and only told.",
}
"""What `escalade journal verify` can find."""


class Variable(NamedTuple):
    """An environment variable."""

    name: str
    meaning: str
    default: str = ""


VARIABLES: Final = (
    Variable("ESCALADE_AS", "Who is acting at the command line: an id or login of people.yaml; `--as` goes before it."),
    Variable(
        "ESCALADE_FAILPOINT",
        "Makes a worker kill itself at a named point of a page, for kill tests only: `before_send:1`, "
        "`after_accept:1`, `before_record:1`. Never set it in production.",
    ),
    Variable("NO_COLOR", "Any value: no colours and no other escapes, on a terminal too."),
)
"""Those that are no settings of a process (`worker.settings`)."""

TEMPORAL: Final = (
    Variable(
        "TEMPORAL_ADDRESS",
        "Host and port of Temporal.",
        "the running `escalade up`; where none ever ran, `localhost:7233`",
    ),
    Variable("TEMPORAL_NAMESPACE", "The namespace.", "`default`"),
    Variable("TEMPORAL_API_KEY", "The key for Temporal Cloud or another server that wants one."),
    Variable("TEMPORAL_PROFILE", "Which profile of `temporal.toml` to use.", "`default`"),
    Variable("TEMPORAL_CONFIG_FILE", "Where `temporal.toml` is.", "Temporal's own place in the home directory"),
    Variable("TEMPORAL_TLS_CLIENT_CERT_PATH", "The client's certificate, for mutual TLS."),
    Variable("TEMPORAL_TLS_CLIENT_KEY_PATH", "Its private key."),
    Variable("TEMPORAL_TLS_SERVER_CA_CERT_PATH", "The authority that signed the server's certificate."),
)
"""Temporal's own, as far as somebody who runs Escalade meets them."""

COMPOSE: Final = (
    Variable("TEMPORAL_DB_PASSWORD", "The password of Temporal's database. Required."),
    Variable("JOURNAL_DB_PASSWORD", "The password of the journal's database. Required; it becomes part of a URL."),
    Variable("ESCALADE_CONFIG_DIR", "The configuration directory that is mounted into the worker. Required."),
    Variable("ESCALADE_CHANNEL_SECRETS", "A file with the channels' secrets, one a line.", "`./deploy/channels.env`"),
    Variable("ESCALADE_VERSION", "The tag of the worker's image.", "`0.1.0`"),
    Variable("TEMPORAL_RETENTION", "How long Temporal keeps the history of a closed ticket.", "`720h`"),
    Variable("TEMPORAL_HISTORY_SHARDS", "Fixed once Temporal has started on its database.", "`128`"),
    Variable("TEMPORAL_VERSION", "The tag of Temporal's images."),
    Variable("TEMPORAL_UI_VERSION", "The tag of its web interface."),
    Variable("POSTGRES_VERSION", "The tag of PostgreSQL.", "`16`"),
)
"""Those of `docker-compose.yml`, written in `.env`."""


class Metric(NamedTuple):
    """Something a worker measures."""

    name: str
    kind: str
    labels: str
    meaning: str


METRICS: Final = (
    Metric(
        "escalade_page_lateness",
        "histogram, seconds",
        "`severity`, `purpose`",
        "From the instant a page was due to its first delivery attempt.",
    ),
    Metric(
        "escalade_acknowledge_latency",
        "histogram, seconds",
        "`severity`",
        "From entering a rung to the acknowledgement that stopped its paging.",
    ),
    Metric("escalade_deliveries", "counter", "`channel`, `outcome`", "Deliveries by what became of them."),
)
"""Ours. Temporal's SDK adds its own, which begin with `temporal_`."""
