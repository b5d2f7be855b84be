import { FREQUENT_CALLS, LEAST_REGULARITY, SELDOM_CALLS, type TimedCalls } from '@sallyport/detect'
import type { SqlEngine } from '../../engine/sql-engine.ts'
import type { Range } from './read-past.ts'
import { BY_SUBJECT, SUBJECT_COLUMNS, SUBJECT_NUMBER, subjectOfRow } from './subject-columns.ts'
import { timerRegularity } from './timer-regularity.ts'

/** The most regular pairs of a subject and a destination, and so many of the newest calls of each. */
const MOST_PAIRS = 2000
const MOST_CALLS = 3000
const MOST_SIZES = 1000
/** What one statement looks at, so that what it remembers of each pair fits into memory. */
const FLOWS_OF_A_PASS = 10_000_000
/** The store's arithmetic is not to the last bit that of the detector, which decides. */
const SLACK = 0.01

const PAIR = `cityHash64(${SUBJECT_NUMBER}, destination)`
const RECENT = `time >= fromUnixTimestamp64Milli({now:Int64} - 86400000)`

type Candidate = { readonly regularity: number; readonly calls: TimedCalls }

/**
 * Calls that may be a timer's: of a day, where a pair has many in it, else of all its time. First which pairs have neither too few nor
 * too many, then their times; of these only what is regular leaves the store. Each pair belongs to one of several passes, so
 * that the number of pairs has no bound.
 */
export async function timedCalls(
  engine: SqlEngine,
  range: Range,
  common: readonly string[],
): Promise<readonly TimedCalls[]> {
  const passes = Math.max(1, Math.ceil(range.flows / FLOWS_OF_A_PASS))
  const found: Candidate[] = []
  for (let pass = 0; pass < passes; pass++) found.push(...(await callsOf(engine, range, common, { pass, passes })))
  return found
    .toSorted((a, b) => b.regularity - a.regularity)
    .slice(0, MOST_PAIRS)
    .map(({ calls }) => calls)
}

async function callsOf(
  engine: SqlEngine,
  range: Range,
  common: readonly string[],
  share: { readonly pass: number; readonly passes: number },
): Promise<readonly Candidate[]> {
  const rare =
    common.length === 0 ? '1' : `destination NOT IN (SELECT arrayJoin(JSONExtract({common:String}, 'Array(String)')))`
  const flows = `FROM flows WHERE ${range.sql} AND destination != '' AND ${rare} AND ${PAIR} % {passes:UInt32} = {pass:UInt32}`
  const rows = await engine.query(
    `SELECT ${SUBJECT_COLUMNS}, destination,
      arraySort(groupArrayIf(toUnixTimestamp64Milli(time), started = 1)) AS every,
      arrayFilter(at -> at >= {now:Int64} - 86400000, every) AS recent,
      length(recent) >= ${FREQUENT_CALLS.least} AS isFrequent,
      length(every) <= ${SELDOM_CALLS.most} AS isSeldom,
      if(isSeldom, every, recent) AS wanted,
      groupArrayIf(${MOST_SIZES})(assumeNotNull(flows.bytesOut), isNotNull(flows.bytesOut)) AS sizes,
      greatest(if(isFrequent, ${timerRegularity('recent')}, 0), if(isSeldom, ${timerRegularity('every')}, 0)) AS regularity,
      arraySlice(wanted, -least(${MOST_CALLS}, length(wanted))) AS times
    ${flows} AND ${PAIR} IN (
      SELECT pair FROM (
        SELECT ${PAIR} AS pair, count() AS calls, countIf(${RECENT}) AS today,
          bitCount(groupBitOr(bitShiftLeft(toUInt32(1), toUInt8(intDiv(toUnixTimestamp64Milli(time), 86400000) % 32)))) AS days
        ${flows} AND started = 1 GROUP BY pair
        HAVING today BETWEEN ${FREQUENT_CALLS.least} AND ${FREQUENT_CALLS.most}
          OR (calls BETWEEN ${SELDOM_CALLS.least} AND ${SELDOM_CALLS.most} AND days >= ${SELDOM_CALLS.days})
      )
    )
    GROUP BY ${BY_SUBJECT}, destination HAVING regularity >= ${LEAST_REGULARITY - SLACK}
    ORDER BY regularity DESC, ${BY_SUBJECT}, destination LIMIT ${MOST_PAIRS}`,
    { since: range.sinceMs, now: range.nowMs, common: JSON.stringify(common), ...share },
  )
  return rows
    .map((row) => ({
      regularity: Number(row['regularity']),
      calls: {
        subject: subjectOfRow(row),
        destination: String(row['destination']),
        timesMs: (row['times'] as readonly unknown[]).map(Number),
        bytesOut: (row['sizes'] as readonly unknown[]).map(Number),
      },
    }))
    .filter(({ calls }) => calls.subject !== '')
}
