import type { Updated } from '@sallyport/catalog'
import { prometheusText } from '@sallyport/wire'

/** What became of the looks for new copies of feeds. */
export class FeedCounters {
  readonly checks: Record<Updated['outcome'], number> = { updated: 0, unchanged: 0, held: 0, failed: 0 }
  /** Times that new copies could not be put in force. */
  failures = 0
}

/** docs/reference/metrics.md lists the same, a test compares both. */
export function formatFeedMetrics({ checks, failures }: FeedCounters): string {
  const name = 'sallyport_feed_checks_total'
  return prometheusText([
    ...Object.entries(checks).map(([outcome, value]) => ({
      metric: { name, labels: { outcome }, help: 'Looks for a new copy of a feed, by what came of them.' },
      value,
    })),
    {
      metric: {
        name: 'sallyport_feed_reload_failures_total',
        help: 'Times that new copies of feeds could not be put in force.',
      },
      value: failures,
    },
  ])
}
