import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { detectAll, NOTHING_KNOWN, type Alert, type DetectorName, type Habit, type Past } from '../src/index.ts'
import { observed, random, START } from './labelled-traffic.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
const NOW = START + 30 * DAY

type Visit = { readonly subject: string; readonly destination: string; readonly day: number; readonly user?: string }

/** Visits of thirty days, counted as the store counts them. */
function pastOf(visits: readonly Visit[], users = 1, sinceMs = START): Past {
  const groups = Map.groupBy(visits, ({ subject, destination }) => JSON.stringify([subject, destination]))
  const habits = [...groups.values()].map((all): Habit => {
    const days = all.map(({ day }) => day)
    return {
      subject: all[0]!.subject,
      destination: all[0]!.destination,
      firstMs: START + Math.min(...days) * DAY,
      lastMs: START + Math.max(...days) * DAY,
      flows: all.length,
      hours: new Set(days.map((day) => Math.floor(day * 24))).size,
      days: new Set(days.map(Math.floor)).size,
      users: new Set(all.map(({ user }) => user)).size,
    }
  })
  const usersOf = Map.groupBy(visits, ({ destination }) => destination)
  const common = [...usersOf].flatMap(([destination, all]) =>
    users >= 10 && new Set(all.map(({ user }) => user)).size >= users / 2 ? destination : [],
  )
  return { nowMs: NOW, sinceMs, habits, users, common, hasEveryHabit: true, sent: [], long: [], calls: [] }
}

const alertsOf = (detector: DetectorName, past: Past): readonly Alert[] =>
  detectAll([], [detector], { ...NOTHING_KNOWN, past })

/** A machine at work: an updater with few hosts, a mail program, a browser with ever new places, a tool in many versions. */
function benign(next: () => number): readonly Visit[] {
  const visits: Visit[] = []
  for (let day = 0; day < 30; day += 0.02 + next() * 0.04) {
    visits.push({ subject: '/usr/bin/apt', destination: `${next() < 0.5 ? 'deb' : 'security'}.debian.example`, day })
    visits.push({ subject: '/usr/bin/mail', destination: 'imap.mail.example', day })
    visits.push({ subject: '/usr/bin/firefox', destination: `site-${Math.floor(next() * 4000)}.example`, day })
    visits.push({ subject: `/opt/tool-1.${Math.floor(day / 3)}/bin/tool`, destination: 'api.tool.example', day })
  }
  return visits
}

suite('against the past', () => {
  const next = random(5)
  const machines = Array.from({ length: 40 }, () => benign(next))
  const everyDay = (subject: string, destination: string): readonly Visit[] =>
    Array.from({ length: 28 }, (_, day) => ({ subject, destination, day }))

  test('40 benign machines over 30 days: no new application, no new destination', () => {
    for (const visits of machines)
      for (const detector of ['new-application', 'new-destination', 'rare-destination'] as const)
        assert.deepEqual(
          alertsOf(detector, pastOf(visits)).map(({ sentence }) => sentence),
          [],
        )
  })

  test('an application of the last day is new, another version of a known one is not', () => {
    for (const visits of machines) {
      const found = alertsOf(
        'new-application',
        pastOf([
          ...visits,
          { subject: '/tmp/.x/implant', destination: 'c2.example', day: 29.5 },
          { subject: '/opt/tool-1.99/bin/tool', destination: 'api.tool.example', day: 29.5 },
        ]),
      )
      assert.deepEqual(
        found.map(({ subject, destination }) => [subject, destination]),
        [['/tmp/.x/implant', 'c2.example']],
      )
    }
  })

  test('nothing is new while nobody knows what was before', () => {
    const visits = [{ subject: '/usr/bin/curl', destination: 'a.example', day: 29.5 }]
    assert.deepEqual(alertsOf('new-application', pastOf(visits, 1, NOW - 2 * DAY)), [])
    assert.deepEqual(detectAll([observed(NOW, { name: 'a.example' })], ['new-application', 'rare-destination']), [])
  })

  test('a program of few destinations goes to another one; a browser does so every day', () => {
    for (const visits of machines) {
      const found = alertsOf(
        'new-destination',
        pastOf([
          ...visits,
          { subject: '/usr/bin/apt', destination: 'drop.other.example', day: 29.4 },
          { subject: '/usr/bin/firefox', destination: 'brand-new.example', day: 29.4 },
          { subject: '/usr/bin/mail', destination: 'smtp.mail.example', day: 29.4 },
        ]),
      )
      assert.deepEqual(
        found.map(({ subject, destination }) => [subject, destination]),
        [['/usr/bin/apt', 'other.example']],
      )
    }
  })

  test('one of many goes where nobody else ever did, again and again', () => {
    const common = Array.from({ length: 12 }, (_, user) =>
      everyDay('/usr/bin/firefox', 'search.example').map((visit) => ({ ...visit, user: `user${user}` })),
    ).flat()
    const beacon = Array.from({ length: 60 }, (_, index) => ({
      subject: '/usr/bin/python3',
      destination: 'c2.example',
      day: 29 + index / 100,
      user: 'user3',
    }))
    const once = [{ subject: '/usr/bin/firefox', destination: 'odd.example', day: 29.1, user: 'user4' }]
    const found = (users: number): readonly string[] =>
      alertsOf('rare-destination', pastOf([...common, ...beacon, ...once], users)).map(({ destination }) => destination)
    assert.deepEqual(found(12), ['c2.example'])
    assert.deepEqual(found(3), [], 'of three, one may well be alone')
  })
})

