import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePolicies } from '@sallyport/policy'
import { alertingRules } from '../src/alerting-rules.ts'

const TEXT = `
sallyport: 1
default: allow
rules:
  - { id: no-malware, action: deny, to: [{ feed: [malware, phishing] }] }
  - { id: no-c2, action: deny, to: [{ feed: c2 }, { feed: c2, country: [KP] }], alert: critical }
  - { id: mixed, action: deny, to: [{ feed: c2 }, { country: [KP] }] }
  - { id: partners, action: allow, to: [{ feed: partners }] }
  - { id: watched, action: allow, to: [{ domain: a.example }], alert: low }
`

test('what a rule refuses for its feeds alone is a hit of them; what asks for an alert gets one otherwise', () => {
  const read = parsePolicies([{ file: 'p.yaml', text: TEXT }])
  assert.ok(read.ok)
  const { feedRules, ruleAlerts } = alertingRules(read.value.layers.flatMap(({ rules }) => rules))
  assert.deepEqual(
    [...feedRules],
    [
      ['no-malware', { feeds: ['malware', 'phishing'], severity: 'medium' }],
      ['no-c2', { feeds: ['c2'], severity: 'critical' }],
    ],
  )
  assert.deepEqual([...ruleAlerts], [['watched', 'low']])
})
