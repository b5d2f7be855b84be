import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import type { HostStatus } from '@sallyport/agent'
import { describeHost } from '../src/output/host-status.ts'

const policy = {
  version: null,
  confirmed: null,
  confirmByMs: null,
  mode: 'monitor',
  layers: [],
  author: null,
  reason: null,
  createdMs: null,
  stateProblem: null,
} as const
const spool = { spooled: 1, dropped: {} } as HostStatus['spool']

test('counters are told in words, and only those that counted something', () => {
  const kernel = { allowed: 2, denied: 0, eventsLost: 1 }
  const status: HostStatus = {
    policy,
    startedMs: 0,
    guarding: '/',
    pid: 9,
    kernel,
    spool,
    layingOut: null,
    room: null,
    feeds: [],
  }
  assert.equal(
    stripVTControlCharacters(describeHost(status, 0)),
    [
      'no policy was applied; watched only',
      'guarding / since 1970-01-01T00:00:00.000Z (pid 9)',
      '1 flow recorded',
      'allowed 2, events lost 1',
    ].join('\n'),
  )
})

test('what an earlier version stored and is still to be laid out anew is told', () => {
  const layingOut = { rows: 1000, rowsLeft: 250 }
  const status: HostStatus = {
    policy,
    startedMs: 0,
    guarding: '/',
    pid: 9,
    kernel: null,
    spool,
    layingOut,
    room: null,
    feeds: [],
  }
  assert.match(
    describeHost(status, 0),
    /^stored by an earlier version: 250 of 1000 flows are still to be laid out anew$/m,
  )
})

test('what stored flows take of what they may is told, and what was removed for it', () => {
  const room = { bytes: 4.2e9, flows: 9, oldestMs: 0, limitBytes: 20e9, removedFlows: 0, isShort: false }
  const status = { policy, startedMs: 0, guarding: '/', pid: 9, kernel: null, spool, layingOut: null, feeds: [] }
  const told = (more: Partial<NonNullable<HostStatus['room']>>): string =>
    stripVTControlCharacters(describeHost({ ...status, room: { ...room, ...more } }, 0))
  assert.match(told({}), /^stored flows take 4\.2 GB of at most 20\.0 GB, since 1970-01-01T00:00:00\.000Z$/m)
  assert.match(told({ removedFlows: 7 }), /; 7 flows removed to make room$/m)
  assert.match(told({ isShort: true, oldestMs: null }), /of at most 20\.0 GB, as the disk has little left$/m)
})