test('a rule that asks for an alert gets one for each destination, with what became of it', () => {
  const flows = [1, 2, 3].map((n) => ({
    ...observed(START + n, { app: '/usr/bin/curl', name: 'bad.example' }, true),
    rule: 'no-c2',
  }))
  const other = { ...observed(START, { app: '/usr/bin/curl', name: 'good.example' }), rule: 'web' }
  const found = detectAll([...flows, other], ['rule-alert'], {
    ...NOTHING_KNOWN,
    ruleAlerts: new Map([['no-c2', 'high']]),
  })
  assert.deepEqual(
    found.map(({ severity, sentence }) => [severity, sentence]),
    [['high', 'rule no-c2 decided 3 flows of /usr/bin/curl to bad.example: stopped']],
  )
})

test('a rule of feeds tells who asked for what they list, once and not as a rule that asks for an alert', () => {
  const flow = { ...observed(START, { app: '/usr/bin/curl', name: 'bad.example' }, true), rule: 'no-malware' }
  const feedRules = new Map([['no-malware', { feeds: ['malware'], severity: 'high' } as const]])
  const found = detectAll([flow], undefined, { ...NOTHING_KNOWN, feedRules })
  assert.deepEqual(
    found.map(({ detector, severity, sentence }) => [detector, severity, sentence]),
    [['feed-hit', 'high', '/usr/bin/curl asked once for bad.example, which malware lists (rule no-malware): stopped']],
  )
})

test('one application of as many destinations as there may be is looked at like others', () => {
  const habits = Array.from({ length: 200_000 }, (_, index): Habit => {
    const destination = `site${index}.example`
    return {
      subject: '/usr/bin/spider',
      destination,
      firstMs: NOW - HOUR,
      lastMs: NOW,
      flows: 1,
      hours: 1,
      days: 1,
      users: 1,
    }
  })
  const past = { ...pastOf([], 20), habits }
  assert.deepEqual(
    detectAll([], undefined, { ...NOTHING_KNOWN, past }).map(({ detector, subject }) => [detector, subject]),
    [['new-application', '/usr/bin/spider']],
  )
})

suite('over days', () => {
  const of = (past: Partial<Past>): Past => ({ ...pastOf([]), ...past })

  test('a timer of hours is told by the calls of days; one that has ended is not', () => {
    const next = random(3)
    const timesMs = Array.from({ length: 30 }, (_, index) => NOW - (30 - index + 0.2 * next()) * 6 * HOUR)
    const calls = { subject: '/usr/bin/python3', destination: 'c2.example', timesMs, bytesOut: [] }
    const [alert] = alertsOf('beacon', of({ calls: [calls] }))
    assert.match(
      alert!.sentence,
      /^\/usr\/bin\/python3 called c2\.example 30 times, every [56]\.\d hours, give or take \d+ %$/,
    )
    const ended = { ...calls, timesMs: timesMs.map((time) => time - 5 * DAY) }
    assert.deepEqual(alertsOf('beacon', of({ calls: [ended] })), [])
  })

  test('a connection that began before yesterday is told when it ends; where one is always open, it is not', () => {
    const open = { subject: 'ann /usr/bin/sh', destination: 'c2.example', bytesOut: 1, bytesIn: 1 }
    const now = { ...open, startMs: NOW - 30 * HOUR, durationMs: 29 * HOUR }
    const before = { ...open, startMs: NOW - 90 * HOUR, durationMs: 20 * HOUR }
    assert.deepEqual(
      alertsOf('long-connection', of({ long: [now] })).map(({ severity, firstMs }) => [severity, firstMs]),
      [['high', now.startMs]],
    )
    assert.deepEqual(alertsOf('long-connection', of({ long: [now, before] })), [])
  })

  test('what is sent is held against the hours of the subject’s own past, and its share against the share then', () => {
    const subject = '/usr/bin/update'
    const sent = Array.from({ length: 20 }, (_, index) => {
      const hourMs = NOW - (index + 30) * HOUR
      const facts = { subject, destination: 'deb.example', firstMs: hourMs, lastMs: hourMs }
      return { ...facts, hourMs, bytesOut: 1e5, bytesIn: 5e6 }
    })
    const now = (bytesOut: number, bytesIn: number) =>
      detectAll([observed(NOW - HOUR, { app: subject, name: 'drop.example', bytesOut, bytesIn })], ['upload-volume'], {
        ...NOTHING_KNOWN,
        past: of({ sent }),
      }).map(({ destination }) => destination)
    assert.deepEqual(now(20e6, 1e5), ['drop.example'], 'it received until now')
    assert.deepEqual(now(20e6, 15e6), [], 'it still receives')
    assert.deepEqual(now(80e6, 15e6), ['drop.example'])
  })
})
